/** What alice and bob do in a handshake, as clauses (docs/channel.md section 4). */

import { type Atom, type Clause, p, rule } from '../clause.ts';
import { f, type Term, v } from '../term.ts';
import { isA, type Knowledge } from './attacker.ts';
import {
  alice,
  bob,
  bobsId,
  type ClientSession,
  type ClientView,
  certificateOf,
  clientExponent,
  clientSession,
  coreOf,
  heardHello,
  type ServerView,
  saidHello,
  serverExponent,
  serverSession,
  sharedSecret,
} from './parties.ts';
import type { Pma1 } from './pma1.ts';
import { type Schedule, scheduleOf } from './schedule.ts';

/** Which sessions of a party, and on which line: what the attacker knows then. */
export interface Playing {
  readonly index: Term;
  readonly knowledge: Knowledge;
}

export interface ClientRun {
  readonly session: ClientSession;
  readonly heard: ServerView;
  readonly shared: Term;
  readonly schedule: Schedule;
}

/** A session of alice that has heard message 2. */
export function clientRun(pma: Pma1, session: ClientSession, heard: ServerView): ClientRun {
  const shared = sharedSecret(
    pma,
    { key: alice, exponent: clientExponent(pma, session) },
    { key: heard.server, exponent: heard.exponent },
  );
  const core = coreOf(heard.suite, heard.meterId, heard.server, heard.exponent);
  const signers = { host: alice, device: heard.server };
  return {
    session,
    heard,
    shared,
    schedule: scheduleOf(pma, saidHello(pma, session), core, shared, signers),
  };
}

export const clientDone = ({ session, heard }: Pick<ClientRun, 'session' | 'heard'>): Atom =>
  p('clientDone', session.name, heard.suite, heard.meterId, heard.server, heard.exponent);

/** That alice goes on to message 3; a query may withhold it for one session. */
export const mayConfirm = (session: Term, heard: readonly Term[]): Atom =>
  p('mayConfirm', session, ...heard);

export function anyServerView(): ServerView {
  return { suite: v('suite'), meterId: v('meterId'), server: v('server'), exponent: v('theirs') };
}

/** Alice: she confirms whatever server is certified and proves what it must; who it is decides what she says to it later. */
export function clientClauses(pma: Pma1, { index, knowledge }: Playing): Clause[] {
  const session = clientSession(index, v('role'), v('offer'));
  const heard = anyServerView();
  const run = clientRun(pma, session, heard);
  const weak = clientRun(pma, session, { ...heard, suite: f('weak') });
  const { SigS, MacS, SigC, MacC } = run.schedule;
  const known = (term: Term): Atom => p(knowledge, term);
  const shown = (
    [
      ['SigS', SigS],
      ['MacS', MacS],
    ] as const
  ).filter(([name]) => pma.proofs.includes(name));
  const said = (
    [
      ['SigC', SigC],
      ['MacC', MacC],
    ] as const
  ).filter(([name]) => pma.proofs.includes(name));
  const certificate = known(certificateOf(heard.meterId, heard.server));
  return [
    ...rule(
      [
        isA('role', session.role),
        p('offers', session.offer, heard.suite),
        isA('meterId', heard.meterId),
        isA('server', heard.server),
        isA('exponent', heard.exponent),
        certificate,
        ...shown.map(([, proof]) => known(proof)),
        mayConfirm(session.name, [heard.suite, heard.meterId, heard.server, heard.exponent]),
      ],
      clientDone(run),
      ...said.map(([, proof]) => known(proof)),
    ),
    // The weak suite gives its keys away.
    ...rule(
      [clientDone({ session, heard: weak.heard })],
      ...[weak.schedule.keyA, weak.schedule.keyB, weak.schedule.rekeyA, weak.schedule.rekeyB].map(
        known,
      ),
    ),
  ];
}

export interface ServerRun {
  readonly session: Term;
  readonly heard: ClientView;
  readonly suite: Term;
  readonly shared: Term;
  readonly schedule: Schedule;
}

/** A session of bob that has heard message 1 and chosen a suite. */
export function serverRun(pma: Pma1, index: Term, heard: ClientView, suite: Term): ServerRun {
  const session = serverSession(index, heard);
  const exponent = serverExponent(pma, session);
  const shared = sharedSecret(
    pma,
    { key: heard.client, exponent: heard.exponent },
    { key: bob, exponent },
  );
  const core = coreOf(suite, bobsId, bob, exponent);
  const signers = { host: heard.client, device: bob };
  const schedule = scheduleOf(pma, heardHello(heard), core, shared, signers);
  return { session, heard, suite, shared, schedule };
}

export const serverDone = (session: Term, suite: Term): Atom => p('serverDone', session, suite);

/** That bob answers message 1; a query may withhold it for one session. */
export const mayAnswer = (session: Term): Atom => p('mayAnswer', session);

export function anyClientView(): ClientView {
  return {
    version: v('version'),
    offer: v('offer'),
    role: v('role'),
    client: v('client'),
    exponent: v('theirs'),
    nonce: v('nonce'),
  };
}

/** Bob: he answers whoever he knows, and opens a session when the proofs of message 3 are there. */
export function serverClauses(pma: Pma1, { index, knowledge }: Playing): Clause[] {
  const heard = anyClientView();
  const run = serverRun(pma, index, heard, v('suite'));
  const { SigS, MacS, SigC, MacC } = run.schedule;
  const known = (term: Term): Atom => p(knowledge, term);
  const said = (
    [
      ['SigS', SigS],
      ['MacS', MacS],
    ] as const
  ).filter(([name]) => pma.proofs.includes(name));
  const shown = (
    [
      ['SigC', SigC],
      ['MacC', MacC],
    ] as const
  ).filter(([name]) => pma.proofs.includes(name));
  const heardAll = [
    isA('version', heard.version),
    p('chooses', heard.offer, run.suite),
    isA('role', heard.role),
    isA('client', heard.client),
    isA('exponent', heard.exponent),
    isA('nonce', heard.nonce),
    mayAnswer(run.session),
  ];
  const weak = serverRun(pma, index, { ...heard, offer: f('weakOnly') }, f('weak'));
  return [
    ...rule(
      [...heardAll],
      p('serverAnswered', run.session),
      ...said.map(([, proof]) => known(proof)),
    ),
    ...rule(
      [...heardAll, ...shown.map(([, proof]) => known(proof))],
      serverDone(run.session, run.suite),
    ),
    // And its exponent, which is in no other session.
    ...rule([p('serverAnswered', weak.session)], known(serverExponent(pma, weak.session))),
  ];
}
