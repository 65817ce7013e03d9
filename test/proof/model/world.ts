/** A whole model: the attacker, alice, bob, what they seal, and what a query withholds from them. */

import { type Clause, fact, type Goal, type Problem } from '../clause.ts';
import { allBut, everyValue, freshVariables, tuplesBut } from '../domain.ts';
import { f, isVariable, type Term, v } from '../term.ts';
import { attacker, commutes, type Leaks } from './attacker.ts';
import {
  clientClauses,
  clientRun,
  mayAnswer,
  mayConfirm,
  type Playing,
  serverClauses,
  serverRun,
} from './handshake.ts';
import { alice, bob, clientSession, domain, other } from './parties.ts';
import type { Pma1 } from './pma1.ts';
import { recordClauses } from './records.ts';

/** What a query changes in the world. */
export interface Setting {
  readonly leaks?: Leaks;
  /** Which sessions there are; any number of both, on the one line, unless told otherwise. */
  readonly clients?: readonly Playing[];
  readonly servers?: readonly Playing[];
  /** What alice may confirm, and which of bob's sessions may answer; anything unless told otherwise. */
  readonly confirmations?: readonly Clause[];
  readonly answers?: readonly Clause[];
  readonly withRecords?: boolean;
}

const anyPlaying: readonly Playing[] = [{ index: v('index'), knowledge: 'known' }];
const [any1, any2, any3, any4, any5, any6] = [1, 2, 3, 4, 5, 6].map((at) => v(`any${at}`)) as [
  Term,
  Term,
  Term,
  Term,
  Term,
  Term,
];
const anyConfirmation = [fact(mayConfirm(any1, [any2, any3, any4, any5]))];
const anyAnswer = [fact(mayAnswer(any1))];

/** Alice confirms anything but this one thing. */
export function confirmationsBut(session: Term, heard: readonly Term[]): Clause[] {
  const kinds = ['clientSession', 'suite', 'meterId', 'server', 'exponent'] as const;
  const tuples = tuplesBut(domain, kinds, [session, ...heard], freshVariables('other'));
  return tuples.map(([first, ...others]) => fact(mayConfirm(first as Term, others)));
}

/** Every session of bob answers but this one. */
export const answersBut = (session: Term): Clause[] =>
  allBut(domain, 'serverSession', session, freshVariables('other')).map((one) =>
    fact(mayAnswer(one)),
  );

/** What other sessions than the target draw, as `name`. */
function drawnByOthers(kind: 'clientSession' | 'serverSession', name: string): Term[] {
  const made = domain[kind]?.[kind] as readonly string[];
  const fresh = freshVariables(name);
  const session = f(kind, ...made.map((_, at) => (at === 0 ? other(fresh()) : fresh())));
  return [f(name, session), f(name, f('once'))];
}
const exponentsBut = (name: string): Term[] =>
  everyValue(domain, 'exponent', freshVariables('e')).filter(
    (each) => !isVariable(each) && each.name !== name,
  );

/** Alice confirms while the session of bob that comes later has not drawn its ephemeral key. */
export const confirmationsBefore: readonly Clause[] = [
  ...exponentsBut('serverExponent'),
  ...drawnByOthers('serverSession', 'serverExponent'),
].map((exponent) => fact(mayConfirm(any1, [any2, any3, any4, exponent])));

/** Bob answers while the session of alice that comes later has drawn neither ephemeral key nor nonce. */
export const answersBefore: readonly Clause[] = [
  ...exponentsBut('clientExponent'),
  ...drawnByOthers('clientSession', 'clientExponent'),
].flatMap((exponent) =>
  [f('foreignNonce', any6), ...drawnByOthers('clientSession', 'drawnNonce')].map((nonce) =>
    fact(mayAnswer(f('serverSession', any1, any2, any3, any4, any5, exponent, nonce))),
  ),
);

export function world(pma: Pma1, setting: Setting, goals: readonly Goal[]): Problem {
  const { leaks, clients = anyPlaying, servers = anyPlaying, withRecords = false } = setting;
  return {
    clauses: [
      ...attacker(leaks),
      ...(setting.confirmations ?? anyConfirmation),
      ...(setting.answers ?? anyAnswer),
      ...clients.flatMap((playing) => clientClauses(pma, playing)),
      ...servers.flatMap((playing) => serverClauses(pma, playing)),
      ...(withRecords ? clients.flatMap((playing) => recordClauses(pma, playing)) : []),
    ],
    equations: [commutes],
    goals,
  };
}

const strong = f('strong');

/** Any session of alice with bob under the strong suite, and of bob with alice, for goals. */
export function strongRuns(pma: Pma1) {
  const client = clientRun(pma, clientSession(v('i'), v('r'), v('o')), {
    suite: strong,
    meterId: v('m'),
    server: bob,
    exponent: v('z'),
  });
  const server = serverRun(
    pma,
    v('j'),
    {
      version: v('v2'),
      offer: v('o2'),
      role: v('r2'),
      client: alice,
      exponent: v('y'),
      nonce: v('n'),
    },
    strong,
  );
  return { client, server };
}
