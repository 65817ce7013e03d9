/** What a run says: a line for each target, its findings so that they can be seen again, and one line of JSON. */

import type { LoopReport } from '../engine/loop.ts';

const perSecond = ({ executions, durationMs }: LoopReport): number =>
  Math.round((executions / Math.max(1, durationMs)) * 1_000);

export function targetLine(report: LoopReport): string {
  const { target, executions, corpus, branches, branchesInReach, slowestMs, growth } = report;
  const figures = [
    `${executions} executions`,
    `${perSecond(report)}/s`,
    `corpus ${corpus.length}`,
    `branches ${branches}/${branchesInReach}`,
    `slowest ${slowestMs.toFixed(1)} ms`,
    `growth ${growth === undefined ? 'unknown' : `${Math.max(0, Math.round(growth / 1024))} KiB`}`,
  ];
  return `${target.padEnd(34)} ${figures.join(' · ')}\n`;
}

export function findingLines({ target, findings }: LoopReport): string {
  return findings
    .map(({ what, input }) => {
      const hex = Buffer.from(input).toString('hex');
      return `  FINDING ${what}\n    npm run fuzz -- --target '${target}' --input ${hex === '' ? "''" : hex}\n`;
    })
    .join('');
}

export function jsonLine(reports: readonly LoopReport[], seed: number, durationMs: number): string {
  const sum = (of: (report: LoopReport) => number): number =>
    reports.reduce((all, report) => all + of(report), 0);
  return JSON.stringify({
    script: 'fuzz',
    seed,
    targets: reports.length,
    executions: sum(({ executions }) => executions),
    perSecond: Math.round((sum(({ executions }) => executions) / durationMs) * 1_000),
    corpus: sum(({ corpus }) => corpus.length),
    branches: sum(({ branches }) => branches),
    branchesInReach: sum(({ branchesInReach }) => branchesInReach),
    slowestMs: Math.round(Math.max(0, ...reports.map(({ slowestMs }) => slowestMs))),
    findings: sum(({ findings }) => findings.length),
    durationMs: Math.round(durationMs),
  });
}
