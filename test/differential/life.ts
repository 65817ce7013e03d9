/**
 * One life: everything that a seed makes a host, its user and the weather do to a board, through the real protocol, lived
 * through on one processor and recorded, so that any other can be put through the same (docs/trace.md).
 */

import type { Cpu } from '#emulator/cpu/cpu';
import { tearModes } from '#emulator/flash/tear';
import type { Trace, TraceEvent } from '#emulator/trace/event';
import {
  type CommandName,
  commandNames,
  commandOf,
  commands,
  type RequestOf,
} from '#protocol/command';
import type { Answer } from '#protocol/dispatch';
import { encodeRequest } from '#protocol/dispatch';
import { dateOf } from '#protocol/documents/date';
import { keyRequestDocument } from '#protocol/documents/user-key';
import type { CallerName, Role } from '#protocol/state';
import { statusName } from '#protocol/status';
import { type Bench, createBench, type Input, type Output } from './bench.ts';
import { type Dice, dice } from './dice.ts';
import { hosts, password, repeatingCrypto, stranger } from './documents.ts';
import { createHost, type Host, type Known } from './host.ts';
import { requests } from './requests.ts';
import { type Stage, type StageName, stageNames } from './stages.ts';

/** What was done and what came of it, step by step. */
export interface Lived {
  readonly seed: number;
  readonly stage: StageName;
  readonly cryptoEngine: boolean;
  readonly steps: readonly Step[];
  /** With a note at the beginning of each step. */
  readonly trace: Trace;
}

export interface Step {
  /** In words, for whoever reads of a difference. */
  readonly what: string;
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
  /** Of a request that was right in form: `ok`, or the name of the refusal; undefined for all else. */
  readonly verdict: string | undefined;
}

const STEPS_MIN = 12;
const STEPS_MAX = 22;
/** Without a crypto engine a board computes ten times as long. */
const SOFTWARE_PERCENT = 12;

/** @param stageOf the flash of a meter at a stage of its life, and what its host knows then */
export async function live(
  cpu: Cpu,
  seed: number,
  stageOf: (name: StageName) => Promise<Stage>,
): Promise<Lived> {
  const roll = dice(seed);
  const stage = roll.pick(stageNames);
  const { contents, known } = await stageOf(stage);
  const cryptoEngine = !roll.chance(SOFTWARE_PERCENT);
  const events: TraceEvent[] = [];
  await using bench = createBench(cpu, { seed, contents, cryptoEngine }, (event) =>
    events.push(event),
  );
  const life = livingOn(bench, roll, structuredClone(known), seed, events);
  life.step('power comes on', () => life.apply({ op: 'powerOn' }));
  if (stage === 'blank' && roll.chance(80)) request(life, 'initialize');
  const count = STEPS_MIN + roll.below(STEPS_MAX - STEPS_MIN + 1);
  for (let done = 0; done < count && bench.board.fault === undefined; done += 1) oneStep(life);
  return { seed, stage, cryptoEngine, steps: life.steps, trace: { isRedacted: false, events } };
}

/** A life while it comes about. */
interface Life {
  readonly bench: Bench;
  readonly roll: Dice;
  readonly host: Host;
  readonly steps: Step[];
  apply(input: Input): Output;
  /** @param action what it answers is the verdict of the step, where it is a text */
  step(what: string, action: () => unknown): void;
}

function livingOn(
  bench: Bench,
  roll: Dice,
  known: Stage['known'],
  seed: number,
  events: TraceEvent[],
): Life {
  const steps: Step[] = [];
  let inputs: Input[] = [];
  let outputs: Output[] = [];
  function apply(input: Input): Output {
    const output = bench.apply(input);
    inputs.push(input);
    outputs.push(output);
    return output;
  }
  return {
    bench,
    roll,
    host: createHost(repeatingCrypto(`trace ${seed}`), apply, known),
    steps,
    apply,
    step(what, action) {
      [inputs, outputs] = [[], []];
      events.push({ kind: 'note', text: what });
      const answer = action();
      const verdict = typeof answer === 'string' ? answer : undefined;
      steps.push({ what, inputs, outputs, verdict });
    },
  };
}

