/** What the policy expects of each cell of the matrix: what is answered, and whether anything may have changed. */

import type { CommandName } from '#protocol/command';
import type { StatusName } from '#protocol/status';
import { complaint, objection, wellFormed } from './matrix.ts';
import type { Scene } from './situations.ts';

export interface Outcome {
  readonly status: StatusName | 'silent';
  /** Flash, registers, state and caller are as before. */
  readonly isUnchanged: boolean;
}

const unchanged = (status: Outcome['status']): Outcome => ({ status, isUnchanged: true });

/**
 * What is said to the bodies of matrix.ts, which have the layout and nothing more, where the service is granted: by the
 * first check behind the layout.
 */
const contents: Readonly<Record<CommandName, StatusName>> = {
  status: 'ok',
  condition: 'ok',
  version: 'ok',
  selfTest: 'ok',
  certificates: 'ok',
  openSession: 'malformedRequest',
  confirmSession: 'authenticationFailed',
  closeSession: 'ok',
  logIn: 'passwordWrong',
  logOut: 'ok',
  changePassword: 'passwordWrong',
  resetUserPassword: 'ok',
  initialize: 'fieldOutOfRange',
  installCertificates: 'documentMalformed',
  register: 'documentMalformed',
  installRateTable: 'documentMalformed',
  rateTables: 'ok',
  licence: 'ok',
  registers: 'ok',
  refillRequest: 'amountInvalid',
  refillCommit: 'documentMalformed',
  createIndicium: 'requestForgotten',
  reprintIndicium: 'originalUnknown',
  testPrint: 'ok',
  resetBatch: 'ok',
  inspectionReport: 'ok',
  acknowledgeInspection: 'documentMalformed',
  readLog: 'ok',
  applyLockOrder: 'documentMalformed',
  challengeClock: 'ok',
  setClock: 'documentMalformed',
  installAuthorityKey: 'documentMalformed',
  authorityKey: 'ok',
  changeHostKey: 'fieldOutOfRange',
  renewKeys: 'ok',
  installRenewedKeys: 'noRenewalPending',
  hashContent: 'contentDifferent',
  postmark: 'requestForgotten',
  validatePostmark: 'requestForgotten',
  requestKey: 'serviceUnknown',
  installKey: 'requestForgotten',
  userKeys: 'ok',
  requestRevocation: 'keyUnknown',
  revokeKey: 'requestForgotten',
  importKey: 'serviceNotLicensed',
  dropKey: 'keyUnknown',
  withdrawalRequest: 'ok',
  withdrawalCommit: 'documentMalformed',
  withdrawalReport: 'ok',
  updateBegin: 'documentMalformed',
  updateWrite: 'updateNotBegun',
  updateFinish: 'updateNotBegun',
  updateStatus: 'ok',
  zeroize: 'ok',
};

/** A wrong password is counted before it is looked at. */
const counted: readonly CommandName[] = ['logIn', 'changePassword'];

/** What a service says to its well-formed body, and whether it may leave anything changed. */
function performed(name: CommandName, { session }: Scene): Outcome {
  // nobody is logged in yet, but the key of this session would become that of the officer
  if (name === 'initialize' && session === 'user') return unchanged('wrongRole');
  const status = contents[name];
  return { status, isUnchanged: status !== 'ok' && !counted.includes(name) };
}

/** @param name undefined for a code that is no command's */
export function outcomeOf(
  scene: Scene,
  name: CommandName | undefined,
  variant: 'wellFormed' | 'short' | 'long' | 'badTag' | 'replayed',
): Outcome {
  const isSealed = scene.channel === 'sealed';
  switch (variant) {
    case 'badTag':
      return unchanged(isSealed ? 'sessionEnded' : 'silent');
    case 'replayed':
      if (isSealed) return { status: 'sessionEnded', isUnchanged: false };
  }
  if (name === undefined) return unchanged('unknownCommand');
  const hasNoBody = wellFormed[name].length === 0;
  if (variant === 'short' && hasNoBody) return unchanged('unknownCommand'); // nothing at all is left
  const refusal = objection(name, scene);
  if (refusal !== undefined) return unchanged(refusal);
  if (variant === 'short' || variant === 'long') return unchanged(complaint(name));
  return performed(name, scene);
}
