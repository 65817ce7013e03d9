/** What a run found: tables for people, each violation with the command line that replays it, one line of JSON. */

import {
  type CampaignName,
  campaignNames,
  type Figures,
  joinTallies,
  type Tally,
  type Violation,
} from '../campaigns/tally.ts';
import type { Options } from './options.ts';

/** Violations printed of one command; the rest is counted. */
const PRINTED_MAX = 10;

/** One tally for each name of each campaign, in the order in which they came. */
export function joined(tallies: readonly Tally[]): Tally[] {
  const byName = new Map<string, Tally>();
  for (const tally of tallies) {
    const name = `${tally.campaign} ${tally.name}`;
    const known = byName.get(name);
    byName.set(name, known === undefined ? tally : joinTallies(known, tally));
  }
  const order = (tally: Tally): number => campaignNames.indexOf(tally.campaign);
  return [...byName.values()].sort((left, right) => order(left) - order(right));
}

type Column = readonly [title: string, value: (figures: Figures) => string];

const plain = (figure: string, title = figure): Column => [
  title,
  (figures) => (figures[figure] ?? 0).toLocaleString('en-US'),
];
const ratio = (title: string, value: (figures: Figures) => number): Column => [
  title,
  (figures) => value(figures).toPrecision(3),
];
const perThousandPieces = ({ erases = 0, pieces = 0 }: Figures): number => (1000 * erases) / pieces;

const outcomes = [plain('rolledBack', 'rolled back'), plain('completed')] as const;
const wear = [
  plain('erasesMin', 'erases/sector min'),
  plain('erasesMax', 'max'),
  ratio('erases per 1,000 pieces', perThousandPieces),
] as const;

const columns: Readonly<Record<CampaignName, readonly Column[]>> = {
  single: [plain('operations'), plain('cuts'), plain('images', 'distinct images'), ...outcomes],
  double: [
    plain('firstCuts', 'first cuts'),
    plain('cuts'),
    plain('images', 'distinct images'),
    ...outcomes,
  ],
  weak: [plain('cuts'), plain('weakBits', 'weak bits'), plain('boots')],
  flips: [plain('flips'), plain('whole'), plain('lastGood', 'last good state'), plain('stopped')],
  wearout: [plain('pieces'), ...wear],
  journal: [
    plain('walks'),
    plain('steps'),
    plain('cuts'),
    plain('cutRecoveries', 'cut recoveries'),
    ...outcomes,
  ],
  life: [
    plain('commits'),
    plain('pieces'),
    ...wear,
    plain('powerUps', 'power-ups'),
    plain('readsYoungMax', 'reads young'),
    plain('readsMiddleMax', 'middle'),
    plain('readsOldMax', 'old'),
    plain('kibYoungMax', 'KiB young'),
    plain('kibMiddleMax', 'middle'),
    plain('kibOldMax', 'old'),
    plain('youngUsMax', 'µs young'),
    plain('middleUsMax', 'middle'),
    plain('oldUsMax', 'old'),
  ],
};

const titles: Readonly<Record<CampaignName, string>> = {
  single: 'one cut',
  double: 'a second cut inside the recovery',
  weak: 'weak bits over six boots',
  flips: 'flipped bits',
  wearout: 'meters until their flash is worn out',
  journal: 'the journal beside its model',
  life: 'journals until their flash is worn out',
};

/** Left-bound names, right-bound figures. */
function table(
  title: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const all = [[title, ...heads], ...rows];
  const widths = all[0]?.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths?.[column] ?? 0;
          return column === 0 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function tables(tallies: readonly Tally[]): string {
  return campaignNames
    .map((campaign) => {
      const rows = tallies.filter((tally) => tally.campaign === campaign);
      if (rows.length === 0) return '';
      const heads = columns[campaign].map(([title]) => title);
      const cells = rows.map(({ name, figures }) => [
        name,
        ...columns[campaign].map(([, value]) => value(figures)),
      ]);
      return `${table(titles[campaign], heads, cells)}\n\n`;
    })
    .join('');
}

/** The command line that makes exactly this cut again. */
export function replayOf(
  { campaign, name, numbers }: Pick<Violation, 'campaign' | 'name' | 'numbers'>,
  { seed, hasEngine }: Pick<Options, 'seed' | 'hasEngine'>,
): string {
  const command = campaign === 'journal' ? [] : ['--command', `'${name}'`];
  const engine = hasEngine ? [] : ['--no-engine'];
  const words = ['--seed', seed, '--only', campaign, ...command, ...engine, '--replay', ...numbers];
  return `npm run cuts -- ${words.join(' ')}`;
}

export function violationLines(tallies: readonly Tally[], options: Options): string {
  return tallies
    .flatMap(({ campaign, name, violations }) => {
      const more = violations.length - PRINTED_MAX;
      const shown = violations
        .slice(0, PRINTED_MAX)
        .map(
          (each) =>
            `VIOLATION ${campaign}, ${name}, ${each.where}: ${each.text}\n  ${replayOf(each, options)}\n`,
        );
      return more > 0 ? [...shown, `  and ${more} more of ${campaign}, ${name}\n`] : shown;
    })
    .join('');
}

const total = (tallies: readonly Tally[], campaign: CampaignName, figure: string): number =>
  tallies
    .filter((tally) => tally.campaign === campaign)
    .reduce((sum, { figures }) => sum + (figures[figure] ?? 0), 0);

export function jsonLine(
  tallies: readonly Tally[],
  { isFull, seed, workers, hasEngine }: Options,
  durationMs: number,
): string {
  const sum = (campaign: CampaignName, figure: string): number => total(tallies, campaign, figure);
  const violations = tallies.reduce((count, tally) => count + tally.violations.length, 0);
  return JSON.stringify({
    script: 'cuts',
    form: isFull ? 'full' : 'short',
    ...{ seed, workers, hasEngine },
    cuts: sum('single', 'cuts'),
    images: sum('single', 'images'),
    rolledBack: sum('single', 'rolledBack'),
    completed: sum('single', 'completed'),
    doubleCuts: sum('double', 'cuts'),
    doubleImages: sum('double', 'images'),
    weakCuts: sum('weak', 'cuts'),
    weakBoots: sum('weak', 'boots'),
    flips: sum('flips', 'flips'),
    journalCuts: sum('journal', 'cuts') + sum('journal', 'cutRecoveries'),
    commits: sum('life', 'commits'),
    pieces: sum('wearout', 'pieces') + sum('life', 'pieces'),
    campaigns: tallies.map(({ campaign, name, figures, violations: found }) => ({
      campaign,
      name,
      ...figures,
      violations: found.length,
    })),
    violations,
    durationMs: Math.round(durationMs),
  });
}
