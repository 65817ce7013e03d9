/** Executes cells of the matrix on the real image over a real line, and tells where the meter is not as the policy says. */

import { isDeepStrictEqual } from 'node:util';
import { RefusedError } from '#driver/errors';
import { callInClear, type Session } from '#driver/session';
import type { Trust } from '#driver/trust';
import { listenTcp } from '#emulator/ports/tcp';
import { equalBytes } from '#protocol/bytes';
import { type CommandName, commandOf, commands } from '#protocol/command';
import type { MeterStatus } from '#protocol/command-layouts';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import type { Content } from '#protocol/responder';
import { type StateName, stateNames } from '#protocol/state';
import { type StatusName, statusName } from '#protocol/status';
import { authorityKeys, meterId, passwords, type TestMeter } from '#test/support/meter';
import { meterOf } from '#test/support/scenes';
import { wellFormed } from '#tools/policy/matrix';
import type { Outcome } from '#tools/policy/outcomes';
import { type Scene, title } from '#tools/policy/situations';
import { type Cell, requestOf } from './cells.ts';
import { type LineHost, lineHost, type Response } from './line-host.ts';

/** What is answered to one cell. */
interface Answer {
  /** `silent`: there was none. */
  readonly status: StatusName | 'silent' | undefined;
  /** Undefined where the driver does not tell it. */
  readonly state?: StateName | undefined;
  /** How it came; undefined where there was none. */
  readonly kind?: Content['kind'];
}

export interface Deviation {
  readonly cell: string;
  readonly why: string;
}

export interface Tally {
  readonly executed: number;
  /** Of these, asked by the driver's own calls. */
  readonly byDriver: number;
  readonly deviations: readonly Deviation[];
}

const trustOf = ({ lifeCycle }: Scene): Trust =>
  lifeCycle === 'blank' || lifeCycle === 'keyed'
    ? 'unmade'
    : { authorityKey: authorityKeys.publicKey, meterId };

/** A scene that can be begun anew as often as one likes: its flash as it was kept, power off and on, the session opened. */
interface Stage {
  readonly host: LineHost;
  readonly meter: TestMeter;
  /** From the kept flash; the session is the driver's, or in hand. */
  begin(by: 'driver' | 'hand'): Promise<void>;
  readonly session: Session | undefined;
  status(): Promise<MeterStatus>;
}

function createStage(scene: Scene, meter: TestMeter, host: LineHost): Stage {
  const { board, flash } = meter;
  const kept = flash.snapshot();
  let session: Session | undefined;

  async function begin(by: 'driver' | 'hand'): Promise<void> {
    board.powerOff();
    flash.restore(kept);
    board.powerOn();
    session = undefined;
    if (scene.session === undefined) return;
    const role = scene.session;
    const password = passwords[role]();
    if (by === 'driver') {
      session = await host.session(role, trustOf(scene));
      if (scene.state === 'idle') await session.call('logIn', { password }, {});
      return;
    }
    await host.openRaw(role);
    if (scene.state !== 'idle') return;
    const payload = host.record(encodeRequest('logIn', { password }));
    host.opened(await host.send({ kind: 'sealed', payload }));
  }

  return {
    host,
    meter,
    begin,
    get session() {
      return session;
    },
    async status() {
      const payload = encodeRequest('status', {});
      const answer = decodeResponse('status', (await host.send({ kind: 'open', payload })).payload);
      if (answer?.ok !== true) throw new Error('the status is refused');
      return answer.value;
    },
  };
}

/** Whether the driver's own calls send this: it never sends what has no layout, nor in clear what belongs in a session. */
function isForDriver({ scene, command, variant }: Cell): boolean {
  if (command === 'unknown' || variant !== 'wellFormed') return false;
  return commands[command].channel === scene.channel;
}

async function askByDriver(stage: Stage, name: CommandName): Promise<Answer> {
  const request = commandOf(name).request.decode(wellFormed[name]) as never;
  const { channel } = commandOf(name);
  try {
    if (channel === 'open') await callInClear(stage.host.exchange, name, request, {});
    else await (stage.session as Session).call(name, request, {});
    return { status: 'ok', kind: channel };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return { status: error.status, state: error.state, kind: channel };
  }
}

function answerOf({ kind, payload }: Response): Answer {
  const [, low = 0, high = 0, state = 0xff] = payload;
  return { status: statusName(low | (high << 8)), state: stateNames[state], kind };
}

const contentOf = ({ host }: Stage, { scene }: Cell, request: Uint8Array): Content =>
  scene.channel === 'open'
    ? { kind: 'open', payload: request }
    : { kind: 'sealed', payload: host.record(request) };

