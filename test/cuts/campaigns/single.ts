/** One cut, one recovery. */

import { judge } from '../judging/judge.ts';
import { hostAfter, partOf } from '../judging/rehearsal.ts';
import type { Context } from './context.ts';
import { counting, type Tally } from './tally.ts';
import { createVerdicts, keyOf } from './verdicts.ts';

export interface SingleTask {
  readonly campaign: 'single';
  readonly command: string;
  readonly numbers: readonly number[];
}

export async function cutOnce(context: Context, task: SingleTask): Promise<Tally> {
  const { workshop } = context;
  const rehearsal = await context.rehearsal(task.command);
  const flash = partOf(workshop);
  const verdicts = createVerdicts();
  const { count, violate, tally } = counting('single', task.command);
  for (const number of task.numbers) {
    const point = rehearsal.points.at(number);
    point.apply(flash);
    count('cuts');
    context.progress(1);
    const key = keyOf(flash, point);
    const known = verdicts.recall(key);
    if (known !== undefined) {
      count(known);
      continue;
    }
    count('images');
    const host = hostAfter(workshop, rehearsal, { flash, nowMs: point.nowMs }, 1);
    const { isHeard } = point;
    const refusedMax = point.refusals(flash);
    const verdict = await judge(host, rehearsal, { isHeard, refusedMax });
    verdicts.keep(key, verdict);
    if (verdict.violations.length === 0) count(verdict.outcome);
    for (const text of verdict.violations) violate({ numbers: [number], where: point.text, text });
  }
  return tally;
}
