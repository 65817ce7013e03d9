/** All that is measured of a desk, and what of it must hold. */

import { type HostileFigures, tryHostile } from './hostile.ts';
import { GROWTH_MAX_MB, type ImportFigures, measureImport } from './imports.ts';
import { type JobFigures, measureJob } from './job.ts';

export interface DeskCounts {
  readonly rows: number;
  readonly pieces: number;
  readonly hostile: number;
  readonly seeds: number;
  readonly seed: number;
}

export interface DeskResult {
  readonly imports: readonly ImportFigures[];
  readonly hostileRows: number;
  readonly hostileTaken: number;
  readonly hostileLabels: number;
  readonly hostileRefused: number;
  readonly job: JobFigures;
  readonly violations: readonly string[];
}

const LABELS_PER_SEED = 20;
/** A record of each piece is kept: its share of ten thousand is little. */
const JOB_GROWTH_MAX_MB = 96;

export async function runDesk(
  folder: string,
  { rows, pieces, hostile, seeds, seed }: DeskCounts,
  tell: (text: string) => void,
): Promise<DeskResult> {
  const violations: string[] = [];
  const tries: HostileFigures[] = [];
  for (let at = 0; at < seeds; at++) {
    tries.push(await tryHostile(folder, seed + at, hostile, LABELS_PER_SEED));
    violations.push(...(tries.at(-1)?.violations ?? []));
  }
  const sum = (name: 'rows' | 'taken' | 'labels' | 'refused'): number =>
    tries.reduce((total, figures) => total + figures[name], 0);
  tell(`hostile: ${sum('taken')} of ${sum('rows')} rows taken, ${sum('labels')} labels`);
  const job = await measureJob(folder, pieces);
  tell(`job: ${JSON.stringify(job)}`);
  if (job.mostMb - job.earlyMb > JOB_GROWTH_MAX_MB) violations.push('the memory of a job grows');
  if (job.logged !== pieces || job.manifestRows !== pieces)
    violations.push(`log or manifest lack pieces: ${job.logged}, ${job.manifestRows}`);
  const imports: ImportFigures[] = [];
  for (const [format, count] of [
    ['csv', rows],
    ['json', Math.ceil(rows / 10)],
    ['vcard', Math.ceil(rows / 10)],
    ['xlsx', Math.ceil(rows / 10)],
  ] as const) {
    const figures = await measureImport(folder, format, count);
    imports.push(figures);
    tell(`import: ${JSON.stringify(figures)}`);
    if (figures.taken !== count) violations.push(`${format}: ${figures.taken} of ${count} taken`);
    if (figures.mostMb - figures.earlyMb > GROWTH_MAX_MB)
      violations.push(`${format}: memory grows from ${figures.earlyMb} to ${figures.mostMb} MB`);
  }
  return {
    imports,
    hostileRows: sum('rows'),
    hostileTaken: sum('taken'),
    hostileLabels: sum('labels'),
    hostileRefused: sum('refused'),
    job,
    violations,
  };
}
