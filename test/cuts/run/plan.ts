/** What a run does: how much of each campaign, in parts for one thread each. */

import { type WearFailure, wearFailures } from '#emulator/flash/wear';
import { RECORD_SIZE } from '#firmware/journal-record';
import type { Context } from '../campaigns/context.ts';
import { type FlipImage, flipImages } from '../campaigns/flips.ts';
import { sampleOf } from '../campaigns/sample.ts';
import type { CampaignName } from '../campaigns/tally.ts';
import type { Task } from '../campaigns/task.ts';
import { cutCommands } from '../commands/table.ts';
import type { Cell, CutPoints } from '../judging/cut-points.ts';
import { partOf } from '../judging/rehearsal.ts';
import { METER_GEOMETRY } from '../meter/stages.ts';
import type { Options } from './options.ts';

/** How much there is of each campaign, of all commands together. */
interface Amounts {
  /** A few more, where each mode of each operation has its least. */
  readonly single: number;
  /** First cuts, and second ones behind each. */
  readonly double: readonly [firsts: number, seconds: number];
  readonly weak: number;
  readonly flips: Readonly<Record<FlipImage, number>>;
  /** Erases that a sector stands, of a meter and of a journal. */
  readonly wearout: number;
  readonly journal: number;
  readonly life: { readonly commits: number; readonly endurance: number };
}

const BITS = METER_GEOMETRY.size * 8;

const short: Amounts = {
  single: 99_000,
  double: [200, 25],
  weak: 800,
  flips: { 'behind a piece': 2_000, 'behind a refill': 1_000 },
  wearout: 4,
  journal: 50,
  life: { commits: 300_000, endurance: 500 },
};

const full: Amounts = {
  single: Number.POSITIVE_INFINITY, // each once
  double: [5_000, 200],
  weak: 100_000,
  flips: { 'behind a piece': BITS, 'behind a refill': 50_000 },
  wearout: 20,
  journal: 5_000,
  life: { commits: 100_000_000, endurance: 100_000 },
};

/** Of each mode in each operation, its first and its last place among them. */
const LEAST_OF_EACH = 12;

/** A part and how many cuts, flips or commits it has. */
export interface Part {
  readonly task: Task;
  readonly amount: number;
}

interface Wish extends Pick<Options, 'isFull' | 'seed' | 'only' | 'command' | 'replay'> {}

export interface Plan {
  readonly parts: readonly Part[];
  /** Operations of each command, by its name. */
  readonly operations: Readonly<Record<string, number>>;
}

/** @throws Error where nothing is left to do */
export async function planOf(context: Context, wish: Wish): Promise<Plan> {
  const { isFull, only, command } = wish;
  const amounts = isFull ? full : short;
  const isMeant = (campaign: CampaignName): boolean => only === undefined || only === campaign;
  const parts: Part[] = [];
  // what one thread does for long comes first, so that the others are not kept waiting for it in the end
  if (isMeant('life')) parts.push(...lifeParts(amounts, wish));
  if (isMeant('wearout')) parts.push(...wearoutParts(amounts, wish));
  const operations: Record<string, number> = {};
  if (isMeant('single') || isMeant('double') || isMeant('weak')) {
    const commands = cutCommands.filter(({ name }) => command === undefined || name === command);
    const points = new Map<string, CutPoints>();
    for (const { name } of commands) points.set(name, (await context.rehearsal(name)).points);
    for (const [name, each] of points) operations[name] = each.operations;
    if (isMeant('single')) parts.push(...singleParts(amounts, points, wish));
    if (isMeant('double')) parts.push(...doubleParts(amounts, points, wish));
    if (isMeant('weak')) parts.push(...weakParts(context, amounts, points, wish));
  }
  if (isMeant('flips')) parts.push(...flipParts(amounts, wish));
  if (isMeant('journal')) parts.push(...journalParts(amounts, wish));
  if (parts.length === 0) throw new Error(`There is no ${command ?? only} to cut.`);
  return { parts, operations };
}

type PointsByName = ReadonlyMap<string, CutPoints>;

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

/** Cuts of one operation stay together: an image that comes out twice is judged once. */
function singleParts({ single }: Amounts, points: PointsByName, { seed, replay }: Wish) {
  const all = sumOf([...points.values()].map(({ count }) => count));
  const share = Math.min(1, single / all);
  return [...points].flatMap(([command, { count, cells }]): Part[] => {
    if (replay.length > 0) return [partOfCuts(command, replay)];
    return operationsOf(cells).map((ofOne) => {
      const many = sumOf(ofOne.map((cell) => cell.count)) * share;
      const spread = { seed, each: 'number', leastOfEach: LEAST_OF_EACH, period: count } as const;
      return partOfCuts(command, sampleOf(ofOne, many, spread));
    });
  });
}

