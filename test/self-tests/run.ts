/** One self-test after the other is made to fail, and what the meter is then is looked at from every side (docs/self-tests.md). */

import { openExchange } from '#driver/exchange';
import { memoryLink } from '#driver/link/memory';
import { nodeCrypto } from '#driver/node-crypto';
import type { BoardOptions } from '#emulator/board';
import { createManualClock } from '#emulator/clock';
import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import { loadImage } from '#emulator/image-file';
import { connectMemory } from '#emulator/ports/memory';
import { findSecrets, type NamedFinding } from '#emulator/secret-scan';
import { commandNames, commands } from '#protocol/command';
import { statuses, statusName } from '#protocol/status';
import { TEST_TIME_MS } from '#test/support/board';
import { type Bench, bench, logIn } from '#test/support/error-state';
import { flashAt } from '#test/support/meter';
import { wellFormed } from '#tools/policy/matrix';
import type { SelfTestCase } from './cases.ts';
import { listeningCpu } from './listening-cpu.ts';

export interface Row {
  readonly name: string;
  readonly when: string;
  readonly forcedBy: string;
  /** `0x0f01 / 4`: number of the fault, and its detail. */
  readonly told: string;
  /** Commands that were asked for, and those that were answered by more than a refusal. */
  readonly asked: number;
  readonly answered: readonly string[];
  /** Bytes of answers, but for status and version, beyond those of a refusal; and bytes that nobody asked for. */
  readonly bytesOut: number;
  /** Secrets that the image had handed to its crypto engine by then, and those found in memory. */
  readonly secrets: number;
  readonly found: readonly string[];
  /** Those found while the meter worked: the scan can find them. */
  readonly foundBefore: number;
  readonly recovery: string;
  /** What is not as it must be; empty where all is well. */
  readonly objections: readonly string[];
}

/** Command, status, state, and the detail: what a refusal holds. */
const REFUSAL_SIZE = 10;
const OPEN_IN_ERROR: readonly string[] = ['status', 'version'];
const PORT = 3;

/** Half a key is a key found. */
const BYTES_MIN = 16;

/** The scalar that public keys are probed with. */
const PROBE = `${'00'.repeat(31)}01`;

/** Keys of the known answers stand in the image, and those that are made of them are no secrets either. */
async function createJudge({ image }: Pick<BoardOptions, 'image'>) {
  const { cpu, secrets } = listeningCpu();
  const cryptoEngine = { call: 'publicKey', answer: 'wrong' } as const;
  await using _ = bench(createMemoryFlash(), { cpu, cryptoEngine });
  const ofNobody = new Set([...secrets.keys(), PROBE]);
  const body = Buffer.from(image).toString('latin1');
  const isInImage = (hex: string): boolean => body.includes(hex.slice(0, 2 * BYTES_MIN));
  return (hex: string): boolean =>
    hex.length >= 2 * BYTES_MIN && !ofNobody.has(hex) && !isInImage(hex);
}

/** Asks for every command by the driver's exchange, as it is and in a record. */
async function askAll({ board, host }: Bench) {
  const link = memoryLink(connectMemory(board, PORT));
  const exchange = await openExchange(link, { randomBytes: nodeCrypto.randomBytes });
  const answered: string[] = [];
  let bytesOut = 0;
  for (const name of commandNames)
    for (const kind of ['open', 'sealed'] as const) {
      const payload = Uint8Array.of(commands[name].code, ...wellFormed[name]);
      const read = (answer: { readonly payload: Uint8Array }) => answer.payload;
      const answer = await exchange.request({ make: () => ({ kind, payload }), read });
      const status = statusName((answer[1] ?? 0) | ((answer[2] ?? 0) << 8));
      const isRefusal = answer.length <= REFUSAL_SIZE && status !== 'ok';
      if (!isRefusal && !answered.includes(name)) answered.push(name);
      if (!isRefusal && !OPEN_IN_ERROR.includes(name)) bytesOut += answer.length;
    }
  await link.close();
  host.bytesOut();
  for (let tick = 0; tick < 20; tick++) board.tick();
  return { answered, bytesOut: bytesOut + host.bytesOut() };
}

async function flashOf({ stage, damage }: SelfTestCase): Promise<FlashDevice> {
  const flash = stage === 'blank' ? createMemoryFlash() : await flashAt(stage);
  damage?.(flash);
  return flash;
}

