/** What a check of the conformance kit is, and how it ends (docs/conformance.md). */

import type { Station } from './station.ts';

/**
 * `read`: changes nothing in a meter · `use`: works with its key files, and spends one piece · `life`: from a blank device to
 * its end. Each includes those before it.
 */
export const levels = ['read', 'use', 'life'] as const;
export type Level = (typeof levels)[number];

/** Figures that a check measured; told, and compared with nothing. */
export type Figures = Readonly<Record<string, number | string>>;

export interface Check {
  /** Never used again for something else; the hundreds are the level. */
  readonly id: number;
  /** The rule, as a sentence that is so. */
  readonly title: string;
  /** Of docs/requirements.md. */
  readonly requirements: readonly string[];
  readonly level: Level;
  readonly needs: readonly Need[];
  /** @throws Nonconformity where the rule is broken; what a driver throws counts as that too */
  run(station: Station): Promise<Figures | undefined>;
}

/** The rule of a check is broken: what was expected and what was seen. */
export class Nonconformity extends Error {
  override readonly name = 'Nonconformity';
}

/** @throws Nonconformity */
export function must(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Nonconformity(what);
}

/** What must be there for a check. */
export type Need = keyof typeof needs;

/** Why something is not there; undefined where it is. */
type Lack = (station: Station) => string | undefined | Promise<string | undefined>;

const livesWithKeys = ['made', 'registered', 'withdrawing'];
const livesWithSessions = ['blank', 'keyed', ...livesWithKeys];

const inLife =
  (lives: readonly string[]): Lack =>
  async (station) => {
    const { lifeCycle } = await station.status();
    return lives.includes(lifeCycle) ? undefined : `the meter is ${lifeCycle}`;
  };

const needs = {
  blank: inLife(['blank']),
  keyed: inLife(['keyed']),
  made: inLife(['made']),
  registered: inLife(['registered']),
  withKeys: inLife(livesWithKeys),
  sessions: inLife(livesWithSessions),
  withdrawn: inLife(['withdrawn']),
  /** No error state, in which little more than the status is answered. */
  working: async (station) =>
    (await station.status()).state === 'error' ? 'the meter is in the error state' : undefined,
  user: ({ access }) => (access.user === undefined ? 'no key file of the user' : undefined),
  officer: ({ access }) =>
    access.cryptoOfficer === undefined ? 'no key file of the crypto officer' : undefined,
  /** A line that carries bytes as they are given: reports are filled up with zeros. */
  bytes: ({ address }) =>
    address.startsWith('hid:') ? 'reports of a HID interface are filled up' : undefined,
  power: ({ power }) => (power === undefined ? 'nothing here switches the meter off' : undefined),
  offices: ({ offices }) => (offices === undefined ? 'no authority of the kit' : undefined),
  /** The piece that check 211 was charged for. */
  piece: ({ piece }) => (piece === undefined ? 'no piece was charged' : undefined),
} as const satisfies Record<string, Lack>;

/** The first reason why a check cannot run now; undefined where it can. */
export async function lackOf(check: Check, station: Station): Promise<string | undefined> {
  for (const need of check.needs) {
    const lack = await needs[need](station);
    if (lack !== undefined) return lack;
  }
  return undefined;
}
