/**
 * Every cut of a recording by one number: those of the flash model's plan, and behind them the quiet ones, which tear
 * nothing: what was not synced is lost, or power fails right behind an answer.
 */

import type { FlashDevice, FlashSnapshot } from '#emulator/flash';
import { planCuts } from '#emulator/flash/cut-plan';
import { type TearMode, tearModes } from '#emulator/flash/tear';
import { PowerLost } from '#emulator/power';
import type { RecordedOperation, Recording } from '../meter/recording.ts';

export interface CutPoint {
  /** Where it is, for people. */
  readonly text: string;
  /** Whether the whole answer was out. */
  readonly isHeard: boolean;
  /** Whether anything was out: what the meter knew then, the host may know. */
  readonly hasSpoken: boolean;
  readonly isErase: boolean;
  /** What the clock of the board showed. */
  readonly nowMs: number;
  /** Leaves the part as the cut leaves it, without power cut. */
  apply(flash: FlashDevice): void;
  /**
   * Programs that the chip may refuse at the next power-up: a program of the power-up itself that was cut, and of which
   * nobody can see that it was begun (docs/flash.md). Looks at the part as {@link CutPoint.apply} left it.
   */
  refusals(flash: FlashDevice): 0 | 1;
}

/** The numbers of one mode in one operation, or of all quiet cuts. */
export interface Cell {
  readonly operation: number;
  readonly mode: TearMode | 'quiet';
  readonly first: number;
  readonly count: number;
}

export interface CutPoints {
  readonly operations: number;
  /** Numbers from here on are the same cuts again, where chance decides with another seed. */
  readonly count: number;
  readonly cells: readonly Cell[];
  at(number: number): CutPoint;
}

interface QuietCut extends Pick<CutPoint, 'text' | 'isHeard' | 'hasSpoken' | 'nowMs'> {
  readonly left: FlashSnapshot;
}

function quietCuts({ operations, portions }: Recording): QuietCut[] {
  const said = portions.length;
  const unsynced = operations.map(({ synced, portionsSaid, nowMs }, place) => ({
    text: `in operation ${place}, what was not synced is lost`,
    left: synced,
    isHeard: said > 0 && portionsSaid === said,
    hasSpoken: portionsSaid > 0,
    nowMs,
  }));
  const answered = portions.flatMap(({ now, synced, nowMs }, place) => {
    const text = `behind portion ${place} of the answer`;
    const out = { isHeard: place === said - 1, hasSpoken: true, nowMs };
    return [
      { ...out, text, left: now },
      { ...out, text: `${text}, what was not synced is lost`, left: synced },
    ];
  });
  return [...unsynced, ...answered];
}

function cellsOf(operations: readonly RecordedOperation[], quiet: number): Cell[] {
  const cells: Cell[] = [];
  let first = 0;
  function add(operation: number, mode: Cell['mode'], count: number): void {
    if (count > 0) cells.push({ operation, mode, first, count });
    first += count;
  }
  for (const [operation, each] of operations.entries())
    for (const mode of tearModes) add(operation, mode, planCuts([each], [mode]).count);
  add(operations.length, 'quiet', quiet);
  return cells;
}

export function cutPoints(recording: Recording): CutPoints {
  const { operations, portions } = recording;
  const plan = planCuts(operations);
  const quiet = quietCuts(recording);
  const count = plan.count + quiet.length;

  function quietPoint(place: number): CutPoint {
    const { text, isHeard, hasSpoken, left, nowMs } = quiet[place] as QuietCut;
    return {
      text,
      isHeard,
      hasSpoken,
      isErase: false,
      nowMs,
      apply(flash) {
        flash.restore(left);
        flash.restorePower();
      },
      refusals: () => 0,
    };
  }

  function tornPoint(number: number): CutPoint {
    const planned = plan.at(number % count);
    const operation = operations[planned.operations] as RecordedOperation;
    const { op, offset, length, before, portionsSaid, isBooting } = operation;
    const { tear, tornBytes } = planned.cut;
    return {
      text: `in operation ${planned.operations}, ${op} of ${length} at ${offset}: ${tear} at ${tornBytes}`,
      isHeard: portions.length > 0 && portionsSaid === portions.length,
      hasSpoken: portionsSaid > 0,
      isErase: op === 'erase',
      nowMs: operation.nowMs,
      apply(flash) {
        flash.restore(before);
        flash.losePowerAfter(0, { ...planned.cut, seed: number });
        operate(flash, operation);
        flash.restorePower();
      },
      refusals(flash) {
        if (op === 'erase' || !isBooting) return 0;
        const left = flash.contents().subarray(offset, offset + length);
        return left.every((byte) => byte === 0xff) ? 1 : 0; // a weak bit shows as it was before
      },
    };
  }

  return {
    operations: operations.length,
    count,
    cells: cellsOf(operations, quiet.length),
    at: (number) =>
      number % count < plan.count ? tornPoint(number) : quietPoint((number % count) - plan.count),
  };
}

function operate(flash: FlashDevice, { op, offset, data }: RecordedOperation): void {
  try {
    if (op === 'erase') flash.erase(offset);
    else flash.program(offset, data);
  } catch (error) {
    if (error instanceof PowerLost) return;
    throw error;
  }
  throw new Error('power was not cut');
}
