/** What alice and bob seal and open once a session is there, as clauses (docs/channel.md section 6). */

import { type Atom, type Clause, p, rule } from '../clause.ts';
import { f, type Term, v } from '../term.ts';
import {
  anyClientView,
  anyServerView,
  clientDone,
  clientRun,
  type Playing,
  serverDone,
  serverRun,
} from './handshake.ts';
import { alice, bob, clientSession } from './parties.ts';
import type { Pma1 } from './pma1.ts';
import {
  type Beginning,
  beginningTerm,
  type EpochKeys,
  epochKeys,
  firstEpoch,
  recordTerm,
  type Schedule,
} from './schedule.ts';

/** The epochs that the model has: the first, the second by count and by time, and the third by count. */
export const epochs = {
  first: firstEpoch,
  byCount: { how: 'byCount', after: firstEpoch },
  byTime: { how: 'byTime', after: firstEpoch, records: v('records') },
  third: { how: 'byCount', after: { how: 'byCount', after: firstEpoch } },
} as const satisfies Readonly<Record<string, Beginning>>;

/** What somebody says: different in each session, direction, epoch and place, and a secret. */
export const saidBy = (
  direction: 'a' | 'b',
  session: Term,
  beginning: Beginning,
  sequence: Term,
): Term =>
  f(direction === 'a' ? 'saidByAlice' : 'saidByBob', session, beginningTerm(beginning), sequence);

export const clientGot = (session: Term, beginning: Beginning, sequence: Term, text: Term): Atom =>
  p('clientGot', session, beginningTerm(beginning), sequence, text);
export const serverGot = (session: Term, beginning: Beginning, sequence: Term, text: Term): Atom =>
  p('serverGot', session, beginningTerm(beginning), sequence, text);

const directionA = ({ keyA, rekeyA }: Schedule): EpochKeys => ({ key: keyA, secret: rekeyA });
const directionB = ({ keyB, rekeyB }: Schedule): EpochKeys => ({ key: keyB, secret: rekeyB });

/** A session of alice with bob under the strong suite, and the other way round: only those say secrets. */
function strongClient(pma: Pma1, { index }: Pick<Playing, 'index'>) {
  const heard = { ...anyServerView(), suite: f('strong'), server: bob };
  return clientRun(pma, clientSession(index, v('role'), v('offer')), heard);
}
function strongServer(pma: Pma1, { index }: Pick<Playing, 'index'>) {
  return serverRun(pma, index, { ...anyClientView(), client: alice }, f('strong'));
}

export function recordClauses(pma: Pma1, playing: Playing): Clause[] {
  const client = strongClient(pma, playing);
  const server = strongServer(pma, playing);
  const known = (term: Term): Atom => p(playing.knowledge, term);
  const [sequence, text] = [v('sequence'), v('text')];
  const open = { client: clientDone(client), server: serverDone(server.session, server.suite) };

  return Object.values<Beginning>(epochs).flatMap((beginning) => {
    const record = (first: EpochKeys, plaintext: Term) =>
      recordTerm(pma, epochKeys(pma, first, beginning), beginning, sequence, plaintext);
    const saidA = saidBy('a', client.session.name, beginning, sequence);
    const saidB = saidBy('b', server.session, beginning, sequence);
    const arrived = (term: Term) => (pma.recordsAreTagged ? [known(term)] : []);
    return [
      ...rule([open.client], known(record(directionA(client.schedule), saidA))),
      ...rule([open.server], known(record(directionB(server.schedule), saidB))),
      ...rule(
        [open.server, ...arrived(record(directionA(server.schedule), text))],
        serverGot(server.session, beginning, sequence, text),
      ),
      ...rule(
        [open.client, ...arrived(record(directionB(client.schedule), text))],
        clientGot(client.session.name, beginning, sequence, text),
      ),
    ];
  });
}

/** The keys of an epoch of both directions, of a session of alice with bob. */
export function keysOfClient(pma: Pma1, index: Term, beginning: Beginning) {
  const run = strongClient(pma, { index });
  return {
    open: clientDone(run),
    session: run.session.name,
    a: epochKeys(pma, directionA(run.schedule), beginning),
    b: epochKeys(pma, directionB(run.schedule), beginning),
  };
}
