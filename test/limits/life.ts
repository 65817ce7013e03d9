/** A whole life of a meter within limits: every check of the conformance kit, in a world that repeats (docs/cpu.md). */

import type { Check } from '#cli/conformance/check';
import { checksOf } from '#cli/conformance/checks';
import { runChecks } from '#cli/conformance/run';
import type { BoardFault } from '#emulator/board-fault';
import type { Cpu, CpuFigures } from '#emulator/cpu/cpu';
import { createSeededEntropy } from '#emulator/entropy';
import { loadImage } from '#emulator/image-file';
import { createMarking } from '#emulator/marks';
import type { BodyForm } from '#protocol/documents/image-header';
import { kitMeter } from '#test/cli/conformance/stations';
import { repeatingCrypto } from '#test/differential/documents';

export interface Conditions {
  readonly form: BodyForm;
  readonly cryptoEngine: boolean;
}

/** How a life ended: with every check passed, or before. */
export type Outcome =
  | { readonly passes: true; readonly figures: CpuFigures; readonly checks: number }
  | { readonly passes: false; readonly fault: BoardFault };

/** @param checks all unless given @throws Error where a check fails though no limit was reached */
export async function liveWholly(
  cpu: Cpu,
  conditions: Conditions,
  checks: readonly Check[] = checksOf('life'),
): Promise<Outcome> {
  const { form, cryptoEngine } = conditions;
  const marking = createMarking(cpu);
  await using meter = await kitMeter('blank', {
    ...loadImage(form),
    ...{ cpu: marking.cpu, entropy: marking.counted(createSeededEntropy(3)), cryptoEngine },
    crypto: repeatingCrypto('a whole life'),
  });
  const { board, station } = meter;
  const results = await runChecks(station, checks, { isLost: () => board.fault?.message });
  if (board.fault !== undefined) return { passes: false, fault: board.fault };
  const other = results.find(({ outcome }) => outcome !== 'passed');
  if (other !== undefined) throw new Error(`check ${other.id} ${other.outcome}: ${other.reason}`);
  const { ramBytes: ram, stackBytes: stack, polls } = marking.marks(board.flash);
  if (ram === undefined || stack === undefined || polls === undefined)
    throw new Error('this processor has no marks');
  return { passes: true, figures: { ram, stack, polls }, checks: results.length };
}
