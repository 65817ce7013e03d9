/**
 * What the attacker can do: everything on the line is his, so `known` is all that he could ever say. What both sides send in
 * clear (names, ephemeral public keys, nonces, offers) is not kept account of: any value of its kind may stand in any message,
 * and he may sign, tag and derive over anything, also what he has not seen. That makes him stronger than anybody real.
 */

import { type Atom, type Clause, fact, p, rule } from '../clause.ts';
import { everyValue, freshVariables } from '../domain.ts';
import { f, type Term, v } from '../term.ts';
import { alice, bob, bobsId, certificateOf, domain } from './parties.ts';

/** What he knows while the handshakes of a query go on, and what he knows when long-lived keys have become known later. */
export type Knowledge = 'known' | 'knownLater';

const [x, y, z] = [v('x'), v('y'), v('z')];

function abilities(knowledge: Knowledge): Clause[] {
  const known = (term: Term): Atom => p(knowledge, term);
  return [
    fact(known(f('foreignKey', x))),
    ...rule(
      [known(x)],
      known(f('sig', x, y)),
      known(f('mac', x, y)),
      known(f('dh', x, y)),
      known(f('dh', y, x)),
      known(f('prk', y, x)),
      known(f('kdf', y, x, z)),
      known(f('nextKey', x, y)),
      known(f('nextSecret', x, y)),
    ),
    ...rule([known(x), known(y)], known(f('pair', x, y))),
    ...rule([known(x), known(z)], known(f('record', x, y, z))),
    ...rule([known(f('record', x, y, z)), known(x)], known(z)),
  ];
}

/** The authority certifies bob, and whoever else comes, under another number. */
const certificates: readonly Clause[] = [
  fact(p('known', certificateOf(bobsId, bob))),
  fact(p('known', certificateOf(f('foreignId', x), f('foreignKey', x)))),
];

/** Which suites an offer holds, and which one bob likes best of it. */
const offers: readonly Clause[] = [
  fact(p('offers', f('strongOnly'), f('strong'))),
  fact(p('offers', f('both'), f('strong'))),
  fact(p('offers', f('both'), f('weak'))),
  fact(p('offers', f('weakOnly'), f('weak'))),
  fact(p('chooses', f('strongOnly'), f('strong'))),
  fact(p('chooses', f('both'), f('strong'))),
  fact(p('chooses', f('weakOnly'), f('weak'))),
];
export const bestOf = { strongOnly: 'strong', both: 'strong', weakOnly: 'weak' } as const;

export const isA = (kind: string, term: Term): Atom => p(`is_${kind}`, term);

const kinds: readonly Clause[] = [
  'version',
  'role',
  'client',
  'server',
  'meterId',
  'nonce',
  'exponent',
].flatMap((kind) =>
  everyValue(domain, kind, freshVariables('any')).map((value) => fact(isA(kind, value))),
);

/** Keys that become known, from the beginning or later. */
export interface Leaks {
  readonly known?: readonly Term[];
  readonly knownLater?: readonly Term[];
}

/** The attacker and the world he lives in. */
export function attacker(leaks: Leaks = {}): Clause[] {
  const later = [
    ...abilities('knownLater'),
    ...rule([p('known', x)], p('knownLater', x)),
    ...(leaks.knownLater ?? []).map((key) => fact(p('knownLater', key))),
  ];
  return [
    ...abilities('known'),
    ...certificates,
    ...offers,
    ...kinds,
    ...(leaks.known ?? []).map((key) => fact(p('known', key))),
    ...(leaks.knownLater === undefined ? [] : later),
  ];
}

/** Both ways to the same point of the curve. */
export const commutes: readonly [Term, Term] = [f('dh', x, y), f('dh', y, x)];

export const longLivedKeys: readonly Term[] = [alice, bob, f('authorityKey')];
