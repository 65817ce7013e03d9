/** The power of a part: the cut that is armed, and what it leaves of the operation in which it falls. */

import type { ArmedCut, FlashOperation, PowerCut } from '../flash.ts';
import { PowerLost } from '../power.ts';
import type { Cells, SectorImage } from './cells.ts';
import { disturbBits } from './decay.ts';
import { seeded, seedOf } from './seeded.ts';
import { tear } from './tear.ts';

/** An operation of which the chip knows what it should leave. */
export interface Change extends FlashOperation {
  readonly next: Uint8Array;
  /** Whether its units take another program after it; undefined where that stays as it is. */
  readonly spentAfter: 0 | 1 | undefined;
  /** Whether every bit is zero before it becomes what it should. */
  readonly isThroughZeros: boolean;
}

export class Supply {
  isPowered = true;
  armed: ArmedCut | undefined;

  /** @throws PowerLost where there is none */
  need(): void {
    if (!this.isPowered) throw new PowerLost('the flash has no power');
  }

  /** @throws RangeError where a number of the cut is not whole, or negative */
  arm(operationsLeft: number, cut: PowerCut, synced: readonly SectorImage[] | undefined): void {
    const numbers = [operationsLeft, cut.tornBytes ?? 0, cut.disturbedBits ?? 0];
    if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0))
      throw new RangeError('operations, torn bytes and bits are counted in whole numbers from 0');
    this.armed = { operationsLeft, cut, synced };
  }

  /** Counts an operation that begins. @returns the cut that falls in it, disarmed */
  begin(): ArmedCut | undefined {
    const { armed } = this;
    if (armed === undefined) return undefined;
    if (armed.operationsLeft > 0) {
      this.armed = { ...armed, operationsLeft: armed.operationsLeft - 1 };
      return undefined;
    }
    this.armed = undefined;
    return armed;
  }

  /** Power is gone. */
  fail(): never {
    this.isPowered = false;
    throw new PowerLost('power failed inside a flash operation');
  }
}

/** Does to the cells what the operation should. */
export function finish(cells: Cells, { offset, length, next, spentAfter }: Change): void {
  cells.put(offset, next);
  if (spentAfter !== undefined) cells.setSpent(offset, length, spentAfter);
}

/** Does to the cells what is left of an operation when power fails in it. @param seed of the part */
export function cutShort(cells: Cells, change: Change, armed: ArmedCut, seed: number): void {
  if (armed.synced !== undefined) {
    cells.restore(armed.synced);
    return;
  }
  const { offset, length, next } = change;
  const { tear: mode = 'prefix', tornBytes, disturbedBits = 0 } = armed.cut;
  const middle = mode === 'prefix' || mode === 'suffix' ? 0 : Math.floor(length / 2);
  const at = tornBytes ?? middle;
  if (at >= length && mode !== 'weak' && mode !== 'phantom') {
    finish(cells, change);
    return;
  }
  const random = seeded(seedOf(seed, armed.cut.seed ?? 0));
  if (change.isThroughZeros && mode !== 'phantom') cells.put(offset, new Uint8Array(length));
  const old = cells.bytes.subarray(offset, offset + length);
  cells.tear(offset, next, tear(mode, at % length, old, next, random));
  cells.setSpent(offset, length, 1);
  disturbBits(cells, disturbedBits, offset, length, random);
}
