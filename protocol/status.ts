/**
 * The status catalogue: every answer a meter can give to a request, numbered once and never reused. What they mean in words
 * is in status-text.ts, which the image does not carry.
 *
 * The high byte is the range: 00 success, 01 request, 02 state and access, 03 value, 04 documents, 05 lock-ups,
 * 0f faults. Ranges 01 to 05 are operational: the meter goes on. 0f is the error state (requirements.md A1, A3, A8).
 */

/** What the host may do about a refusal. */
export type Advice =
  /** The same request may succeed if simply sent again. */
  | 'retry'
  /** The same request may succeed after the time in `detail`. */
  | 'wait'
  /** Something must be done first; the text says what. */
  | 'act'
  /** This request will never succeed. */
  | 'final';

interface StatusNumber {
  readonly code: number;
  readonly advice: Advice;
}

export const statuses = {
  ok: { code: 0x0000, advice: 'final' },

  malformedRequest: { code: 0x0101, advice: 'final' },
  unknownCommand: { code: 0x0102, advice: 'final' },
  fieldOutOfRange: { code: 0x0103, advice: 'final' },

  wrongState: { code: 0x0201, advice: 'act' },
  wrongRole: { code: 0x0202, advice: 'act' },
  wrongLifeCycle: { code: 0x0203, advice: 'act' },
  sessionRequired: { code: 0x0204, advice: 'act' },
  sessionEnded: { code: 0x0205, advice: 'act' },
  authenticationFailed: { code: 0x0206, advice: 'final' },
  versionUnsupported: { code: 0x0207, advice: 'final' },
  passwordWrong: { code: 0x0208, advice: 'act' },
  passwordDelayed: { code: 0x0209, advice: 'wait' },
  lockedOut: { code: 0x020a, advice: 'act' },
  passwordUnfit: { code: 0x020b, advice: 'final' },
  selfTestDelayed: { code: 0x020c, advice: 'wait' },

  insufficientFunds: { code: 0x0301, advice: 'act' },
  postageBelowMinimum: { code: 0x0302, advice: 'final' },
  postageAboveMaximum: { code: 0x0303, advice: 'final' },
  refillAboveMaximum: { code: 0x0304, advice: 'final' },
  refillPending: { code: 0x0305, advice: 'act' },
  noRefillPending: { code: 0x0306, advice: 'final' },
  requestIdReused: { code: 0x0307, advice: 'final' },
  requestForgotten: { code: 0x0308, advice: 'final' },
  requestIdTooFar: { code: 0x0309, advice: 'final' },
  serviceUnknown: { code: 0x030a, advice: 'final' },
  postageNotRate: { code: 0x030b, advice: 'final' },
  amountInvalid: { code: 0x030c, advice: 'final' },
  spoilageAboveCap: { code: 0x030d, advice: 'final' },
  creditLimitReached: { code: 0x030e, advice: 'act' },
  confirmationNeeded: { code: 0x030f, advice: 'act' },
  originalUnknown: { code: 0x0310, advice: 'final' },
  redatedAlready: { code: 0x0311, advice: 'final' },
  dayLimitReached: { code: 0x0312, advice: 'wait' },
  serviceNotLicensed: { code: 0x0313, advice: 'final' },
  weightInvalid: { code: 0x0314, advice: 'final' },
  zoneInvalid: { code: 0x0315, advice: 'final' },
  accountUnavailable: { code: 0x0316, advice: 'final' },
  refillBelowMinimum: { code: 0x0317, advice: 'final' },

  documentMalformed: { code: 0x0401, advice: 'final' },
  signatureInvalid: { code: 0x0402, advice: 'final' },
  documentForOtherMeter: { code: 0x0403, advice: 'final' },
  documentOutdated: { code: 0x0404, advice: 'final' },
  documentNotValidNow: { code: 0x0405, advice: 'act' },
  documentMismatch: { code: 0x0406, advice: 'final' },
  keyMismatch: { code: 0x0407, advice: 'final' },
  noRenewalPending: { code: 0x0408, advice: 'act' },
  keyUnknown: { code: 0x0409, advice: 'final' },
  keyNotFor: { code: 0x040a, advice: 'final' },
  keyNotActive: { code: 0x040b, advice: 'act' },
  keyExpired: { code: 0x040c, advice: 'act' },
  keysFull: { code: 0x040d, advice: 'act' },
  keyHeld: { code: 0x040e, advice: 'final' },
  storeFull: { code: 0x040f, advice: 'act' },
  contentDifferent: { code: 0x0318, advice: 'act' },
  authorityKeyUnannounced: { code: 0x04c0, advice: 'final' },
  authorityKeyOutOfTurn: { code: 0x04c1, advice: 'act' },

  updateUnavailable: { code: 0x0480, advice: 'final' },
  imageInstalled: { code: 0x0481, advice: 'final' },
  imageOutdated: { code: 0x0482, advice: 'final' },
  imageTooLarge: { code: 0x0483, advice: 'final' },
  imageForOtherProcessor: { code: 0x0484, advice: 'final' },
  imageDamaged: { code: 0x0485, advice: 'act' },
  updateNotBegun: { code: 0x0486, advice: 'act' },
  updateOffsetWrong: { code: 0x0487, advice: 'act' },
  slotFailed: { code: 0x0488, advice: 'act' },

  clockNotTrusted: { code: 0x0501, advice: 'act' },
  rateTableMissing: { code: 0x0502, advice: 'act' },
  dateNotAllowed: { code: 0x0503, advice: 'final' },
  certificateExpired: { code: 0x0504, advice: 'act' },
  locked: { code: 0x0505, advice: 'act' },
  revoked: { code: 0x0506, advice: 'final' },
  inspectionOverdue: { code: 0x0507, advice: 'act' },
  clockFault: { code: 0x0508, advice: 'act' },
  licenceExpired: { code: 0x0509, advice: 'act' },
  logFull: { code: 0x050a, advice: 'act' },
  clockSetBack: { code: 0x050b, advice: 'final' },
  clockDriftTooLarge: { code: 0x050c, advice: 'final' },
  challengeUnknown: { code: 0x050d, advice: 'act' },

  selfTestFailed: { code: 0x0f01, advice: 'act' },
  registersInconsistent: { code: 0x0f02, advice: 'final' },
  storeDamaged: { code: 0x0f03, advice: 'final' },
  flashFailed: { code: 0x0f04, advice: 'final' },
  entropyFailed: { code: 0x0f05, advice: 'act' },
  tampered: { code: 0x0f06, advice: 'final' },
  internalFault: { code: 0x0f07, advice: 'act' },
  imageInvalid: { code: 0x0f08, advice: 'act' },
  logDamaged: { code: 0x0f09, advice: 'final' },
} as const satisfies Record<string, StatusNumber>;

export type StatusName = keyof typeof statuses;
export type RefusalName = Exclude<StatusName, 'ok'>;

const nameByCode = new Map<number, StatusName>(
  Object.entries(statuses).map(([name, { code }]) => [code, name as StatusName]),
);

/** The name of a status number; undefined for a number this catalogue does not know (a newer meter). */
export function statusName(code: number): StatusName | undefined {
  return nameByCode.get(code);
}

/** Whether the same request may succeed later without anybody doing anything. */
export function isTransient(name: StatusName): boolean {
  switch ((statuses[name] as StatusNumber).advice) {
    case 'retry':
    case 'wait':
      return true;
    case 'act':
    case 'final':
      return false;
  }
}
