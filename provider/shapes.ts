/** The shapes that several routes of the provider share. */

import { formatMeterId, parseMeterId } from '#protocol/documents/meter-id';
import { RECEIPT_NUMBER_MAX } from '#protocol/documents/receipt';
import { SPOILED_PIECES_MAX, spoilageReasons } from '#protocol/documents/spoilage';
import { VALUE_REQUEST_ID_SIZE } from '#protocol/documents/value';
import { amount, choice, hex, list, nullable, parsed, record, whole } from '#protocol/http/shape';
import { claimStates, rejections } from './claim-pieces.ts';

export const document = hex(1, 512);
export const meterId = parsed('a meter number as TS01-0000000042', parseMeterId, formatMeterId);
export const requestId = hex(VALUE_REQUEST_ID_SIZE);
export const instant = whole(0, 2 ** 48 - 1);
export const count = whole(0, Number.MAX_SAFE_INTEGER);
export const customerId = whole(1, Number.MAX_SAFE_INTEGER);
export const receiptNumber = whole(1, RECEIPT_NUMBER_MAX);
export const sequence = whole(0, 0xffff_ffff);
export const lockOrder = nullable(document);
export const completion = record({ finished: count, pending: count });

export const claim = record({
  claimId: count,
  customerId,
  meterId,
  reason: choice(spoilageReasons),
  state: choice(claimStates),
  approved: amount,
  submittedMs: instant,
  pieces: list(
    record({
      piece: nullable(sequence),
      amount,
      state: choice(claimStates),
      rejection: nullable(choice(rejections)),
    }),
    SPOILED_PIECES_MAX,
  ),
});
