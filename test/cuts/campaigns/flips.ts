/**
 * Every bit of a meter's flash turned round at rest: the meter comes up with the last state that is whole, or stops; no
 * register is ever one that it never had.
 */

import type { FlashSnapshot } from '#emulator/flash';
import type { MeterStatus } from '#protocol/command-layouts';
import { TEST_TIME_MS } from '#test/support/board';
import { authorisation, purchase } from '#test/support/meter';
import { changePassword } from '../commands/passwords.ts';
import { issueNext, REFILL } from '../commands/pieces.ts';
import { brokenLaws } from '../judging/account.ts';
import { textOf } from '../judging/judge.ts';
import { partOf } from '../judging/rehearsal.ts';
import { createHost, type Host } from '../meter/host.ts';
import { contentsOf } from '../meter/stages.ts';
import type { Workshop } from '../meter/workshop.ts';
import type { Context } from './context.ts';
import { counting, type Tally } from './tally.ts';

/** What the meter did last: where it was answered by a signature, and where the newest record is a state. */
export const flipImages = ['behind a piece', 'behind a refill'] as const;
export type FlipImage = (typeof flipImages)[number];

export interface FlipsTask {
  readonly campaign: 'flips';
  readonly image: FlipImage;
  /** Of bits: offset × 8 + bit. */
  readonly numbers: readonly number[];
}

/** A meter of some use: both banks of the store written, the ring gone round once. */
interface Used {
  readonly flash: FlashSnapshot;
  /** Before the last transaction and after it. */
  readonly states: readonly [string, string];
}

const PIECES = 180;

/** What may never be wrong. The limits of a licence go with a store that is damaged: they are no money. */
function moneyOf({
  lifeCycle,
  registers: { descendingMax: _, certificateDescendingMax: __, ...registers },
}: MeterStatus): string {
  return JSON.stringify({ lifeCycle, ...registers });
}

async function use(host: Host): Promise<void> {
  const act = await changePassword.begin(host); // a store of both generations
  await act.perform();
  const meter = await host.loggedIn('user', () => new TextEncoder().encode('the next password'));
  for (let piece = 0; piece < PIECES; piece += 1) await issueNext(meter);
}

async function usedMeter(workshop: Workshop, image: FlipImage): Promise<Used> {
  const flash = partOf(workshop, await contentsOf('refilled'));
  const host = createHost(workshop, { flash, nowMs: TEST_TIME_MS, noiseSeed: 1 });
  await use(host);
  const meter = await host.loggedIn('user', () => new TextEncoder().encode('the next password'));
  if (image === 'behind a piece') {
    const before = moneyOf(await host.status());
    await issueNext(meter);
    return { flash: flash.snapshot(), states: [before, moneyOf(await host.status())] };
  }
  const { request } = await meter.refillRequest(purchase(REFILL));
  const before = moneyOf(await host.status());
  await meter.refillCommit(authorisation(request));
  return { flash: flash.snapshot(), states: [before, moneyOf(await host.status())] };
}

/** What became of the meter: `whole`, `lastGood` (the state before), or `stopped`. @throws Error where it is none of them */
function outcomeOf(status: MeterStatus, [before, after]: Used['states']): string {
  const money = moneyOf(status);
  if (status.state === 'error') {
    const isTrue = !status.registersValid || money === before || money === after;
    if (!isTrue) throw new Error(`it stops and says ${money}`);
    return 'stopped';
  }
  const broken = brokenLaws(status, 0);
  if (broken.length > 0) throw new Error(broken.join('; '));
  if (money === after) return 'whole';
  if (money === before) return 'lastGood';
  throw new Error(`it says ${money}`);
}

const used = new Map<FlipImage, Promise<Used>>();

export async function flipBits({ workshop, progress }: Context, task: FlipsTask): Promise<Tally> {
  const { image, numbers } = task;
  const making = used.get(image) ?? usedMeter(workshop, image);
  used.set(image, making);
  const meter = await making;
  const flash = partOf(workshop);
  const { count, violate, tally } = counting('flips', image);
  for (const number of numbers) {
    flash.restore(meter.flash);
    const at = number >> 3;
    const [byte = 0] = flash.contents().subarray(at, at + 1);
    flash.damage(at, Uint8Array.of(byte ^ (1 << (number & 7))));
    count('flips');
    progress(1);
    const host = createHost(workshop, { flash, nowMs: TEST_TIME_MS, noiseSeed: number });
    try {
      host.powerOn();
      count(outcomeOf(await host.status(), meter.states));
    } catch (error) {
      violate({ numbers: [number], where: `bit ${number & 7} of byte ${at}`, text: textOf(error) });
    }
    host.powerOff();
  }
  return tally;
}