const toldBy = ({ host, board }: Bench): string => {
  if (board.fault !== undefined) return board.fault.kind;
  const { fault, faultDetail } = host.status();
  return fault === 0 ? 'none' : `0x${fault.toString(16).padStart(4, '0')} / ${faultDetail}`;
};

/** What is left of the secrets in the memory of the engine. */
function leftIn({ board }: Bench, secrets: readonly string[]): NamedFinding[] {
  const named = Object.fromEntries(secrets.map((hex) => [hex, Buffer.from(hex, 'hex')]));
  const memory = board.memory() ?? new Uint8Array(0);
  return findSecrets(named, { memory }, { bytesMin: BYTES_MIN });
}

/** The most secrets are there while somebody is logged in; the self-tests are asked for before. */
function prepare(meter: Bench, { when, stage }: SelfTestCase): void {
  if (stage === 'blank' || when === 'log-in') return;
  if (when === 'on demand') meter.host.openSession('user');
  else logIn(meter);
}

/** Whether the meter works once the cause is gone and power was off. */
function isWorking(meter: Bench, { stage }: SelfTestCase): boolean {
  if (meter.host.status().state !== 'uninitialized') return false;
  if (stage === 'blank') return true;
  const answer = logIn(meter) as { readonly status?: string } | undefined;
  return answer?.status === 'ok';
}

export async function runCase(test: SelfTestCase): Promise<Row> {
  let isBroken = test.act === undefined;
  const isOn = (): boolean => isBroken;
  const clock = createManualClock(TEST_TIME_MS);
  const flash = await flashOf(test);
  const { cpu, secrets } = listeningCpu(test.hardware?.(isOn));
  const options = { ...loadImage(), ...test.board?.(isOn, false), cpu, clock };
  await using meter = bench(flash, options);
  const isSecret = await createJudge(options);
  const own = (): string[] => [...secrets.keys()].filter(isSecret);
  if (test.act !== undefined) prepare(meter, test);
  const before = toldBy(meter);
  const foundBefore = leftIn(meter, own()).length;
  isBroken = true;
  test.act?.(meter, clock);
  const told = toldBy(meter);
  const { answered, bytesOut } = await askAll(meter);
  const found = leftIn(meter, own()).map(
    ({ secret, form }) => `${secrets.get(secret)} ${secret.slice(0, 8)}…, ${form}`,
  );
  const indicator = meter.board.indicator;
  isBroken = false;
  meter.board.powerOff();
  const works = await restart(test, flash, clock);
  const { name, when, forcedBy, recovery } = test;
  const row = { name, when, forcedBy, told, answered, bytesOut, found, recovery };
  return {
    ...row,
    asked: 2 * commandNames.length,
    secrets: own().length,
    foundBefore,
    objections: [
      ...(test.act !== undefined && before !== 'none' ? [`it told ${before} before`] : []),
      ...(test.act !== undefined && foundBefore === 0 ? ['the scan finds nothing at work'] : []),
      ...objectionsTo(test, row),
      ...(indicator === 'error' ? [] : [`the lamp shows ${indicator}`]),
      ...(works === (recovery === 'power cycle') ? [] : [`it ${works ? 'works' : 'stops'} again`]),
    ],
  };
}

/** A board without the failure on the same flash. */
async function restart(
  test: SelfTestCase,
  flash: FlashDevice,
  clock: ReturnType<typeof createManualClock>,
): Promise<boolean> {
  const options = { ...test.board?.(() => false, true), clock };
  await using meter = bench(flash, options);
  const isUp = meter.host.status().state === 'uninitialized';
  if (test.when === 'log-in') return isUp; // it works until somebody logs in again
  return isUp && isWorking(meter, test);
}

type Seen = Pick<Row, 'told' | 'answered' | 'bytesOut' | 'found'>;

function objectionsTo(
  { fault }: SelfTestCase,
  { told, answered, bytesOut, found }: Seen,
): string[] {
  const { code } = statuses[fault.name];
  const wanted = `0x${code.toString(16).padStart(4, '0')} / ${fault.detail}`;
  const objections = found.map((what) => `found in memory: ${what}`);
  if (told !== wanted) objections.push(`it tells ${told} and not ${wanted}`);
  if (answered.join() !== OPEN_IN_ERROR.join())
    objections.push(`what is answered: ${answered.join(', ')}`);
  if (bytesOut !== 0) objections.push(`${bytesOut} bytes that it must not send`);
  return objections;
}
