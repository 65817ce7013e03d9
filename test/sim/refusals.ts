/** What an honest meter may say to an honest desk, by what was asked. */

import type { RefusalName } from '#protocol/status';

/** Until somebody does what it names: an order, a contact, an inspection, the right time. */
export const lockRefusals = [
  'locked',
  'revoked',
  'clockFault',
  'clockNotTrusted',
  'inspectionOverdue',
  'licenceExpired',
  'logFull',
] as const satisfies readonly RefusalName[];

/** The last two where its clock is days behind. */
export const pieceRefusals = [
  ...lockRefusals,
  'insufficientFunds',
  'dateNotAllowed',
  'certificateExpired',
  'rateTableMissing',
] as const satisfies readonly RefusalName[];

export const refillRefusals = [
  ...lockRefusals,
  'refillAboveMaximum',
  'spoilageAboveCap',
] as const satisfies readonly RefusalName[];

/** What is told to somebody who sets a clock that may not be moved so far. */
export const clockRefusals = [
  'clockSetBack',
  'clockDriftTooLarge',
  'challengeUnknown',
] as const satisfies readonly RefusalName[];
