/** The status catalogue in words: what happened and what to do, for a person, and what the detail counts. */

import { type Advice, type StatusName, statuses } from './status.ts';

interface StatusText {
  readonly text: string;
  /** What the number `detail` means in this status, with its unit. */
  readonly detail?: string;
}

export interface StatusEntry extends StatusText {
  readonly code: number;
  readonly advice: Advice;
}

/** A status without a text does not compile. */
const texts: Readonly<Record<StatusName, StatusText>> = {
  ok: { text: 'The service was performed.' },

  malformedRequest: { text: 'The request does not have the layout of its command.' },
  unknownCommand: { text: 'The meter has no such command; see its version.' },
  fieldOutOfRange: { text: 'A field of the request is outside the values it may have.' },

  wrongState: { text: 'The meter is in a state that does not allow this service.' },
  wrongRole: { text: 'This service belongs to another role: log in with that role.' },
  wrongLifeCycle: {
    text: 'The meter has not reached, or has passed, the stage of its life for this.',
  },
  sessionRequired: { text: 'This service needs a session: authenticate first.' },
  sessionEnded: { text: 'There is no such session any more: authenticate again.' },
  authenticationFailed: { text: 'The other side did not prove who it is; the session is closed.' },
  versionUnsupported: { text: 'No version or suite of the handshake that both sides accept.' },
  passwordWrong: { text: 'The password is wrong; the try was counted.', detail: 'tries left' },
  passwordDelayed: {
    text: 'Too soon after a wrong password; wait.',
    detail: 'milliseconds to wait',
  },
  lockedOut: { text: 'Too many wrong passwords: the crypto officer must set a new one.' },
  passwordUnfit: { text: 'A password has 8 to 64 bytes and differs from the old one.' },
  selfTestDelayed: { text: 'The self-tests ran just now; wait.', detail: 'milliseconds to wait' },

  insufficientFunds: { text: 'Not enough funds: refill the meter.', detail: 'mills missing' },
  postageBelowMinimum: { text: 'The amount is below the least postage.', detail: 'least mills' },
  postageAboveMaximum: { text: 'The amount is above the most postage.', detail: 'most mills' },
  refillAboveMaximum: {
    text: 'The descending register would pass its maximum.',
    detail: 'most mills that fit',
  },
  refillPending: { text: 'A refill is under way: finish it first.', detail: 'mills requested' },
  noRefillPending: { text: 'No refill was requested, so none can be credited.' },
  requestIdReused: { text: 'This request id was used for a different request.' },
  requestForgotten: { text: 'This request id is too old: its answer is not kept any more.' },
  requestIdTooFar: {
    text: 'The counter of a request id may run ahead by 65,536 at most.',
    detail: 'last counter',
  },
  serviceUnknown: { text: 'The rate table has no such service.' },
  postageNotRate: {
    text: 'The amount is not the rate of this service.',
    detail: 'mills of the rate',
  },
  amountInvalid: { text: 'The amount is zero or not a multiple that is sold.' },
  spoilageAboveCap: {
    text: 'More spoiled postage than the licence lets a meter take back.',
    detail: 'most mills that fit',
  },
  creditLimitReached: {
    text: 'What is not settled yet would pass its limit, which is none without a current account: settle it.',
    detail: 'mills above the limit',
  },
  confirmationNeeded: {
    text: 'The amount is a high one: say that it is meant.',
    detail: 'mills from which on it is asked',
  },
  originalUnknown: { text: 'The meter has no record of the indicium that this one stands for.' },
  redatedAlready: { text: 'An indicium can be redated once.' },
  dayLimitReached: {
    text: 'The licence allows no more postage or pieces today.',
    detail: 'milliseconds to the next day, UTC',
  },
  serviceNotLicensed: { text: 'The licence does not allow this service.' },
  weightInvalid: {
    text: 'The rate table has no such weight for this service.',
    detail: 'most milligrams',
  },
  zoneInvalid: { text: 'The rate table has no such zone.', detail: 'zones of the service' },
  accountUnavailable: {
    text: 'The licence of this meter does not provide for this kind of account.',
  },
  refillBelowMinimum: { text: 'The amount is below the least refill.', detail: 'least mills' },

  documentMalformed: { text: 'A signed document does not have its layout.' },
  signatureInvalid: { text: 'The signature of a document is wrong.' },
  documentForOtherMeter: { text: 'The document was made for another meter.' },
  documentOutdated: { text: 'The meter already holds this document or a later one.' },
  documentNotValidNow: { text: 'The document is not valid at the time of the secure clock.' },
  documentMismatch: { text: 'The document does not answer the request that the meter made.' },
  keyMismatch: { text: 'A certificate does not hold the key that was born in this meter.' },
  keyUnknown: { text: 'The meter has no key of this number.' },
  keyNotFor: { text: 'The certificate of this key does not allow that use.' },
  keyNotActive: { text: 'This key waits for its certificate: install that first.' },
  keyExpired: { text: 'The certificate of this key is not valid today: request another key.' },
  keysFull: { text: 'The meter keeps no more keys: revoke or drop one first.' },
  keyHeld: { text: 'The meter holds this key already, or it is in use and must be revoked.' },
  storeFull: { text: 'The store has no room for it: revoke or drop a key first.' },
  validityOutside: {
    text: 'A certificate begins today or later, and ends with that of its agent at the latest.',
  },
  contentReserved: {
    text: 'A content that begins as a ticket or the answer to a challenge is not signed: wrap it in another.',
  },
  receiverKeyInvalid: { text: 'The key of the receiver is no point of the curve P-256.' },
  keyNotUnwrapped: {
    text: 'The wrapped key does not open: it was made for another key, or changed.',
  },
  contentDifferent: {
    text: 'The digest is not that of a content which was hashed here: send the content again.',
  },
  creditExceeded: {
    text: 'More than what is left of the line of credit.',
    detail: 'what is left, in mills',
  },
  creditUnknown: { text: 'The meter holds no such line of credit.' },
  creditHeld: { text: 'The meter has taken this line of credit already.' },
  creditsFull: { text: 'The meter holds no more lines of credit: wait until one of them is over.' },
  creditExpired: { text: 'The line of credit is not valid today.' },
  creditNotFor: { text: 'The line of credit may not be spent on that.' },
  tokenKeysMissing: {
    text: 'The meter has no keys for digital tokens: let the authority give them first.',
  },
  tokenKeysUnasked: {
    text: 'The meter did not ask for these keys since its officer logged in: request them again.',
  },
  noRenewalPending: {
    text: 'No other keys of the meter wait for certificates: let them be born first.',
  },
  authorityKeyUnannounced: {
    text: 'This authority key is not the one whose hash was announced to the meter.',
  },
  authorityKeyOutOfTurn: {
    text: 'An authority key between is missing: bring the certificates in turn.',
  },

  updateUnavailable: {
    text: 'This meter has no second place for an image: it is updated otherwise.',
  },
  imageInstalled: { text: 'The meter runs an image of this version already.' },
  imageOutdated: { text: 'The image is older than the one that runs: the meter never goes back.' },
  imageTooLarge: { text: 'The image does not fit the meter.', detail: 'most bytes of a body' },
  imageForOtherProcessor: { text: 'The image is bytecode for another processor.' },
  imageDamaged: { text: 'What was loaded is not what was signed: load it again.' },
  updateNotBegun: { text: 'No image is being loaded: announce it first.' },
  updateOffsetWrong: { text: 'The image goes on at another place.', detail: 'bytes so far' },
  slotFailed: { text: 'The place for the image did not take what was written: begin again.' },

  clockNotTrusted: { text: 'The secure clock is not trusted: have it set.' },
  rateTableMissing: { text: 'No rate table is valid today: install one.' },
  dateNotAllowed: { text: 'The date of mailing must lie between today and 30 days ahead.' },
  certificateExpired: { text: 'The certificate of the meter is not valid today: renew it.' },
  locked: {
    text: 'The authority has locked this meter: ask it why.',
    detail: 'number of the reason',
  },
  revoked: { text: 'The authority has revoked this meter.' },
  inspectionOverdue: {
    text: 'The inspection is overdue: have the meter inspected, or refill it.',
    detail: 'hours since it was due',
  },
  clockFault: {
    text: 'The secure clock went wrong: have it set by the authority or the provider.',
  },
  licenceExpired: { text: 'The licence is not valid any more: have it renewed.' },
  logFull: { text: 'The security log is full: have the meter inspected, which exports it.' },
  clockSetBack: {
    text: 'The secure clock never goes back before the last record of the meter.',
    detail: 'milliseconds too early',
  },
  clockDriftTooLarge: {
    text: 'A clock that is trusted is not moved that far.',
    detail: 'most milliseconds',
  },
  challengeUnknown: {
    text: 'The document answers no question that the meter asked since it was switched on.',
  },

  selfTestFailed: {
    text: 'A self-test failed: switch the meter off and on.',
    detail: 'number of the test',
  },
  registersInconsistent: { text: 'The registers contradict each other: send the meter in.' },
  storeDamaged: { text: 'The key store is damaged: send the meter in.' },
  flashFailed: { text: 'The flash failed or is worn out: send the meter in.' },
  entropyFailed: {
    text: 'The entropy source failed its health test: switch the meter off and on.',
  },
  tampered: { text: 'The housing was opened: the keys are destroyed, the registers can be read.' },
  internalFault: { text: 'The firmware met a contradiction and stopped: switch it off and on.' },
  imageInvalid: {
    text: 'The firmware image is not the one that was signed: switch the meter off and on.',
    detail: 'number of the test',
  },
  logDamaged: { text: 'Records of the security log are lost: send the meter in.' },
};

/** Number, advice and words of a status. */
export function statusEntry(name: StatusName): StatusEntry {
  return { ...statuses[name], ...texts[name] };
}
