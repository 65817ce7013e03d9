/** Holds an emulated board to its profile (requirements.md H4; docs/profiles.md). */

import type { Board } from './board.ts';
import type { BoardDirectory } from './board-directory.ts';
import type { Cpu } from './cpu/cpu.ts';
import { createNodeVmCpu } from './cpu/node-vm.ts';
import { createQuickJsCpu } from './cpu/quickjs.ts';
import type { MachineLimits } from './cpu/quickjs-machine.ts';
import { ERASED, type FlashGeometry } from './flash.ts';
import type { BoardProfile } from './profile.ts';

/** Of the options of an emulator. */
interface HeldTo {
  readonly profile?: BoardProfile | undefined;
  readonly geometry?: FlashGeometry;
}

interface BoardParts {
  readonly cpu?: Cpu;
  readonly cryptoEngine?: boolean;
  readonly geometry?: FlashGeometry;
}

/** What a profile says of a board, as options of its emulator. */
export function optionsOf(profile: BoardProfile | undefined): BoardParts {
  if (profile === undefined) return {};
  const { cpu, cryptoEngine, flash } = profile;
  const { sectorSize, sectors, programUnit } = flash;
  return {
    cpu: cpu === 'quickjs' ? createQuickJsCpu(limitsOf(profile)) : createNodeVmCpu(),
    cryptoEngine,
    geometry: { size: sectors * sectorSize, sectorSize, programUnit },
  };
}

/** Of a profile of the embedded processor, which has all three. */
const limitsOf = ({ ramBytes, stackBytes, polls }: BoardProfile): Partial<MachineLimits> => ({
  ...(ramBytes !== undefined && { ramBytes }),
  ...(stackBytes !== undefined && { stackBytes }),
  ...(polls !== undefined && { polls }),
});

const told = ({ size, sectorSize, programUnit }: FlashGeometry): string =>
  `${size / sectorSize} sectors of ${sectorSize} bytes, programmed by ${programUnit}`;

/** A board that exists keeps its flash: another profile is another board. */
export function checkFlash({ flash, path }: BoardDirectory, { profile, geometry }: HeldTo): void {
  if (profile === undefined || geometry === undefined) return;
  if (told(flash) !== told(geometry))
    throw new Error(
      `The board in ${path} has ${told(flash)}, and the profile ${profile.name} has ${told(geometry)}.`,
    );
}

/** A firmware that finds too little flash comes up, and says so: there is nothing to be done with such a board. */
export function checkComesUp(board: Board, { profile }: HeldTo): void {
  if (profile === undefined || board.indicator !== 'error') return;
  if (board.flash.contents().some((byte) => byte !== ERASED)) return; // its fault has another cause
  throw new Error(
    `The meter comes up in the error state on a blank flash of ${told(board.flash)}: the firmware needs more sectors than the profile ${profile.name} has.`,
  );
}
