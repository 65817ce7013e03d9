/**
 * The real firmware below its seals: requests of any bytes to a meter in each situation of its life, where records are not
 * sealed and every signature is right. What is refused changes nothing, money is conserved, and nothing leads to a fault.
 */

import type { Board } from '#emulator/board';
import { createMemoryFlash } from '#emulator/flash';
import { strictFlash } from '#emulator/flash-strict';
import { commandName, commands } from '#protocol/command';
import type { MeterStatus, Registers } from '#protocol/command-layouts';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import { MESSAGE_SIZE_MAX } from '#protocol/message';
import { makeBoard } from '#test/support/board';
import { passwords } from '#test/support/meter';
import { type RawHost, rawHost } from '#test/support/raw-host';
import { hold, type Target } from '../target.ts';
import { makeScenes, type Scene } from './meter-scenes.ts';
import { createReader } from './reader.ts';
import { type UnsealedCpu, unsealedCpu } from './unsealed-cpu.ts';

const REQUESTS_MAX = 6;
const TAG = new Uint8Array(16);
const STATUS = encodeRequest('status', {});
/** What is answered and leaves everything as it was. */
const reading = new Set<string | undefined>(
  ['status', 'condition', 'version', 'certificates', 'rateTables', 'licence', 'registers'].concat([
    'readLog',
    'withdrawalReport',
  ]),
);

/** A meter that is switched on, in its scene. */
interface Life {
  readonly board: Board;
  readonly host: RawHost;
  readonly unsealed: UnsealedCpu;
  readonly writes: number;
}

function begin({ contents, session, isLoggedIn }: Scene): Life {
  const unsealed = unsealedCpu();
  const flash = strictFlash(createMemoryFlash({ contents }));
  const { board } = makeBoard({ flash, cpu: unsealed.cpu });
  const host = rawHost(board);
  if (session !== undefined) host.openSession(session);
  if (session !== undefined && isLoggedIn) {
    const reply = host.sealed(encodeRequest('logIn', { password: passwords[session]() }));
    if (reply?.status !== 'ok') throw new Error(`the log-in is answered by ${reply?.status}`);
  }
  unsealed.areRecordsOpen = true;
  unsealed.areSignaturesRight = true;
  return { board, host, unsealed, writes: unsealed.writes };
}

interface Request {
  readonly isSealed: boolean;
  readonly bytes: Uint8Array;
}

function requestsOf(input: Uint8Array): Request[] {
  const reader = createReader(input.subarray(1));
  const requests: Request[] = [];
  while (!reader.isAtEnd && requests.length < REQUESTS_MAX) {
    const isSealed = (reader.u8() & 1) === 1;
    const bytes = reader.bytes(reader.u16() % (MESSAGE_SIZE_MAX - TAG.length + 1));
    // It takes long, and the matrix of commands has it.
    if (bytes[0] !== commands.selfTest.code) requests.push({ isSealed, bytes });
  }
  return requests;
}

function statusOf({ host }: Life): MeterStatus {
  const message = host.exchange('open', STATUS);
  const answer = message && decodeResponse('status', message.payload);
  hold(answer?.ok === true, 'a meter always tells its status');
  return answer.value;
}

/** requirements.md B1; domain.md R3. */
function isConserved(of: Registers): boolean {
  const { ascending, descending, withdrawn, credited, spoilageCredited } = of;
  return (
    ascending + descending + withdrawn === credited + spoilageCredited &&
    of.certificateAscending + of.certificateDescending + of.certificateWithdrawn ===
      of.certificateCredited
  );
}

/** @returns whether the meter is as it was before the request */
function ask(life: Life, { isSealed, bytes }: Request): boolean {
  const before = statusOf(life);
  const payload = isSealed ? Uint8Array.of(...bytes, ...TAG) : bytes;
  const answer = life.host.exchange(isSealed ? 'sealed' : 'open', payload);
  hold(answer?.direction === 'response', 'every request is answered');
  const name = commandName(bytes[0] ?? 0);
  const isDone = answer.payload[1] === 0 && answer.payload[2] === 0;
  if (isDone && name === 'zeroize') return false; // it restarts
  const after = statusOf(life);
  hold(
    after.fault === 0 && after.state !== 'error',
    `no request leads to a fault (${after.fault})`,
  );
  hold(after.registersValid && isConserved(after.registers), 'money is conserved');
  const [old, now] = [JSON.stringify(before.registers), JSON.stringify(after.registers)];
  if (!isDone) hold(old === now, 'a refusal changes no register');
  if (!isDone) hold(before.lifeCycle === after.lifeCycle, 'a refusal changes no stage of life');
  hold(isSealed || old === now, 'nothing in clear changes a register');
  hold(after.registers.ascending >= before.registers.ascending, 'what was spent stays spent');
  const isRead = !isDone || reading.has(name);
  return isRead && life.unsealed.writes === life.writes && isSame(before, after);
}

const isSame = (before: MeterStatus, after: MeterStatus): boolean =>
  before.state === after.state && before.caller === after.caller;

let scenes: readonly Scene[] = [];
/**
 * The meter that is on, as its scene has it. One at a time: of the firmware of this bundle there is one, and with it one
 * source of chance.
 */
let present: { readonly scene: Scene; readonly life: Life } | undefined;

function lifeIn(scene: Scene): Life {
  if (present?.scene === scene) return present.life;
  present?.life.board.powerOff();
  return begin(scene);
}

function takeRequests(input: Uint8Array): void {
  const scene = scenes[(input[0] ?? 0) % scenes.length];
  if (scene === undefined) throw new Error('the scenes are not made yet');
  const life = lifeIn(scene);
  present = undefined; // goes on only where nothing is otherwise than it was
  let isUntouched = true;
  for (const request of requestsOf(input)) {
    isUntouched = ask(life, request) && isUntouched;
    if (!life.board.isRunning) break;
  }
  if (isUntouched) present = { scene, life };
  else life.board.powerOff();
}

function written(requests: readonly Uint8Array[], isSealed: boolean): Uint8Array {
  return Uint8Array.from(
    requests.flatMap((bytes) => [
      isSealed ? 1 : 0,
      bytes.length & 0xff,
      bytes.length >> 8,
      ...bytes,
    ]),
  );
}

export const meterTarget: Target = {
  name: 'meter',
  scope: ['firmware/', 'protocol/dispatch.ts', 'protocol/documents/'],
  sizeMax: 2_000,
  share: 0.05,
  async seeds() {
    scenes = await makeScenes();
    return scenes.flatMap(({ requests, session }, number) =>
      requests.map((request) =>
        Uint8Array.of(number, ...written([request], session !== undefined)),
      ),
    );
  },
  run: takeRequests,
};
