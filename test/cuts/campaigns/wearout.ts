/**
 * A meter used until its flash is worn out, in each of the five ways in which sectors fail: it stops in order, and its
 * registers can still be read and hold all that was answered.
 */

import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import type { WearFailure } from '#emulator/flash/wear';
import { flashLayout } from '#firmware/flash-layout';
import type { MeterStatus } from '#protocol/command-layouts';
import { statusName } from '#protocol/status';
import { TEST_TIME_MS } from '#test/support/board';
import { authorisation, purchase } from '#test/support/meter';
import { issueNext, POSTAGE, REFILL } from '../commands/pieces.ts';
import { brokenLaws } from '../judging/account.ts';
import { textOf } from '../judging/judge.ts';
import { createHost, type Host } from '../meter/host.ts';
import { contentsOf, METER_GEOMETRY } from '../meter/stages.ts';
import type { Context } from './context.ts';
import { counting, type Tally } from './tally.ts';

export interface WearoutTask {
  readonly campaign: 'wearout';
  readonly failure: WearFailure;
  /** Erases that a sector stands at least; some stand twice as many. */
  readonly endurance: number;
}

/** A day's work between two power-ups. */
const PIECES_A_DAY = 50;
/** Far more pieces than such a flash has room for. */
const PIECES_MAX = 20_000;
/** Power-ups of the meter that has stopped. */
const LAST_BOOTS = 3;

/** What was answered. */
interface Answered {
  pieces: number;
  credited: number;
}

async function workADay(host: Host, answered: Answered): Promise<void> {
  host.powerOn();
  const meter = await host.loggedIn('user');
  for (let piece = 0; piece < PIECES_A_DAY; piece += 1) {
    const { descending } = await meter.registers();
    if (descending < POSTAGE) {
      const { request } = await meter.refillRequest(purchase(REFILL));
      const { credited } = await meter.refillCommit(authorisation(request));
      answered.credited += credited;
    }
    await issueNext(meter);
    answered.pieces += 1;
  }
  host.powerOff();
}

/** Works until the meter stops. @throws Error where it never does */
async function useUp(host: Host, answered: Answered): Promise<void> {
  while (answered.pieces < PIECES_MAX) {
    try {
      await workADay(host, answered);
    } catch {
      return; // whatever the driver says to it: the meter itself is asked next
    }
  }
  throw new Error(`the flash takes more than ${PIECES_MAX} pieces`);
}

/** What is wrong with a meter that has answered so much; a request that was not answered may be done. */
function wrongs({ registers, ...status }: MeterStatus, { pieces, credited }: Answered): string[] {
  const { pieceCount, ascending } = registers;
  const owed = registers.credited - credited;
  return [
    ...brokenLaws({ ...status, registers }, 0),
    ...(pieceCount === pieces || pieceCount === pieces + 1
      ? []
      : [`${pieceCount} pieces where ${pieces} were answered`]),
    ...(ascending === pieceCount * POSTAGE ? [] : [`${ascending} spent for ${pieceCount} pieces`]),
    ...(owed === 0 || owed === REFILL ? [] : [`${registers.credited} credited, not ${credited}`]),
  ];
}

/** The meter has stopped: it says why, and its registers stay. @returns what is wrong */
async function lookBack(host: Host, answered: Answered): Promise<string[]> {
  const stopped = await host.status();
  const fault = statusName(stopped.fault);
  const found = wrongs(stopped, answered);
  if (stopped.state !== 'error' || fault !== 'flashFailed')
    found.push(`it is in ${stopped.state} for ${fault}`);
  for (let boot = 0; boot < LAST_BOOTS; boot += 1) {
    host.powerOff();
    host.powerOn();
    const later = await host.status();
    found.push(...wrongs(later, answered));
    if (JSON.stringify(later.registers.ascending) !== JSON.stringify(stopped.registers.ascending))
      found.push(`${later.registers.ascending} spent at a later power-up`);
  }
  return found;
}

/** Erases of the sectors that hold the journal, as the firmware lays them out. */
function journalWear(flash: FlashDevice): readonly number[] {
  return flash.wear.slice(flashLayout(flash).journalOffset / flash.sectorSize);
}

export async function wearOut(context: Context, task: WearoutTask): Promise<Tally> {
  const { failure: wearFailure, endurance } = task;
  const { count, violate, tally } = counting('wearout', wearFailure);
  const flash = createMemoryFlash({
    geometry: METER_GEOMETRY,
    seed: context.workshop.seed,
    endurance,
    enduranceSpread: endurance,
    wearFailure,
    contents: await contentsOf('refilled'),
  });
  const host = createHost(context.workshop, { flash, nowMs: TEST_TIME_MS, noiseSeed: 1 });
  host.powerOn();
  const { registers } = await host.status();
  const answered = { pieces: registers.pieceCount, credited: registers.credited };
  host.powerOff();
  try {
    await useUp(host, answered);
    for (const text of await lookBack(host, answered))
      violate({ numbers: [endurance], where: `behind ${answered.pieces} pieces`, text });
  } catch (error) {
    violate({ numbers: [endurance], where: 'at the end', text: textOf(error) });
  }
  host.powerOff();
  const wear = journalWear(flash);
  count('pieces', answered.pieces);
  count(
    'erases',
    wear.reduce((sum, erases) => sum + erases, 0),
  );
  count('erasesMin', Math.min(...wear));
  count('erasesMax', Math.max(...wear));
  context.progress(1);
  return tally;
}
