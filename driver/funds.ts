/** What a meter can spend, and what its licence says of money (requirements.md B1, B2, F7; domain.md R8, R9). */

import type { Registers } from '#protocol/command-layouts';
import { type Licence, type LicenceFields, licenceDocument } from '#protocol/documents/licence';
import { type Mills, mills } from '#protocol/mills';
import type { Meter } from './meter.ts';
import type { CallOptions } from './session.ts';

/** The licence that a meter holds; undefined where it has none. In a session. @throws RefusedError, LinkError */
export async function licenceOf(
  meter: Pick<Meter, 'licence'>,
  options: CallOptions = {},
): Promise<Licence | undefined> {
  const { licence } = await meter.licence(options);
  const read = licenceDocument.read(licence);
  return read.ok ? read.value : undefined;
}

/** What can be spent on postage now: what was bought, or what a current account has left of its limit. */
export function spendable(
  { ascending, descending, settled }: Pick<Registers, 'ascending' | 'descending' | 'settled'>,
  licence: Pick<LicenceFields, 'accountKind' | 'descendingMax'> | undefined,
): Mills {
  if (licence?.accountKind !== 'current') return descending;
  return mills(Math.max(0, licence.descendingMax - (ascending - settled)));
}
