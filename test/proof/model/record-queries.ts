/** Queries about records: what arrives is what the other side sealed, in this session, direction, epoch and place. */

import { type Goal, type Problem, p } from '../clause.ts';
import type { Query } from '../queries.ts';
import { f, type Term, v } from '../term.ts';
import { clientExponent, clientSession, other, target } from './parties.ts';
import type { Pma1 } from './pma1.ts';
import { clientGot, epochs, keysOfClient, saidBy, serverGot } from './records.ts';
import type { Beginning } from './schedule.ts';
import { strongRuns, world } from './world.ts';

const forged = f('foreignKey', v('x'));
const [zero, one, two, q] = [f('place0'), f('place1'), f('place2'), v('q')];
const { first, byCount, byTime, third } = epochs;

/** Sessions for goals: any of alice and any of bob, whether they belong together or not. */
function ends(pma: Pma1): { client: Term; server: Term } {
  const { client, server } = strongRuns(pma);
  return { client: client.session.name, server: server.session };
}

const asked = (pma: Pma1, goals: readonly Goal[]): Problem[] => [
  world(pma, { withRecords: true }, goals),
];

/** Something said in one epoch and place arrives in another. */
function moved(pma: Pma1, from: [Beginning, Term], to: [Beginning, Term]): Goal[] {
  const { client, server } = ends(pma);
  return [
    [serverGot(server, ...to, saidBy('a', client, ...from))],
    [clientGot(client, ...to, saidBy('b', server, ...from))],
  ];
}

/** A session of bob with one session of alice gets what another of hers said. */
function acrossSessions(pma: Pma1): Goal[] {
  const { server } = strongRuns(pma);
  const here = clientSession(target, v('r'), v('o'));
  const there = clientSession(other(v('x')), v('r3'), v('o3'));
  const session = (mine: typeof here) =>
    f(
      'serverSession',
      v('j'),
      v('v2'),
      v('o2'),
      v('r2'),
      server.heard.client,
      clientExponent(pma, mine),
      v('n'),
    );
  return [
    [serverGot(session(here), first, q, saidBy('a', there.name, first, v('q2')))],
    [clientGot(here.name, first, q, saidBy('b', session(there), first, v('q2')))],
  ];
}

/** What was said before is learnt from the keys of a later epoch of alice's session. */
export function learntLater(pma: Pma1, said: Beginning): Problem {
  const { open, session, a, b } = keysOfClient(pma, target, third);
  const leak = [a.key, a.secret, b.key, b.secret].map((key) => ({
    needs: [open],
    gives: p('knownLater', key),
  }));
  const goal: Goal[] = [[p('knownLater', saidBy('a', session, said, q))]];
  const problem = world(pma, { withRecords: true, leaks: { knownLater: [] } }, goal);
  return { ...problem, clauses: [...problem.clauses, ...leak] };
}

export const recordQueries: readonly Query[] = [
  {
    name: 'secrecy of what is said',
    claim: 1,
    says: 'Nobody but alice and bob learns what one of them says to the other, in any epoch.',
    problems: (pma) => {
      const { client, server } = ends(pma);
      const goals = Object.values<Beginning>(epochs).flatMap((each): Goal[] => [
        [p('known', saidBy('a', client, each, q))],
        [p('known', saidBy('b', server, each, q))],
      ]);
      return asked(pma, goals);
    },
  },
  {
    name: 'no forged record',
    claim: 7,
    says: 'Nothing that the attacker made up is opened as a record.',
    problems: (pma) => {
      const { client, server } = ends(pma);
      const goals = Object.values<Beginning>(epochs).flatMap((each): Goal[] => [
        [serverGot(server, each, q, forged)],
        [clientGot(client, each, q, forged)],
      ]);
      return asked(pma, goals);
    },
  },
  {
    name: 'no replayed record',
    claim: 7,
    says: 'No record is opened again in a later place or epoch.',
    problems: (pma) =>
      asked(pma, [
        ...moved(pma, [first, zero], [first, one]),
        ...moved(pma, [first, q], [byCount, v('q2')]),
        ...moved(pma, [first, q], [byTime, v('q2')]),
      ]),
  },
  {
    name: 'no reordered record',
    claim: 7,
    says: 'No record is opened in a place before its own.',
    problems: (pma) =>
      asked(pma, [
        ...moved(pma, [first, one], [first, zero]),
        ...moved(pma, [byCount, q], [first, v('q2')]),
      ]),
  },
  {
    name: 'no reflected record',
    claim: 7,
    says: 'No record is opened by whoever sealed it, nor by another of the same role.',
    problems: (pma) => {
      const { client, server } = ends(pma);
      return asked(pma, [
        [clientGot(client, first, q, saidBy('a', v('whoever'), first, v('q2')))],
        [serverGot(server, first, q, saidBy('b', v('whoever'), first, v('q2')))],
      ]);
    },
  },
  {
    name: 'no record of another session',
    claim: 7,
    says: 'No record is opened in another session than it was sealed in.',
    problems: (pma) => asked(pma, acrossSessions(pma)),
  },
  {
    name: 'nothing left out',
    claim: 7,
    says: 'Who replaces keys by time after two records is not followed by who has got only one.',
    problems: (pma) => {
      const after = (records: Term): Beginning => ({ how: 'byTime', after: first, records });
      return asked(pma, moved(pma, [after(two), q], [after(one), v('q2')]));
    },
  },
  {
    name: 'earlier epochs stay secret',
    claim: 8,
    says: 'The keys of the third epoch tell nothing of what was said in the first and second.',
    problems: (pma) => [learntLater(pma, first), learntLater(pma, byCount)],
  },
];
