/**
 * The statuses by what they mean for the meter, as data (requirements.md A1, A3; domain.md section 4): the high byte of the
 * number is the range, and a fault is soft or hard.
 */

import { type StatusName, statuses } from '#protocol/status';

/**
 * `operational`: refused, and the meter goes on · `soft`: error state, which switching off and on leaves where the cause is
 * gone · `hard`: error state, which comes back at every power-up; the registers can be read.
 */
export type ResultClass = 'success' | 'operational' | 'soft' | 'hard';

/** First and last number of each range, and what its statuses are about. */
export const resultRanges = [
  { first: 0x0000, last: 0x00ff, isFault: false, about: 'success' },
  { first: 0x0100, last: 0x01ff, isFault: false, about: 'the request itself' },
  { first: 0x0200, last: 0x02ff, isFault: false, about: 'state, session, role, password' },
  { first: 0x0300, last: 0x03ff, isFault: false, about: 'value, price, limits' },
  { first: 0x0400, last: 0x04ff, isFault: false, about: 'signed documents' },
  { first: 0x0500, last: 0x05ff, isFault: false, about: 'locks, clock, time' },
  { first: 0x0f00, last: 0x0fff, isFault: true, about: 'faults: the error state' },
] as const;

/** Each fault by hand; a test compares with the advice of the catalogue, and others with what the meter does. */
const faultClasses = {
  selfTestFailed: 'soft',
  entropyFailed: 'soft',
  imageInvalid: 'soft',
  internalFault: 'soft',
  registersInconsistent: 'hard',
  storeDamaged: 'hard',
  flashFailed: 'hard',
  tampered: 'hard',
  logDamaged: 'hard',
} as const satisfies Readonly<Partial<Record<StatusName, 'soft' | 'hard'>>>;

/** The ranges that hold a number: one, where the table is right. */
export const rangesOf = (code: number): readonly (typeof resultRanges)[number][] =>
  resultRanges.filter(({ first, last }) => code >= first && code <= last);

export function resultClassOf(name: StatusName): ResultClass {
  if (name === 'ok') return 'success';
  return name in faultClasses ? faultClasses[name as keyof typeof faultClasses] : 'operational';
}

export const statusNames = Object.keys(statuses) as readonly StatusName[];
