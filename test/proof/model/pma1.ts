/**
 * PMA-1 as the proof sees it, one line for each defence (docs/channel.md). A weakened protocol is this one with a line
 * changed (test/proof/weakened.ts).
 */

/** The fields of messages 1 and 2 that are not proofs, in their order. */
export const helloFields = [
  'version',
  'suites',
  'role',
  'clientKey',
  'ephemeral',
  'nonce',
] as const;
export const coreFields = [
  'version',
  'suite',
  'meterId',
  'serverKey',
  'ephemeral',
  'certificate',
] as const;
export type HelloField = (typeof helloFields)[number];
export type CoreField = (typeof coreFields)[number];

export interface Pma1 {
  /** What th covers of message 1, and of the core of message 2. */
  readonly hashedHello: readonly HelloField[];
  readonly hashedCore: readonly CoreField[];
  /** The proofs that are sent and checked. */
  readonly proofs: ReadonlyArray<'SigS' | 'MacS' | 'SigC' | 'MacC'>;
  /** What each proof covers besides the phase. */
  readonly macS: ReadonlyArray<'th' | 'SigS'>;
  readonly sigC: ReadonlyArray<'th' | 'SigS' | 'MacS'>;
  readonly macC: ReadonlyArray<'th' | 'SigS' | 'MacS' | 'SigC'>;
  /** What is in front of what server and client prove. */
  readonly phases: readonly [server: string, client: string];
  /**
   * The secrets of Z: ephemeral keys drawn for each handshake, or drawn once for all; the long-lived keys; or ephemeral and
   * long-lived ones, SP 800-56A C(2e, 2s).
   */
  readonly exponents: 'drawn' | 'drawnOnce' | 'longLived' | 'both';
  /** Whether the nonce of message 1 is drawn for each handshake. */
  readonly nonceIsDrawn: boolean;
  /** What the keys are derived from besides Z. */
  readonly salt: 'th' | 'nothing';
  readonly context: ReadonlyArray<'th' | 'clientKey' | 'meterId' | 'serverKey'>;
  /** The labels of the keys for the two directions. */
  readonly keyLabels: readonly [a: string, b: string];
  /** What is in the nonce of a record. */
  readonly recordNonce: ReadonlyArray<'epoch' | 'sequence'>;
  /** Whether records have a tag. */
  readonly recordsAreTagged: boolean;
  /** What the keys of the next epoch come from; `same`: they stay. */
  readonly rekey: 'rekeySecret' | 'keptSecret' | 'same';
  /** What goes into keys that are replaced by time. */
  readonly rekeyByTime: ReadonlyArray<'epoch' | 'sequence'>;
}

export const pma1: Pma1 = {
  hashedHello: helloFields,
  hashedCore: coreFields,
  proofs: ['SigS', 'MacS', 'SigC', 'MacC'],
  macS: ['th', 'SigS'],
  sigC: ['th', 'SigS', 'MacS'],
  macC: ['th', 'SigS', 'MacS', 'SigC'],
  phases: ['phase2', 'phase3'],
  exponents: 'drawn',
  nonceIsDrawn: true,
  salt: 'th',
  context: ['th', 'clientKey', 'meterId', 'serverKey'],
  keyLabels: ['keyA', 'keyB'],
  recordNonce: ['epoch', 'sequence'],
  recordsAreTagged: true,
  rekey: 'rekeySecret',
  rekeyByTime: ['epoch', 'sequence'],
};