/** What can happen, and how often in comparison. */
const happenings: readonly (readonly [weight: number, happen: (life: Life) => void])[] = [
  [6, (life) => enter(life, life.roll.chance(75) ? 'user' : 'cryptoOfficer')],
  [46, (life) => request(life, life.roll.pick(commandNames))],
  [18, (life) => request(life, 'createIndicium')],
  [8, (life) => request(life, 'refillRequest')],
  [6, spoiltRequest],
  [3, garbage],
  [2, (life) => life.step('the same message again', () => life.host.again())],
  [2, (life) => life.step('an old record again', () => life.host.replay())],
  [4, passTime],
  [1, (life) => life.step('the battery is lost', () => life.apply({ op: 'loseTrust' }))],
  [1, openHousing],
  [4, cutPower],
  [3, switchOffAndOn],
];
const weights = happenings.reduce((sum, [weight]) => sum + weight, 0);

function oneStep(life: Life): void {
  if (!life.bench.board.isPowered) {
    life.host.forget();
    life.step('power comes on', () => life.apply({ op: 'powerOn' }));
    return;
  }
  let left = life.roll.below(weights);
  for (const [weight, happen] of happenings) {
    left -= weight;
    if (left < 0) {
      happen(life);
      return;
    }
  }
}

/** A session and mostly a log-in. */
function enter(life: Life, role: Role): void {
  const { roll, host } = life;
  const identity = roll.chance(93) ? hosts[role] : roll.pick([stranger, hosts.user]);
  life.step(`a session for ${role}`, () => host.openSession(role, identity));
  if (host.role !== undefined && roll.chance(85))
    life.step('logIn', () => verdictOf(host.ask('logIn', { password: password(role) })));
}

function request<N extends CommandName>(life: Life, name: N): void {
  const { roll, host, bench } = life;
  const { callers, channel } = commandOf(name);
  const lacksSession = channel === 'sealed' && host.role === undefined;
  if ((lacksSession || !callers.includes(host.caller)) && roll.chance(85))
    enter(life, roleFor(callers, roll));
  const timeMs = bench.clock.nowMs() || 1;
  const made = requests[name]({ dice: roll, known: host.known, timeMs, today: dateOf(timeMs) });
  life.step(name, () => {
    const answer = host.ask(name, made);
    learn(host, name, made, answer);
    return verdictOf(answer);
  });
  const next = followers[name];
  if (next !== undefined && roll.chance(60)) request(life, next);
}

/** Somebody who may ask for it; whoever makes meters has a session as an officer. */
function roleFor(callers: readonly CallerName[], roll: Dice): Role {
  const roles = callers.filter((caller) => caller !== 'nobody');
  return roll.pick(roles.length > 0 ? roles : ['cryptoOfficer', 'user']);
}

/** What belongs behind what. */
const followers: Partial<Record<CommandName, CommandName>> = {
  initialize: 'installCertificates',
  installCertificates: 'register',
  register: 'installRateTable',
  installRateTable: 'refillRequest',
  refillRequest: 'refillCommit',
  createIndicium: 'reprintIndicium',
  inspectionReport: 'acknowledgeInspection',
  challengeClock: 'setClock',
  withdrawalRequest: 'withdrawalCommit',
  withdrawalCommit: 'withdrawalReport',
};

function verdictOf(answer: Answer<unknown> | undefined): string | undefined {
  if (answer === undefined) return undefined;
  return answer.ok ? 'ok' : (statusName(answer.code) ?? String(answer.code));
}

/** What the host keeps of an answer. */
function learn<N extends CommandName>(
  { known }: Host,
  name: N,
  asked: RequestOf<N>,
  answer: Answer<unknown> | undefined,
): void {
  if (answer?.ok !== true) return;
  const value = answer.value as Record<string, Uint8Array>;
  if (name === 'initialize')
    Object.assign(known, { deviceKey: value['deviceKey'], indiciumKey: value['indiciumKey'] });
  if (name === 'requestKey' || name === 'importKey') learnKey(known, value['request']);
  if (name === 'refillRequest') known.refillRequest = value['request'];
  if (name === 'withdrawalRequest') known.withdrawalRequest = value['request'];
  if (name === 'inspectionReport') known.inspectionReport = value['report'];
  if (name === 'challengeClock') known.clockChallenge = value['challenge'];
  if (name === 'createIndicium') known.counter = Math.max(known.counter, counterOf(asked));
}

