/** Bits that read differently each time, over six boots: what a meter has said once it says at every later boot. */

import type { FlashDevice } from '#emulator/flash';
import { accountOf, difference, logCountOf } from '../judging/account.ts';
import { type Expectation, judge, textOf } from '../judging/judge.ts';
import { hostAfter, partOf, type Rehearsal } from '../judging/rehearsal.ts';
import type { Host } from '../meter/host.ts';
import type { Context } from './context.ts';
import { counting, type Tally } from './tally.ts';

export interface WeakTask {
  readonly campaign: 'weak';
  readonly command: string;
  readonly numbers: readonly number[];
}

const BOOTS = 6;

/** All boots but the last one. @returns what is known behind them */
async function boots(host: Host, rehearsal: Rehearsal, asksFirst: boolean): Promise<Expectation> {
  const { act, answers, before, after } = rehearsal;
  host.powerOn();
  const told = accountOf(await host.told());
  if (told !== before && told !== after)
    throw new Error(`neither before nor after: ${difference(told, before)}`);
  const said = asksFirst ? [(await act.again(host, answers)).said] : answers;
  const known = asksFirst ? after : told;
  const count = logCountOf(await host.told());
  for (let boot = 2; boot < BOOTS; boot += 1) {
    host.powerOff();
    host.powerOn();
    const later = await host.told();
    const account = accountOf(later);
    if (account !== known) throw new Error(`at boot ${boot} it says ${difference(account, known)}`);
    if (logCountOf(later) !== count)
      throw new Error(`at boot ${boot} the log has ${logCountOf(later)} records, not ${count}`);
  }
  host.powerOff();
  return { ...rehearsal, before: known, log: logBehind(rehearsal, count), answers: said };
}

/** A request that is repeated may have been written down more often. */
function logBehind({ log }: Rehearsal, count: number | undefined): Expectation['log'] {
  return { before: count, after: count && log.after && Math.max(count, log.after) };
}

async function judgeBoots(
  context: Context,
  rehearsal: Rehearsal,
  flash: FlashDevice,
  number: number,
): Promise<readonly string[]> {
  const { nowMs } = rehearsal.points.at(number);
  const asksFirst = number % 2 === 0 && rehearsal.command.isCounted !== true;
  const host = hostAfter(context.workshop, rehearsal, { flash, nowMs }, 1);
  const refusedBefore = flash.counters.refused;
  const refusedMax = rehearsal.points.at(number).refusals(flash);
  try {
    const expected = await boots(host, rehearsal, asksFirst);
    const isHeard = asksFirst || rehearsal.points.at(number).isHeard;
    const refused = flash.counters.refused - refusedBefore;
    if (refused > refusedMax) return [`the flash refused ${refused} programs`];
    return (await judge(host, expected, { isHeard, refusedMax })).violations;
  } catch (error) {
    host.powerOff();
    return [textOf(error)];
  }
}

export async function bootOften(context: Context, task: WeakTask): Promise<Tally> {
  const rehearsal = await context.rehearsal(task.command);
  const flash = partOf(context.workshop);
  const { count, violate, tally } = counting('weak', task.command);
  for (const number of task.numbers) {
    const point = rehearsal.points.at(number);
    point.apply(flash);
    flash.reseed(number);
    context.progress(1);
    if (flash.weakBits.length === 0) continue; // what was cut had no bit to change
    count('cuts');
    count('weakBits', flash.weakBits.length);
    count('boots', BOOTS);
    for (const text of await judgeBoots(context, rehearsal, flash, number))
      violate({ numbers: [number], where: point.text, text });
  }
  return tally;
}
