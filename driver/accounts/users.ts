/**
 * Who works at a desk: users with a PIN and a role (requirements.md F7; domain.md 5). They order work among colleagues, and
 * are no wall: whoever has the key file and password of a meter and may write its folder can use it without asking here.
 */

import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import type { Books } from './books.ts';
import { DeskError } from './desk-error.ts';

/** Each may do what those before it may. */
export const deskRoles = ['operator', 'supervisor', 'administrator'] as const;
export type DeskRole = (typeof deskRoles)[number];

export interface DeskUser {
  readonly name: string;
  readonly role: DeskRole;
  readonly isActive: boolean;
  readonly lockedUntilMs: number;
}

interface UserRow extends Omit<DeskUser, 'isActive'> {
  readonly isActive: number;
  readonly salt: Uint8Array;
  readonly proof: Uint8Array;
  readonly tries: number;
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,39}$/u;
const PIN_SIZE_MIN = 4;
const PIN_SIZE_MAX = 64;
/** Wrong ones in a row that are free; each further one doubles the wait. */
const TRIES_FREE = 5;
const WAIT_MS = 60_000;
const WAIT_MAX_MS = 86_400_000;

const rank = (role: DeskRole): number => deskRoles.indexOf(role);
export const mayAct = ({ role }: Pick<DeskUser, 'role'>, needed: DeskRole): boolean =>
  rank(role) >= rank(needed);

const userOf = ({ name, role, isActive, lockedUntilMs }: UserRow): DeskUser => ({
  name,
  role,
  isActive: isActive === 1,
  lockedUntilMs,
});

export function users({ sql }: Books): readonly DeskUser[] {
  return (sql('SELECT * FROM user ORDER BY name').all() as unknown as UserRow[]).map(userOf);
}

function rowOf({ sql }: Books, name: string): UserRow {
  const row = sql('SELECT * FROM user WHERE name = ?').get(name) as UserRow | undefined;
  if (row === undefined) throw new DeskError('userUnknown', `There is no user ${name}`);
  return row;
}

/** scrypt at some 50 ms: a PIN is short, and a copy of the books must not give it away at once. */
const proofOf = (pin: Uint8Array, salt: Uint8Array): Uint8Array =>
  scryptSync(pin, salt, 32, { N: 2 ** 14, r: 8, p: 1 });

function checkedPin(pin: Uint8Array): Uint8Array {
  if (pin.length >= PIN_SIZE_MIN && pin.length <= PIN_SIZE_MAX) return pin;
  throw new DeskError('pinShort', 'That is no PIN');
}

/** The first one has to be an administrator. @throws DeskError */
export function addUser(books: Books, name: string, role: DeskRole, pin: Uint8Array): void {
  if (!NAME.test(name)) throw new DeskError('accountName', `${JSON.stringify(name)} is no name`);
  if (users(books).length === 0 && role !== 'administrator')
    throw new DeskError('lastAdministrator', 'The first user has to be an administrator');
  if (books.sql('SELECT 1 FROM user WHERE name = ?').get(name) !== undefined)
    throw new DeskError('userExists', `There is a user ${name}`);
  const salt = randomBytes(16);
  books
    .sql('INSERT INTO user VALUES (?, ?, 1, ?, ?, 0, 0)')
    .run(name, role, salt, proofOf(checkedPin(pin), salt));
}

export interface UserChanges {
  readonly role?: DeskRole | undefined;
  readonly isActive?: boolean | undefined;
  readonly pin?: Uint8Array | undefined;
  /** Takes a lock away. */
  readonly isUnlocked?: boolean | undefined;
}

/** @throws DeskError `userUnknown`, `lastAdministrator`, `pinShort` */
export function changeUser(books: Books, name: string, changes: UserChanges): DeskUser {
  return books.inOne(() => {
    const before = rowOf(books, name);
    const role = changes.role ?? before.role;
    const isActive = changes.isActive ?? before.isActive === 1;
    const { sql } = books;
    sql('UPDATE user SET role = ?, isActive = ? WHERE name = ?').run(role, isActive ? 1 : 0, name);
    if (!users(books).some((user) => user.isActive && user.role === 'administrator'))
      throw new DeskError('lastAdministrator', `${name} is the last administrator`);
    if (changes.pin !== undefined) {
      const salt = randomBytes(16);
      const proof = proofOf(checkedPin(changes.pin), salt);
      sql('UPDATE user SET salt = ?, proof = ? WHERE name = ?').run(salt, proof, name);
    }
    if (changes.isUnlocked === true || changes.pin !== undefined)
      sql('UPDATE user SET tries = 0, lockedUntilMs = 0 WHERE name = ?').run(name);
    return userOf(rowOf(books, name));
  });
}

/**
 * Judges a PIN. A try is on disk before it is judged, so that ending the program gives none for free.
 * @throws DeskError `userUnknown`, `userInactive`, `userLocked`, `pinWrong`
 */
export function checkUser(books: Books, name: string, pin: Uint8Array, nowMs: number): DeskUser {
  const row = books.inOne(() => countTry(books, name, nowMs));
  if (!timingSafeEqual(proofOf(pin, row.salt), row.proof))
    throw new DeskError('pinWrong', `That is not the PIN of ${name}`);
  books.sql('UPDATE user SET tries = 0, lockedUntilMs = 0 WHERE name = ?').run(name);
  return userOf({ ...row, lockedUntilMs: 0 });
}

function countTry(books: Books, name: string, nowMs: number): UserRow {
  const row = rowOf(books, name);
  if (row.isActive !== 1)
    throw new DeskError('userInactive', `${name} does not work here any more`);
  if (row.lockedUntilMs > nowMs) {
    const minutes = Math.ceil((row.lockedUntilMs - nowMs) / 60_000);
    throw new DeskError('userLocked', `${name} is locked for ${minutes} minutes more`);
  }
  const tries = row.tries + 1;
  const wait = tries < TRIES_FREE ? 0 : Math.min(WAIT_MAX_MS, WAIT_MS * 2 ** (tries - TRIES_FREE));
  books
    .sql('UPDATE user SET tries = ?, lockedUntilMs = ? WHERE name = ?')
    .run(tries, wait === 0 ? 0 : nowMs + wait, name);
  return row;
}
