/** Why a spoiled piece is not paid back, in a sentence (domain.md R20, R21). */

import type { Rejection } from '#provider/claim-pieces';

const texts: Readonly<Record<Rejection, string>> = {
  unreadable: 'it is no indicium',
  signatureInvalid: 'the key of this meter did not sign it',
  otherMeter: 'another meter made it',
  noValue: 'it has no value',
  scanned: 'it was seen in the mail',
  refundedBefore: 'it was paid back before',
  aboveCap:
    'more would come back than the licence lets, which is a part of all that the meter has used',
  meterWithdrawn: 'the meter is withdrawn',
  tooOld: 'its date of mailing is too long ago',
  claimedBefore: 'it was claimed before',
};

/** Behind the state of a piece; nothing for one that is not rejected. One that is not known here is told by its name. */
export function rejectionText(rejection: string | undefined): string {
  if (rejection === undefined) return '';
  const known = Object.hasOwn(texts, rejection) ? texts[rejection as Rejection] : undefined;
  return known === undefined ? `, ${rejection}` : `, ${rejection}: ${known}`;
}
