/** One cut of power inside one operation of an update, and what must be true afterwards. */

import { isDeepStrictEqual } from 'node:util';
import { RefusedError } from '#driver/errors';
import { updateImage } from '#driver/update';
import type { TearMode } from '#emulator/flash/tear';
import { PowerLost } from '#emulator/power';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import { NEW, OLD, release, updatable } from '#test/support/update';
import { type Operation, partsOn, type Rehearsal, restore } from './rehearsal.ts';

export interface Cut {
  /** Of the rehearsal, or of the recovery from another cut. */
  readonly operation: Operation;
  readonly tear: TearMode;
  /** The place in the operation, and what else is left to chance. */
  readonly seed: number;
}

export type Version = 'old' | 'new';
export interface Verdict {
  readonly runs: Version | undefined;
  readonly violations: readonly string[];
  /** What the first start behind the cut programmed and erased. */
  readonly recovery: readonly Operation[];
}

const newImage = release(NEW);

/** The chips as the cut leaves them. @returns false where the chip refused the operation, so that there is nothing to cut */
export function makeCut({ chips }: Pick<Rehearsal, 'chips'>, cut: Cut): boolean {
  const { operation, tear, seed } = cut;
  restore(chips, operation.before);
  const chip = chips[operation.chip];
  const length = operation.data?.length ?? chip.sectorSize;
  const place = 1 + (((seed * 2_654_435_761) >>> 0) % Math.max(1, length - 1));
  chip.losePowerAfter(0, { tear, tornBytes: Math.min(place, length - 1), seed });
  try {
    if (operation.data === undefined) chip.erase(operation.offset);
    else chip.program(operation.offset, operation.data.slice().buffer);
    return false;
  } catch (error) {
    if (!(error instanceof PowerLost)) throw error;
  }
  chip.restorePower();
  return true;
}

/**
 * Switches on twice, compares, and updates once more.
 * @param expected what may run; either where left out
 * @param isThorough whether the whole update is done again, and not only begun
 */
export async function judge(
  rehearsal: Rehearsal,
  fuse: number,
  expected: Version | undefined,
  isThorough: boolean,
): Promise<Verdict> {
  const { registers } = rehearsal;
  const violations: string[] = [];
  const recovery: Operation[] = [];
  let isFirst = true;
  const parts = await partsOn(rehearsal, fuse, (operation) => {
    if (isFirst) recovery.push(operation);
  });
  await using meter = updatable(parts);
  isFirst = false;
  const runs = await versionOf(meter, registers, violations);
  if (expected !== undefined && runs !== expected)
    violations.push(`${runs ?? 'nothing'} runs, not the ${expected} image`);
  meter.board.powerOff();
  meter.board.powerOn();
  const later = await versionOf(meter, registers, violations);
  if (later !== runs) violations.push(`${runs} ran first, then ${later}`);
  if (violations.length === 0) await updateAgain(meter, runs, isThorough, violations);
  if (violations.length === 0) await versionOf(meter, registers, violations);
  return { runs, violations, recovery };
}

type Meter = ReturnType<typeof updatable>;

async function versionOf(
  meter: Meter,
  registers: Rehearsal['registers'],
  violations: string[],
): Promise<Version | undefined> {
  if (meter.board.fault !== undefined) {
    violations.push(`dead: ${meter.board.fault.message}`);
    return undefined;
  }
  const anonymous = await meter.anonymous();
  const { imageVersion } = await anonymous.version();
  const status = await anonymous.status();
  if (status.state === 'error') violations.push(`state ${status.state}`);
  if (!isDeepStrictEqual(status.registers, registers)) violations.push('money has changed');
  if (imageVersion === OLD.imageVersion) return 'old';
  return imageVersion === NEW.imageVersion ? 'new' : undefined;
}

async function updateAgain(
  meter: Meter,
  runs: Version | undefined,
  isThorough: boolean,
  violations: string[],
): Promise<void> {
  const officer = await meter.loggedIn('cryptoOfficer');
  try {
    if (runs === 'new') {
      const next = release({ ...NEW, imageVersion: NEW.imageVersion + 1 });
      await officer.updateBegin(next.slice(0, IMAGE_HEADER_SIZE));
    } else if (isThorough) {
      const { isInstalled } = await updateImage(officer, newImage);
      if (!isInstalled) violations.push('the update done again did not take');
    } else {
      const { have } = await officer.updateBegin(newImage.slice(0, IMAGE_HEADER_SIZE));
      const at = IMAGE_HEADER_SIZE + have;
      await officer.updateWrite({ offset: have, data: newImage.slice(at, at + 256) });
    }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    violations.push(`the update is refused afterwards: ${error.status}`);
  }
}