/** In clear the same frames again, which the meter must answer with the same bytes; in a session the record, as the next. */
async function askReplayed(stage: Stage, cell: Cell): Promise<Answer | Deviation> {
  const { host, meter } = stage;
  const content = contentOf(stage, cell, requestOf(cell));
  host.heard();
  const first = await host.send(content);
  const flash = meter.flash.contents();
  if (content.kind === 'sealed') {
    const answer = answerOf(await host.send(content));
    const differs = differenceOf(flash, meter.flash.contents());
    return differs === undefined ? answer : { cell: nameOf(cell), why: differs };
  }
  await host.sendFrames(content, 'again');
  await stage.status(); // what was sent before is answered before
  const [, second] = host.heard();
  const isSame = second !== undefined && equalBytes(second.payload, first.payload);
  const why = isSame ? differenceOf(flash, meter.flash.contents()) : 'answered otherwise';
  return why === undefined ? answerOf(first) : { cell: nameOf(cell), why };
}

async function askInHand(stage: Stage, cell: Cell): Promise<Answer | Deviation> {
  const { host } = stage;
  if (cell.variant === 'replayed') return askReplayed(stage, cell);
  const content = contentOf(stage, cell, requestOf(cell));
  if (cell.variant !== 'badTag') return answerOf(host.opened(await host.send(content)));
  if (content.kind === 'sealed') {
    const last = content.payload.length - 1;
    content.payload[last] = (content.payload[last] as number) ^ 1;
    return answerOf(await host.send(content));
  }
  host.heard();
  await host.sendFrames(content, 'damaged');
  await stage.status();
  const heard = host.heard();
  return heard.length === 1 ? { status: 'silent' } : { status: undefined };
}

function differenceOf(before: Uint8Array, after: Uint8Array): string | undefined {
  const at = Buffer.compare(before, after) === 0 ? -1 : before.findIndex((b, i) => b !== after[i]);
  return at < 0 ? undefined : `flash differs from byte ${at} on`;
}

const nameOf = ({ scene, command, variant }: Cell): string =>
  `${title(scene)}: ${command}, ${variant}`;

/** What is otherwise than the policy says; undefined where nothing is. */
async function judge(stage: Stage, cell: Cell, expected: Outcome): Promise<string | undefined> {
  const { scene, command } = cell;
  const before = await stage.status();
  const flash = stage.meter.flash.contents();
  const answer = isForDriver(cell)
    ? await askByDriver(stage, command as CommandName)
    : await askInHand(stage, cell);
  if ('why' in answer) return answer.why;
  if (answer.status !== expected.status) return `${answer.status} in place of ${expected.status}`;
  const hasEnded = answer.status === 'sessionEnded';
  const kind = hasEnded ? 'open' : scene.channel;
  if (answer.kind !== undefined && answer.kind !== kind) return `answered ${answer.kind}`;
  if (!expected.isUnchanged) return undefined;
  const state = hasEnded && scene.state === 'idle' ? 'uninitialized' : scene.state;
  if (answer.state !== undefined && answer.state !== state) return `answers state ${answer.state}`;
  const after = await stage.status();
  const kept = { ...before, state, caller: hasEnded ? 'nobody' : before.caller };
  if (!isDeepStrictEqual(after, kept)) return `the status became ${JSON.stringify(after)}`;
  return differenceOf(flash, stage.meter.flash.contents());
}

/** The cells of one scene, on one board with one line: begun anew wherever the cell before may have changed anything. */
async function runScene(
  scene: Scene,
  among: readonly Cell[],
  outcomeOf: Policy,
): Promise<Deviation[]> {
  await using meter = await meterOf(scene);
  await using port = await listenTcp(meter.board);
  await using host = await lineHost(port.address);
  const stage = createStage(scene, meter, host);
  const deviations: Deviation[] = [];
  const isCalm = (cell: Cell): boolean =>
    cell.variant !== 'replayed' &&
    !(cell.variant === 'badTag' && scene.channel === 'sealed') &&
    outcomeOf(cell).isUnchanged;
  let begun: 'driver' | 'hand' | undefined;
  for (const cell of among.toSorted((a, b) => Number(isForDriver(a)) - Number(isForDriver(b)))) {
    const by = isForDriver(cell) && scene.channel === 'sealed' ? 'driver' : 'hand';
    if (begun !== by) await stage.begin(by);
    begun = by;
    const why = await judge(stage, cell, outcomeOf(cell));
    if (why !== undefined) deviations.push({ cell: nameOf(cell), why });
    if (why !== undefined || !isCalm(cell)) begun = undefined;
  }
  return deviations;
}

/** What is expected of each cell. */
type Policy = (cell: Cell) => Outcome;

/** @param progress told after each scene how many cells are done */
export async function runCells(
  chosen: readonly Cell[],
  outcomeOf: Policy,
  progress: (executed: number) => void = () => undefined,
): Promise<Tally> {
  const deviations: Deviation[] = [];
  let executed = 0;
  for (const [scene, among] of Map.groupBy(chosen, (cell) => cell.scene)) {
    deviations.push(...(await runScene(scene, among, outcomeOf)));
    executed += among.length;
    progress(executed);
  }
  return { executed, byDriver: chosen.filter(isForDriver).length, deviations };
}
