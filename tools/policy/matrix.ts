/**
 * The matrix of the security policy, written down by hand a second time (SECURITY.md has it from the command table): who
 * gets which service where, what the others are told, and a body for each service that has its layout.
 */

import { type CommandName, commands } from '#protocol/command';
import type { LifeCycleName, Role } from '#protocol/state';
import type { StatusName } from '#protocol/status';

/** An x where it may be asked for: in clear · in the states · in the life cycles · by the callers. */
const policy = `
                      clear uninitialized idle error  blank keyed made registered withdrawing zeroized tampered withdrawn  nobody user cryptoOfficer
status                x     x             x    x      x     x     x    x          x           x        x        x          x      x    x
condition             x     x             x    -      x     x     x    x          x           x        x        x          x      x    x
version               x     x             x    x      x     x     x    x          x           x        x        x          x      x    x
selfTest              x     x             -    -      x     x     x    x          x           x        x        x          x      -    -
certificates          x     x             x    -      x     x     x    x          x           x        x        x          x      x    x
openSession           x     x             x    -      x     x     x    x          x           -        -        -          x      x    x
confirmSession        x     x             x    -      x     x     x    x          x           -        -        -          x      x    x
closeSession          -     x             x    -      x     x     x    x          x           -        -        -          x      x    x
logIn                 -     x             -    -      -     -     x    x          x           -        -        -          x      -    -
logOut                -     -             x    -      -     -     x    x          x           -        -        -          -      x    x
changePassword        -     -             x    -      -     -     x    x          x           -        -        -          -      x    x
resetUserPassword     -     -             x    -      -     -     x    x          x           -        -        -          -      -    x
initialize            -     x             -    -      x     x     -    -          -           -        -        -          x      -    -
installCertificates   -     x             -    -      -     x     -    -          -           -        -        -          x      -    -
register              -     -             x    -      -     -     x    x          -           -        -        -          -      -    x
installRateTable      -     -             x    -      -     -     x    x          x           -        -        -          -      x    x
rateTables            -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
licence               -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
registers             -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
refillRequest         -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
refillCommit          -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
createIndicium        -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
reprintIndicium       -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
testPrint             -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
resetBatch            -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
inspectionReport      -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
acknowledgeInspection -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
readLog               -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
applyLockOrder        x     x             x    -      -     -     x    x          x           -        -        -          x      x    x
challengeClock        x     x             x    -      -     -     x    x          x           -        -        -          x      x    x
setClock              x     x             x    -      -     -     x    x          x           -        -        -          x      x    x
updateBegin           -     -             x    -      -     -     x    x          x           -        -        -          -      -    x
updateWrite           -     -             x    -      -     -     x    x          x           -        -        -          -      -    x
updateFinish          -     -             x    -      -     -     x    x          x           -        -        -          -      -    x
updateStatus          x     x             x    -      x     x     x    x          x           x        x        x          x      x    x
installAuthorityKey   x     x             x    -      -     x     x    x          x           -        -        -          x      x    x
authorityKey          x     x             x    -      x     x     x    x          x           -        -        -          x      x    x
changeHostKey         -     -             x    -      -     -     x    x          x           -        -        -          -      x    x
renewKeys             -     -             x    -      -     -     x    x          -           -        -        -          -      -    x
installRenewedKeys    -     -             x    -      -     -     x    x          -           -        -        -          -      -    x
hashContent           -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
postmark              -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
validatePostmark      -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
requestKey            -     -             x    -      -     -     -    x          -           -        -        -          -      -    x
installKey            -     -             x    -      -     -     -    x          -           -        -        -          -      -    x
userKeys              -     -             x    -      -     -     x    x          x           -        -        -          -      x    x
requestRevocation     -     -             x    -      -     -     -    x          -           -        -        -          -      x    x
revokeKey             -     -             x    -      -     -     -    x          -           -        -        -          -      x    x
importKey             -     -             x    -      -     -     -    x          -           -        -        -          -      -    x
dropKey               -     -             x    -      -     -     -    x          -           -        -        -          -      -    x
withdrawalRequest     -     -             x    -      -     -     -    x          x           -        -        -          -      -    x
withdrawalCommit      -     -             x    -      -     -     -    -          x           -        -        -          -      -    x
withdrawalReport      x     x             -    -      -     -     -    -          -           -        -        x          x      x    x
zeroize               -     -             x    -      -     -     x    x          x           -        -        -          -      -    x
`;

const [columns = [], ...rows] = policy
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));

/** By command: the columns of the table above that have an x. */
export const granted: ReadonlyMap<string, readonly string[]> = new Map(
  rows.map(([name = '', ...marks]) => [name, columns.filter((_, at) => marks[at] === 'x')]),
);

