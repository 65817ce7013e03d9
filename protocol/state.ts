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
 * missing · `made`: certified · `registered`: licensed, may produce value · `zeroized`, `tampered`: keys destroyed, final.
 */
export const lifeCycleNames = [
  'blank',
  'keyed',
  'made',
  'registered',
  'zeroized',
  'tampered',
] as const;
export type LifeCycleName = (typeof lifeCycleNames)[number];

/** Who is logged in. */
export const callerNames = ['nobody', 'user', 'cryptoOfficer'] as const;
export type CallerName = (typeof callerNames)[number];
/** Who can log in (requirements.md A5). */
export type Role = Exclude<CallerName, 'nobody'>;
