/** What tests ask a meter to print: a letter of 0.780 for today, unless told otherwise. */

import type { RequestOf } from '#protocol/command';
import { mills } from '#protocol/mills';
import { TODAY } from './meter.ts';

export type PieceRequest = RequestOf<'createIndicium'>;

/** @param counter of the request id */
export const letter = (counter: number, changes: Partial<PieceRequest> = {}): PieceRequest => ({
  requestId: { counter, nonce: 77 },
  kind: 'postage',
  original: 0,
  serviceId: 1,
  weightMg: 0,
  zone: 0,
  extras: [],
  postage: mills(780),
  isConfirmed: false,
  mailingDate: TODAY,
  destination: 0,
  ...changes,
});