export interface Situation {
  readonly state: 'uninitialized' | 'idle' | 'error';
  readonly channel: 'open' | 'sealed';
  readonly lifeCycle: LifeCycleName;
  readonly caller: 'nobody' | Role;
}

/** The first thing that stands against a command; undefined where the policy grants it. */
export function objection(name: CommandName, situation: Situation): StatusName | undefined {
  const { state, channel, lifeCycle, caller } = situation;
  const grants = granted.get(name) ?? [];
  if (!grants.includes(state)) return 'wrongState';
  if (channel === 'open' && !grants.includes('clear')) return 'sessionRequired';
  if (!grants.includes(lifeCycle)) return 'wrongLifeCycle';
  if (!grants.includes(caller)) return 'wrongRole';
  return undefined;
}

/** Bytes of a body that has the layout of its command, as far as the layout fixes them. */
export const wellFormed: Readonly<Record<CommandName, Uint8Array>> = {
  status: Uint8Array.of(),
  condition: Uint8Array.of(),
  version: Uint8Array.of(),
  selfTest: Uint8Array.of(),
  certificates: Uint8Array.of(),
  openSession: new Uint8Array(80),
  confirmSession: new Uint8Array(96),
  closeSession: Uint8Array.of(),
  logIn: Uint8Array.of(8, ...new Uint8Array(8)),
  logOut: Uint8Array.of(),
  changePassword: Uint8Array.of(8, ...new Uint8Array(8), 8, ...new Uint8Array(8).fill(1)),
  resetUserPassword: Uint8Array.of(8, ...new Uint8Array(8), 0),
  initialize: Uint8Array.of(
    ...new Uint8Array(74),
    8,
    ...new Uint8Array(8),
    8,
    ...new Uint8Array(8),
  ),
  installCertificates: new Uint8Array(4),
  register: new Uint8Array(212),
  installRateTable: new Uint8Array(90),
  rateTables: Uint8Array.of(),
  licence: Uint8Array.of(),
  registers: Uint8Array.of(),
  refillRequest: new Uint8Array(8),
  refillCommit: new Uint8Array(128),
  createIndicium: new Uint8Array(34),
  reprintIndicium: new Uint8Array(8),
  testPrint: new Uint8Array(1),
  resetBatch: Uint8Array.of(),
  inspectionReport: new Uint8Array(16),
  acknowledgeInspection: new Uint8Array(126),
  readLog: new Uint8Array(4),
  applyLockOrder: new Uint8Array(96),
  challengeClock: Uint8Array.of(),
  setClock: new Uint8Array(106),
  installAuthorityKey: new Uint8Array(246),
  authorityKey: Uint8Array.of(),
  changeHostKey: new Uint8Array(33),
  renewKeys: Uint8Array.of(),
  installRenewedKeys: new Uint8Array(4),
  hashContent: new Uint8Array(3),
  postmark: Uint8Array.of(...new Uint8Array(8), 1, 0, ...new Uint8Array(34)),
  validatePostmark: new Uint8Array(111),
  requestKey: Uint8Array.of(1, 0, 1, 0x41),
  installKey: new Uint8Array(10),
  userKeys: Uint8Array.of(),
  requestRevocation: Uint8Array.of(1, 0, 0),
  revokeKey: new Uint8Array(10),
  importKey: Uint8Array.of(1, 0, 1, 0x41, ...new Uint8Array(32)),
  dropKey: Uint8Array.of(1, 0),
  withdrawalRequest: Uint8Array.of(),
  withdrawalCommit: new Uint8Array(107),
  withdrawalReport: Uint8Array.of(),
  updateBegin: new Uint8Array(128),
  updateWrite: new Uint8Array(6),
  updateFinish: Uint8Array.of(),
  updateStatus: Uint8Array.of(),
  zeroize: Uint8Array.of(),
};

/** What is said to bytes that are no body of a command: those that end with a document say it of the document. */
const malformed: Partial<Record<CommandName, StatusName>> = {
  confirmSession: 'authenticationFailed',
  register: 'documentMalformed',
  installRateTable: 'documentMalformed',
  refillCommit: 'documentMalformed',
  acknowledgeInspection: 'documentMalformed',
  applyLockOrder: 'documentMalformed',
  setClock: 'documentMalformed',
  installAuthorityKey: 'documentMalformed',
  withdrawalCommit: 'documentMalformed',
};
export const complaint = (name: CommandName): StatusName => malformed[name] ?? 'malformedRequest';

/** A body that cannot be performed: one byte longer than any. */
export const overlong = (name: CommandName): Uint8Array => Uint8Array.of(...wellFormed[name], 0);

export const unknownCodes = Array.from({ length: 256 }, (_, code) => code).filter(
  (code) => !Object.values(commands).some((command) => command.code === code),
);