function learnKey(known: Known, request: Uint8Array | undefined): void {
  const read = keyRequestDocument.read(request ?? new Uint8Array(0));
  if (read.ok) known.key = read.value;
}

const counterOf = (asked: unknown): number =>
  (asked as RequestOf<'createIndicium'>).requestId.counter;

/** A request that was right before something happened to its bytes. */
function spoiltRequest({ roll, host, step, bench }: Life): void {
  const name = roll.pick(commandNames);
  const timeMs = bench.clock.nowMs() || 1;
  const asking = { dice: roll, known: host.known, timeMs, today: dateOf(timeMs) };
  const bytes = encodeRequest(name, requests[name](asking) as never);
  const kind = roll.chance(80) ? commands[name].channel : roll.pick(['open', 'sealed'] as const);
  const spoilt = spoil(bytes, roll);
  step(`${name}, spoilt`, () => host.raw(kind, spoilt));
}

function spoil(bytes: Uint8Array, roll: Dice): Uint8Array {
  const at = roll.below(bytes.length);
  switch (roll.below(4)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return Uint8Array.of(...bytes, ...roll.bytes(1 + roll.below(20)));
    case 2:
      return bytes.map((byte, place) => (place === at ? byte ^ (1 << roll.below(8)) : byte));
    default:
      return Uint8Array.of(roll.below(256), ...bytes.slice(1));
  }
}

/** Bytes that are no message, or a message that is no request. */
function garbage({ roll, host, step }: Life): void {
  const size = roll.pick([0, 1, 7, 64, 700]);
  const bytes = roll.bytes(size).map((byte) => (roll.chance(10) ? 0xaa : byte));
  if (roll.chance(50)) step('noise on a line', () => host.bytes(roll.below(3), bytes));
  else {
    const kind = roll.pick(['open', 'sealed'] as const);
    step(`a message without sense, ${kind}`, () => host.message(kind, bytes));
  }
}

function passTime({ roll, apply, step }: Life): void {
  const durationMs = roll.pick([10, 1_000, 61_000, 3_600_000, 86_400_000, 25 * 86_400_000]);
  step(`${durationMs} ms pass`, () => {
    apply({ op: 'advance', durationMs });
    apply({ op: 'tick' });
  });
}

function openHousing({ roll, apply, step }: Life): void {
  step('the housing is opened', () => apply({ op: 'openHousing' }));
  if (roll.chance(30)) step('the housing is closed', () => apply({ op: 'closeHousing' }));
}

/** Within one of the next writes, which come at once. */
function cutPower(life: Life): void {
  const { roll, apply, step } = life;
  const tear = roll.pick(tearModes);
  const [operations, tornBytes, seed] = [roll.below(4), roll.below(64), roll.below(2 ** 30)];
  const unsynced = roll.chance(80) ? 'kept' : 'lost';
  step(`power is to fail in write ${operations} from now, ${tear}`, () =>
    apply({ op: 'cut', operations, tear, tornBytes, seed, unsynced }),
  );
  request(life, roll.pick(writing));
}

const writing = [
  'createIndicium',
  'createIndicium',
  'refillRequest',
  'installRateTable',
  'changePassword',
  'applyLockOrder',
  'zeroize',
] as const satisfies readonly CommandName[];

function switchOffAndOn({ roll, apply, step, host }: Life): void {
  step('power goes', () => apply({ op: 'powerOff' }));
  const darkMs = roll.pick([0, 1_000, 7_200_000]);
  if (darkMs > 0) step(`${darkMs} ms pass`, () => apply({ op: 'advance', durationMs: darkMs }));
  host.forget();
  step('power comes on', () => apply({ op: 'powerOn' }));
}
