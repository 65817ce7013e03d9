/**
 * The status catalogue: every answer a meter can give to a request, numbered once and never reused.
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

export interface StatusEntry {
  readonly code: number;
  readonly advice: Advice;
  /** What happened and what to do, for a person. */
  readonly text: string;
  /** What the number `detail` means in this status, with its unit. */
  readonly detail?: string;
}

const entry = (code: number, advice: Advice, text: string, detail?: string): StatusEntry =>
  detail === undefined ? { code, advice, text } : { code, advice, text, detail };

export const statuses = {
  ok: entry(0x0000, 'final', 'The service was performed.'),

  malformedRequest: entry(0x0101, 'final', 'The request does not have the layout of its command.'),
  unknownCommand: entry(0x0102, 'final', 'The meter has no such command; see its version.'),
  fieldOutOfRange: entry(
    0x0103,
    'final',
    'A field of the request is outside the values it may have.',
  ),

  wrongState: entry(0x0201, 'act', 'The meter is in a state that does not allow this service.'),
  wrongRole: entry(0x0202, 'act', 'This service belongs to another role: log in with that role.'),
  wrongLifeCycle: entry(
    0x0203,
    'act',
    'The meter has not reached, or has passed, the stage of its life for this.',
  ),
  sessionRequired: entry(0x0204, 'act', 'This service needs a session: authenticate first.'),
  sessionEnded: entry(0x0205, 'act', 'There is no such session any more: authenticate again.'),
  authenticationFailed: entry(
    0x0206,
    'final',
    'The other side did not prove who it is; the session is closed.',
  ),
  versionUnsupported: entry(
    0x0207,
    'final',
    'No version or suite of the handshake that both sides accept.',
  ),
  passwordWrong: entry(0x0208, 'act', 'The password is wrong; the try was counted.', 'tries left'),
  passwordDelayed: entry(
    0x0209,
    'wait',
    'Too soon after a wrong password; wait.',
    'milliseconds to wait',
  ),
  lockedOut: entry(
    0x020a,
    'act',
    'Too many wrong passwords: the crypto officer must set a new one.',
  ),
  passwordUnfit: entry(
    0x020b,
    'final',
    'A password has 8 to 64 bytes and differs from the old one.',
  ),

  selfTestDelayed: entry(
    0x020c,
    'wait',
    'The self-tests ran just now; wait.',
    'milliseconds to wait',
  ),

  insufficientFunds: entry(0x0301, 'act', 'Not enough funds: refill the meter.', 'mills missing'),
  postageBelowMinimum: entry(
    0x0302,
    'final',
    'The amount is below the least postage.',
    'least mills',
  ),
  postageAboveMaximum: entry(
    0x0303,
    'final',
    'The amount is above the most postage.',
    'most mills',
  ),
  refillAboveMaximum: entry(
    0x0304,
    'final',
    'The descending register would pass its maximum.',
    'most mills that fit',
  ),
  refillPending: entry(0x0305, 'act', 'A refill is under way: finish it first.', 'mills requested'),
  noRefillPending: entry(0x0306, 'final', 'No refill was requested, so none can be credited.'),
  requestIdReused: entry(0x0307, 'final', 'This request id was used for a different request.'),
  requestForgotten: entry(
    0x0308,
    'final',
    'This request id is too old: its answer is not kept any more.',
  ),
  requestIdTooFar: entry(
    0x0309,
    'final',
    'The counter of a request id may run ahead by 65,536 at most.',
    'last counter',
  ),
  serviceUnknown: entry(0x030a, 'final', 'The rate table has no such service.'),
  postageNotRate: entry(
    0x030b,
    'final',
    'The amount is not the rate of this service.',
    'mills of the rate',
  ),
  amountInvalid: entry(0x030c, 'final', 'The amount is zero or not a multiple that is sold.'),

  documentMalformed: entry(0x0401, 'final', 'A signed document does not have its layout.'),
  signatureInvalid: entry(0x0402, 'final', 'The signature of a document is wrong.'),
  documentForOtherMeter: entry(0x0403, 'final', 'The document was made for another meter.'),
  documentOutdated: entry(0x0404, 'final', 'The meter already holds this document or a later one.'),
  documentNotValidNow: entry(
    0x0405,
    'act',
    'The document is not valid at the time of the secure clock.',
  ),
  documentMismatch: entry(
    0x0406,
    'final',
    'The document does not answer the request that the meter made.',
  ),
  keyMismatch: entry(
    0x0407,
    'final',
    'A certificate does not hold the key that was born in this meter.',
  ),

  clockNotTrusted: entry(0x0501, 'act', 'The secure clock is not trusted: have it set.'),
  rateTableMissing: entry(0x0502, 'act', 'No rate table is valid today: install one.'),
  dateNotAllowed: entry(
    0x0503,
    'final',
    'The date of mailing must lie between today and 30 days ahead.',
  ),
  certificateExpired: entry(
    0x0504,
    'act',
    'The certificate of the meter is not valid today: renew it.',
  ),

  selfTestFailed: entry(
    0x0f01,
    'act',
    'A self-test failed: switch the meter off and on.',
    'number of the test',
  ),
  registersInconsistent: entry(
    0x0f02,
    'final',
    'The registers contradict each other: send the meter in.',
  ),
  storeDamaged: entry(0x0f03, 'final', 'The key store is damaged: send the meter in.'),
  flashFailed: entry(0x0f04, 'final', 'The flash failed or is worn out: send the meter in.'),
  entropyFailed: entry(
    0x0f05,
    'act',
    'The entropy source failed its health test: switch the meter off and on.',
  ),
  tampered: entry(
    0x0f06,
    'final',
    'The housing was opened: the keys are destroyed, the registers can be read.',
  ),
  internalFault: entry(
    0x0f07,
    'act',
    'The firmware met a contradiction and stopped: switch it off and on.',
  ),
  imageInvalid: entry(0x0f08, 'final', 'The firmware image is not the one that was signed.'),
} as const satisfies Record<string, StatusEntry>;

export type StatusName = keyof typeof statuses;
export type RefusalName = Exclude<StatusName, 'ok'>;

const nameByCode = new Map<number, StatusName>(
  Object.entries(statuses).map(([name, { code }]) => [code, name as StatusName]),
);

/** The name of a status number; undefined for a number this catalogue does not know (a newer meter). */
export function statusName(code: number): StatusName | undefined {
  return nameByCode.get(code);
}

/** The entry of a status, without the narrowed literal types. */
export function statusEntry(name: StatusName): StatusEntry {
  return statuses[name];
}

/** Whether the same request may succeed later without anybody doing anything. */
export function isTransient(name: StatusName): boolean {
  switch (statusEntry(name).advice) {
    case 'retry':
    case 'wait':
      return true;
    case 'act':
    case 'final':
      return false;
  }
}
