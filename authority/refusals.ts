/** What the authority refuses, and what to do then. */

import { decline, type Outcome, type RefusalCatalogue } from '#protocol/http/refusal';

export const authorityRefusals = {
  documentMalformed: {
    httpStatus: 400,
    advice: 'final',
    text: 'The document does not have its layout.',
  },
  signatureInvalid: {
    httpStatus: 403,
    advice: 'final',
    text: 'The document is not signed by whom it names.',
  },
  keyInvalid: {
    httpStatus: 422,
    advice: 'final',
    text: 'A public key is a compressed point on P-256.',
  },
  meterUnknown: {
    httpStatus: 404,
    advice: 'act',
    text: 'No meter was made under this number: allot one first.',
  },
  meterNotCertified: {
    httpStatus: 409,
    advice: 'act',
    text: 'The keys of this meter are not certified: have them certified first.',
  },
  meterCertified: {
    httpStatus: 409,
    advice: 'final',
    text: 'This meter was certified with other keys.',
  },
  meterNotLicensed: {
    httpStatus: 404,
    advice: 'act',
    text: 'This meter has no licence: have it licensed first.',
  },
  meterRevoked: {
    httpStatus: 409,
    advice: 'final',
    text: 'The meter was revoked, which is for ever.',
  },
  meterWithdrawn: {
    httpStatus: 409,
    advice: 'final',
    text: 'The meter has proved another withdrawal before.',
  },
  accountKindFixed: {
    httpStatus: 409,
    advice: 'final',
    text: 'A meter with a current account never had another kind, and a prepaid one never becomes a current one.',
  },
  providerNotLicensed: {
    httpStatus: 403,
    advice: 'final',
    text: 'The latest licence of the meter is for another provider.',
  },
  batchChanged: {
    httpStatus: 409,
    advice: 'final',
    text: 'The batch with this number was taken, and it was another one.',
  },
  batchOutOfSequence: {
    httpStatus: 409,
    advice: 'act',
    text: 'Batches are taken in turn: send the one before first.',
  },
  logIncomplete: {
    httpStatus: 409,
    advice: 'act',
    text: 'The report counts records of the security log that are not here and were not sent with it.',
  },
  providerUnknown: {
    httpStatus: 404,
    advice: 'act',
    text: 'No provider has this number: register it first.',
  },
  certificateUnknown: {
    httpStatus: 404,
    advice: 'final',
    text: 'No certificate with this serial number was issued.',
  },
  requestIdReused: {
    httpStatus: 409,
    advice: 'final',
    text: 'This request id was used for a different request.',
  },
  issueTooLarge: {
    httpStatus: 422,
    advice: 'final',
    text: 'The sum of all value issued to a provider would pass 48 bits.',
  },
  licenceInvalid: {
    httpStatus: 422,
    advice: 'final',
    text: 'The terms of the licence contradict each other, or one of them is larger than its field (docs/documents.md).',
  },
  rateTableInvalid: {
    httpStatus: 422,
    advice: 'final',
    text: 'A rate table names each service once, with prices that fit its kind, from a date to a later one.',
  },
  rateTableTooLarge: {
    httpStatus: 422,
    advice: 'final',
    text: 'A rate table has 4,096 bytes at most, or a meter does not take it.',
  },
  rateTableMissing: {
    httpStatus: 404,
    advice: 'act',
    text: 'No rate table is valid today: publish one.',
  },
  challengeUnknown: {
    httpStatus: 409,
    advice: 'act',
    text: 'The report does not answer a challenge given to this meter: ask for a challenge first.',
  },
  challengeUsed: {
    httpStatus: 409,
    advice: 'act',
    text: 'Another report has answered this challenge: ask for a new one.',
  },
  meterLocked: {
    httpStatus: 409,
    advice: 'act',
    text: 'The meter is locked by an order: have it unlocked first.',
  },
  csrInvalid: {
    httpStatus: 422,
    advice: 'final',
    text: 'The PKCS#10 request does not fit what the meter signed.',
  },
  nameInvalid: {
    httpStatus: 422,
    advice: 'act',
    text: 'A name of a certificate is well-formed text that shows what it is.',
  },
  nameTaken: {
    httpStatus: 409,
    advice: 'act',
    text: 'Another meter has a certificate under a name that looks like this one: ask under another name.',
  },
  keyTaken: {
    httpStatus: 409,
    advice: 'final',
    text: 'This key is another one of ours: a key is held in one place.',
  },
  keyRequestChanged: {
    httpStatus: 409,
    advice: 'final',
    text: 'The meter has asked for this number with another key, name or use.',
  },
  keyRequestsWaiting: {
    httpStatus: 429,
    advice: 'wait',
    text: 'This meter has as many requests waiting as it may have.',
  },
  keyRequestUnknown: {
    httpStatus: 404,
    advice: 'act',
    text: 'There is no such request for a certificate: send the request first.',
  },
  keyRequestPending: {
    httpStatus: 409,
    advice: 'wait',
    text: 'The identity of the holder is being checked.',
  },
  keyRequestRefused: {
    httpStatus: 403,
    advice: 'final',
    text: 'The certificate was refused.',
  },
  keyRequestDecided: {
    httpStatus: 409,
    advice: 'final',
    text: 'The request was decided otherwise before.',
  },
  rootUnknown: {
    httpStatus: 404,
    advice: 'final',
    text: 'The authority has no key under this name, or none that it can tell of.',
  },
  revocationUnknown: {
    httpStatus: 404,
    advice: 'final',
    text: 'No order to revoke this key was signed.',
  },
  confirmationChanged: {
    httpStatus: 409,
    advice: 'final',
    text: 'The meter has confirmed this revocation before, and otherwise.',
  },
} as const satisfies RefusalCatalogue;

export type AuthorityRefusal = keyof typeof authorityRefusals;
export type AuthorityOutcome<T> = Outcome<T, AuthorityRefusal>;

/** Refuses with a name of this catalogue. */
export const refuseBecause = (error: AuthorityRefusal, detail = '') => decline(error, detail);
