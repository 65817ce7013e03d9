/** A second cut inside the recovery from the first, from the power-up to the end of the repeated request. */

import type { FlashDevice } from '#emulator/flash';
import { accountOf, logCountOf } from '../judging/account.ts';
import { type CutPoint, cutPoints } from '../judging/cut-points.ts';
import { type Expectation, judge, textOf } from '../judging/judge.ts';
import { hostAfter, partOf, type Rehearsal } from '../judging/rehearsal.ts';
import { createRecorder, type Recording } from '../meter/recording.ts';
import type { Context } from './context.ts';
import { sampleOf } from './sample.ts';
import { type Counting, counting, type Tally } from './tally.ts';
import { createVerdicts, keyOf } from './verdicts.ts';

export interface DoubleTask {
  readonly campaign: 'double';
  readonly command: string;
  readonly firsts: readonly number[];
  /** How many second cuts to try behind each first one, or the numbers of them. */
  readonly seconds: number | readonly number[];
}

/** What the first recovery did, and what it said. */
interface Recovery {
  readonly recording: Recording;
  readonly told: string;
  readonly answer: string;
  /** Records of the security log when it came up, and in the end. */
  readonly log: Expectation['log'];
}

async function recover(
  { workshop }: Context,
  rehearsal: Rehearsal,
  { flash, nowMs }: { readonly flash: FlashDevice; readonly nowMs: number },
): Promise<Recovery> {
  const recorder = createRecorder(workshop.cpu, flash);
  const host = hostAfter(workshop, rehearsal, { flash, nowMs }, 1, recorder.cpu);
  let told = '';
  let answer = '';
  let before: number | undefined;
  const recording = await recorder.record(async () => {
    host.powerOn();
    const found = await host.told();
    told = accountOf(found);
    before = logCountOf(found);
    answer = (await rehearsal.act.again(host, rehearsal.answers)).said;
  });
  const after = logCountOf(await host.told());
  host.powerOff();
  return { recording, told, answer, log: { before, after } };
}

/**
 * What the host knew at the second cut: before anything was said the first cut counts alone; from then on what the meter
 * told of itself stays, unless the repeated request changes it.
 */
function expectationBehind(
  rehearsal: Rehearsal,
  { told, answer, log }: Recovery,
  { hasSpoken }: CutPoint,
): Expectation {
  const answers = [...rehearsal.answers, answer];
  return hasSpoken
    ? { ...rehearsal, before: told, log, answers }
    : { ...rehearsal, log: { ...rehearsal.log, after: log.after }, answers };
}

export async function cutTwice(context: Context, task: DoubleTask): Promise<Tally> {
  const rehearsal = await context.rehearsal(task.command);
  const counted = counting('double', task.command);
  for (const first of task.firsts)
    await cutBehind(context, rehearsal, first, task.seconds, counted);
  return counted.tally;
}

/** What the first cut has left. */
interface First {
  readonly number: number;
  readonly point: CutPoint;
  readonly refusals: number;
  readonly isWeak: boolean;
}

/**
 * Programs that the chip may refuse behind both cuts. Where a weak record reads as torn at one power-up, and as whole at the
 * next one, the sector that it is in may have been half erased meanwhile: the writer tries each place in it in vain.
 */
function refusedMax(flash: FlashDevice, first: First, second: CutPoint): number {
  const inHalfErased = first.isWeak && second.isErase ? flash.sectorSize / flash.programUnit : 0;
  return first.refusals + second.refusals(flash) + inHalfErased;
}

async function cutBehind(
  context: Context,
  rehearsal: Rehearsal,
  number: number,
  seconds: DoubleTask['seconds'],
  counted: Counting,
): Promise<void> {
  const { workshop } = context;
  const { count, violate } = counted;
  const flash = partOf(workshop);
  const point = rehearsal.points.at(number);
  point.apply(flash);
  const isWeak = flash.weakBits.length > 0;
  const first: First = { number, point, refusals: point.refusals(flash), isWeak };
  count('firstCuts');
  let recovery: Recovery;
  try {
    recovery = await recover(context, rehearsal, { flash, nowMs: point.nowMs });
  } catch (error) {
    violate({ numbers: [number], where: point.text, text: textOf(error) });
    return;
  }
  const points = cutPoints(recovery.recording);
  const verdicts = createVerdicts();
  const numbers =
    typeof seconds === 'number'
      ? sampleOf(points.cells, seconds, { seed: workshop.seed + number, each: 'cell' })
      : seconds;
  for (const second of numbers) {
    const secondPoint = points.at(second);
    secondPoint.apply(flash);
    count('cuts');
    context.progress(1);
    const key = keyOf(flash, secondPoint);
    const known = verdicts.recall(key);
    if (known !== undefined) {
      count(known);
      continue;
    }
    count('images');
    const left = { flash, nowMs: secondPoint.nowMs };
    const host = hostAfter(workshop, rehearsal, left, 2);
    const verdict = await judge(host, expectationBehind(rehearsal, recovery, secondPoint), {
      isHeard: secondPoint.isHeard || point.isHeard,
      refusedMax: refusedMax(flash, first, secondPoint),
    });
    verdicts.keep(key, verdict);
    if (verdict.violations.length === 0) count(verdict.outcome);
    const where = `${point.text}; then ${secondPoint.text}`;
    for (const text of verdict.violations) violate({ numbers: [number, second], where, text });
  }
}
