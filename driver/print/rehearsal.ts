/** A label that is composed before anything is charged, to see whether it can be: it is worth nothing, and nobody prints it. */

import { INDICIUM_SIZE } from '#protocol/documents/indicium';
import { composeFace, type Extras } from './face.ts';
import { type Layout, layoutNamed } from './layout.ts';
import type { PrinterProfile } from './printer-profile.ts';

/** @throws LabelError where it has no room, no place, or no letters for what is asked */
export function rehearseLabel(
  profile: PrinterProfile,
  { service = '', ...extras }: Extras & { readonly service?: string | undefined },
  layout: Layout = layoutNamed(profile.layout),
): void {
  const field = { caption: 'NONE', value: '0' };
  const words = { mailed: field, piece: field, meter: field, origin: field };
  const face = {
    words: { heading: 'NONE', amount: '0', service: service.toUpperCase(), ...words },
    payload: new Uint8Array(INDICIUM_SIZE),
    stamp: { word: 'VOID', over: 'symbol' } as const,
  };
  composeFace(face, profile, layout, extras);
}
