/** A postage label as one picture, from an indicium and what is printed beside it (requirements.md F6; domain.md 1.5). */

import {
  type Indicium,
  type IndiciumFields,
  indiciumCore,
  joinIndicium,
} from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import type { Bitmap } from './bitmap.ts';
import { composeFace, type Extras, type Face } from './face.ts';
import { imprintText } from './imprint-text.ts';
import { type Layout, layoutNamed } from './layout.ts';
import type { PrinterProfile } from './printer-profile.ts';

/**
 * `postage`: worth money. `specimen`: to look at before paying; nothing in it is signed. `void`: to try a printer with;
 * nothing in it is signed, and the amount is 0 (domain.md R37).
 */
export type LabelVariant = 'postage' | 'specimen' | 'void';

export interface LabelOptions extends Extras {
  /** `postage` where nothing is said. */
  readonly variant?: LabelVariant;
  /** The class inscription, as `First-class letter`. */
  readonly service?: string;
  /** What stands before the amount; `$` where nothing is said. */
  readonly currency?: string;
  /** Whether this indicium was on paper before: it says so beside the symbol. */
  readonly isReprint?: boolean;
  /** That of the printer where nothing is said. */
  readonly layout?: Layout;
}

const stamps = {
  postage: undefined,
  specimen: { word: 'SPECIMEN', over: 'all' },
  void: { word: 'VOID', over: 'symbol' },
} as const satisfies Record<LabelVariant, Face['stamp']>;

/** @throws RangeError for postage without a signature · LabelError where it cannot be had on this paper */
export function composeLabel(
  indicium: Indicium,
  profile: PrinterProfile,
  options: LabelOptions = {},
): Bitmap {
  const { variant = 'postage', service = '', currency = '$', isReprint } = options;
  const { layout = layoutNamed(profile.layout) } = options;
  const shown = variant === 'void' ? voided(indicium) : indicium;
  const face: Face = {
    words: imprintText(shown, { currency, service, isReprint }),
    payload: joinIndicium(indiciumCore(shown), signatureOf(indicium, variant)),
    stamp: stamps[variant],
  };
  return composeFace(face, profile, layout, options);
}

/** Only postage carries the signature; without one a label proves nothing, whoever copies it. */
function signatureOf({ signature }: Indicium, variant: LabelVariant): Uint8Array {
  if (variant !== 'postage') return new Uint8Array(signature.length);
  if (signature.every((byte) => byte === 0))
    throw new RangeError('an indicium without a signature can only be a specimen');
  return signature;
}

function voided(indicium: Indicium): IndiciumFields {
  return { ...indicium, postage: mills(0), flags: { ...indicium.flags, test: true } };
}
