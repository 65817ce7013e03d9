/** Why the books of a desk say no, and what to do (requirements.md F7). */

export const deskReasons = {
  accountUnknown: 'tessera account list tells which there are.',
  accountMissing: 'Say --account; tessera account list tells which there are.',
  accountInactive: 'Take another account, or activate it: tessera account change --active.',
  accountExists: 'Change it: tessera account change.',
  accountCharged: 'Deactivate it: tessera account change --inactive. What was charged stays.',
  accountName: 'Names are letters, digits, spaces, dots, hyphens; parts stand apart by /.',
  budgetSpent: 'Take another account, or raise the budget: tessera account change --budget.',
  userUnknown: 'tessera user list tells who there is.',
  userMissing: 'Say --user: this desk knows who works at it.',
  userExists: 'Change it: tessera user change.',
  userInactive: 'An administrator can let them in again: tessera user change --active.',
  userLocked: 'Wait, or have an administrator unlock it: tessera user unlock.',
  pinWrong: 'Try again; after five wrong ones the user is locked for a while.',
  pinShort: 'A PIN has 4 to 64 characters.',
  roleMissing: 'Ask somebody who may: tessera user list tells the roles.',
  lastAdministrator: 'Make another administrator first.',
  presetUnknown: 'tessera preset list tells which there are.',
} as const satisfies Record<string, string>;
export type DeskReason = keyof typeof deskReasons;

export class DeskError extends Error {
  override readonly name = 'DeskError';
  readonly reason: DeskReason;
  /** What is the matter. */
  readonly what: string;
  /** What to do, for a person. */
  readonly advice: string;

  constructor(reason: DeskReason, what: string) {
    const advice = deskReasons[reason];
    super(`${what}. ${advice}`);
    this.reason = reason;
    this.what = what;
    this.advice = advice;
  }
}
