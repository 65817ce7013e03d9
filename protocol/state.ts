/** The names of what a meter can be, in the order of their numbers on the wire (requirements.md A1; domain.md 3). */

/** The finite state machine of W fig. 8, with power-off. */
export const stateNames = [
  'powerOff',
  'selfTest',
  'uninitialized',
  'keyEntry',
  'idle',
  'user',
  'cryptoOfficer',
  'error',
] as const;
export type StateName = (typeof stateNames)[number];

/**
 * The stages of a meter's life. `blank`: flash as the factory left it · `keyed`: keys were born, certificates are
 * missing · `made`: certified · `registered`: licensed, may produce value · `zeroized`, `tampered`: keys destroyed, final ·
 * `withdrawing`: all value is on its way back to the provider, none is produced · `withdrawn`: keys destroyed, registers
 * at zero, the proof of it can be read, final (requirements.md B7).
 */
export const lifeCycleNames = [
  'blank',
  'keyed',
  'made',
  'registered',
  'zeroized',
  'tampered',
  'withdrawing',
  'withdrawn',
] as const;
export type LifeCycleName = (typeof lifeCycleNames)[number];

/** Who is logged in. */
export const callerNames = ['nobody', 'user', 'cryptoOfficer'] as const;
export type CallerName = (typeof callerNames)[number];
/** Who can log in (requirements.md A5). */
export type Role = Exclude<CallerName, 'nobody'>;

/** What keeps a meter from producing value, each with its own way out (requirements.md A8; domain.md R24-R29). */
export const lockNames = [
  /** The clock was never set, or its battery was lost. */
  'clockNotTrusted',
  /** The clock went back, or ran otherwise than the time since power-up. */
  'clockFault',
  'inspectionOverdue',
  /** By an order of the authority. */
  'locked',
  'revoked',
  'licenceExpired',
  /** The security log has no room until it is exported. */
  'logFull',
] as const;
export type LockName = (typeof lockNames)[number];

/** What will become a lock, or wants somebody's attention. */
export const warningNames = [
  'lowFunds',
  'inspectionDue',
  'qualityPrintDue',
  'logAlmostFull',
  'refillPending',
  'certificateExpiring',
  'licenceExpiring',
  'rateTableExpiring',
] as const;
export type WarningName = (typeof warningNames)[number];

/** Why the authority locks a meter. */
export const lockReasonNames = [
  'none',
  'ordered',
  'duplicate',
  'registers',
  'silent',
  'stolen',
] as const;
export type LockReasonName = (typeof lockReasonNames)[number];

/** Which register pays. */
export const accountNames = ['postal', 'certificate'] as const;
export type AccountName = (typeof accountNames)[number];

/**
 * How a meter pays (requirements.md B1, B2). `separate`: postage and certificate services each from their register ·
 * `combined`: both from the postal one · `current`: no value is loaded; what was spent is settled afterwards.
 */
export const accountKindNames = ['separate', 'combined', 'current'] as const;
export type AccountKindName = (typeof accountKindNames)[number];
