/** What stands on a label beside the indicium, by the options of the command line (requirements.md C3, F6). */

import type { LabelOptions } from '#driver/print/label';
import { readAdvert } from './advert.ts';
import { inscriptionOf } from './asked-piece.ts';

export interface LabelTexts {
  readonly inscription?: string;
  /** Lines with a | between them. */
  readonly returnAddress?: string;
  readonly addressee?: string;
  /** A file with art. */
  readonly advert?: string;
}

const lines = (text: string | undefined): readonly string[] =>
  text === undefined ? [] : text.split('|');

export function labelOptions(
  { inscription, returnAddress, addressee, advert }: LabelTexts,
  serviceId: number,
  extras: readonly number[] | undefined,
): LabelOptions {
  return {
    service: inscription ?? inscriptionOf(serviceId, extras),
    returnAddress: lines(returnAddress),
    addressee: lines(addressee),
    ...(advert !== undefined && { advert: readAdvert(advert) }),
  };
}