function partOfCuts(command: string, numbers: readonly number[]): Part {
  return { task: { campaign: 'single', command, numbers }, amount: numbers.length };
}

function operationsOf(cells: readonly Cell[]): Cell[][] {
  const byOperation = new Map<number, Cell[]>();
  for (const cell of cells)
    byOperation.set(cell.operation, [...(byOperation.get(cell.operation) ?? []), cell]);
  return [...byOperation.values()];
}

const FIRSTS_OF_A_PART = 10;

function doubleParts({ double }: Amounts, points: PointsByName, { seed, replay }: Wish): Part[] {
  const [firsts, seconds] = double;
  return [...points].flatMap(([command, { cells, count }]): Part[] => {
    const [first, ...second] = replay;
    if (first !== undefined) {
      const task = { campaign: 'double', command, firsts: [first], seconds: second } as const;
      return [{ task, amount: second.length }];
    }
    const spread = { seed, each: 'cell', period: count } as const;
    const numbers = sampleOf(cells, Math.ceil(firsts / cutCommands.length), spread);
    return chunksOf(numbers, FIRSTS_OF_A_PART).map((chunk) => ({
      task: { campaign: 'double', command, firsts: chunk, seconds },
      amount: chunk.length * seconds,
    }));
  });
}

const WEAK_OF_A_PART = 50;

function weakParts(
  context: Context,
  amounts: Amounts,
  points: PointsByName,
  { seed, replay }: Wish,
): Part[] {
  const flash = partOf(context.workshop);
  return [...points].flatMap(([command, each]): Part[] => {
    const cells = each.cells.filter((cell) => isWeakened(each, cell, flash));
    const many = Math.ceil(amounts.weak / cutCommands.length);
    const spread = { seed, each: 'cell', period: each.count } as const;
    const numbers =
      replay.length > 0 ? replay : cells.length === 0 ? [] : sampleOf(cells, many, spread);
    return chunksOf(numbers, WEAK_OF_A_PART).map((chunk) => ({
      task: { campaign: 'weak', command, numbers: chunk },
      amount: chunk.length,
    }));
  });
}

/** Whether a mode leaves bits that read differently each time: not where nothing had to change. */
function isWeakened(
  points: CutPoints,
  { mode, first, count }: Cell,
  flash: ReturnType<typeof partOf>,
) {
  if (mode !== 'weak' && mode !== 'marginal') return false;
  return [0, count >> 2, count >> 1].some((place) => {
    points.at(first + place).apply(flash);
    return flash.weakBits.length > 0;
  });
}

const FLIPS_OF_A_PART = 500;

function flipParts({ flips }: Amounts, { seed, command, replay }: Wish): Part[] {
  return flipImages
    .filter((image) => command === undefined || command === image)
    .flatMap((image) => {
      const spread = { seed, each: 'number' } as const;
      const numbers =
        replay.length > 0 ? replay : sampleOf([{ first: 0, count: BITS }], flips[image], spread);
      return chunksOf(numbers, FLIPS_OF_A_PART).map((chunk) => ({
        task: { campaign: 'flips', image, numbers: chunk } as const,
        amount: chunk.length,
      }));
    });
}

const failuresOf = ({ command }: Wish): readonly WearFailure[] =>
  wearFailures.filter((failure) => command === undefined || command === failure);

function wearoutParts({ wearout }: Amounts, wish: Wish): Part[] {
  const [endurance = wearout] = wish.replay;
  return failuresOf(wish).map((failure) => ({
    task: { campaign: 'wearout', failure, endurance },
    amount: 1,
  }));
}

/** A ring that takes so many commits until each of its sectors was erased as often as it stands. */
function ringFor(commits: number, endurance: number): number {
  const recordsASector = Math.floor(METER_GEOMETRY.sectorSize / RECORD_SIZE);
  return Math.max(4, Math.ceil(commits / endurance / recordsASector));
}

function lifeParts({ life }: Amounts, wish: Wish): Part[] {
  const commits = Math.ceil(life.commits / wearFailures.length);
  const [sectors = ringFor(commits, life.endurance), endurance = life.endurance] = wish.replay;
  return failuresOf(wish).map((failure) => ({
    task: { campaign: 'life', failure, sectors, endurance },
    amount: commits,
  }));
}

const WALKS_OF_A_PART = 2;

function journalParts({ journal }: Amounts, { replay }: Wish): Part[] {
  const seeds = replay.length > 0 ? replay : Array.from({ length: journal }, (_, seed) => seed);
  return chunksOf(seeds, WALKS_OF_A_PART).map((numbers) => ({
    task: { campaign: 'journal', numbers },
    amount: numbers.length,
  }));
}

function chunksOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, chunk) =>
    all.slice(chunk * size, (chunk + 1) * size),
  );
}
