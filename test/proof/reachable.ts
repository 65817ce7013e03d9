/**
 * What must follow: honest runs, and what the attacker is meant to be able to do. A model in which nothing happens would
 * otherwise have every query true.
 */

import type { Goal, Problem } from './clause.ts';
import { p } from './clause.ts';
import { lock, modelTerms } from './lock.ts';
import { bestOf, longLivedKeys } from './model/attacker.ts';
import { clientDone, clientRun, serverDone, serverRun } from './model/handshake.ts';
import { pairOfSessions } from './model/handshake-queries.ts';
import { clientSession, target } from './model/parties.ts';
import { pma1 } from './model/pma1.ts';
import { learntLater } from './model/record-queries.ts';
import { clientGot, epochs, saidBy, serverGot } from './model/records.ts';
import type { Beginning } from './model/schedule.ts';
import { strongRuns, world } from './model/world.ts';
import { recordProtocol, recordTimes } from './protocol-recording.ts';
import { f, v } from './term.ts';

export interface Reachable {
  readonly name: string;
  readonly problem: Problem;
}

const offers = Object.keys(bestOf) as (keyof typeof bestOf)[];

function honestRuns(): Reachable[] {
  return offers.map((offer) => {
    const { session, partner, suite, told } = pairOfSessions(pma1, offer);
    const goal: Goal = [clientDone({ session, heard: told }), serverDone(partner, suite)];
    return { name: `a session that offers ${offer}`, problem: world(pma1, {}, [goal]) };
  });
}

function records(): Reachable[] {
  return Object.entries<Beginning>(epochs).map(([name, beginning]) => {
    const { session, partner } = pairOfSessions(pma1, 'strongOnly');
    const q = v('q');
    const goal: Goal = [
      serverGot(partner, beginning, q, saidBy('a', session.name, beginning, q)),
      clientGot(session.name, beginning, q, saidBy('b', partner, beginning, q)),
    ];
    return {
      name: `records of epoch ${name}`,
      problem: world(pma1, { withRecords: true }, [goal]),
    };
  });
}

/** The attacker as a server of his own, with the weak suite, and with keys that became known. */
function attacks(): Reachable[] {
  const { client, server } = strongRuns(pma1);
  const stranger = f('foreignKey', v('stranger'));
  const atStranger = clientRun(pma1, client.session, { ...client.heard, server: stranger });
  const ofStranger = serverRun(pma1, v('j'), { ...server.heard, client: stranger }, f('strong'));
  const weak = clientRun(pma1, client.session, { ...client.heard, suite: f('weak') });
  const late = { index: target, knowledge: 'knownLater' } as const;
  const playing = { leaks: { knownLater: [] }, clients: [late], servers: [late] };
  const lateSession = clientSession(target, v('r'), v('o'));
  return [
    {
      name: 'alice speaks to a server of the attacker, who knows the key',
      problem: world(pma1, {}, [[clientDone(atStranger), p('known', atStranger.schedule.keyA)]]),
    },
    {
      name: 'bob speaks to a client of the attacker, who knows the key',
      problem: world(pma1, {}, [
        [serverDone(ofStranger.session, ofStranger.suite), p('known', ofStranger.schedule.keyB)],
      ]),
    },
    {
      name: 'the weak suite gives the key away',
      problem: world(pma1, {}, [[clientDone(weak), p('known', weak.schedule.keyA)]]),
    },
    {
      name: 'sessions that come later can be opened later',
      problem: world(pma1, playing, [
        [
          clientDone({ ...client, session: lateSession }),
          serverDone(serverRun(pma1, target, server.heard, v('s')).session, v('s')),
        ],
      ]),
    },
    {
      name: 'who knows the long-lived keys later can sign for both',
      problem: world(pma1, { leaks: { knownLater: longLivedKeys } }, [
        [
          p('knownLater', f('sig', f('hostKey'), v('x'))),
          p('knownLater', f('sig', f('deviceKey'), v('x'))),
        ],
      ]),
    },
    {
      name: 'the keys of the third epoch tell what was said in it',
      problem: learntLater(pma1, epochs.third),
    },
  ];
}

/** Sessions that the real code had. */
function recorded(): Reachable[] {
  return (['byCount', 'byTime'] as const).map((name) => {
    const terms = modelTerms(lock(recordProtocol(recordTimes[name])));
    const goal: Goal = terms.map((term) => p('known', term));
    return {
      name: `a recorded session, epochs ${name}`,
      problem: world(pma1, { withRecords: true }, [goal]),
    };
  });
}

export const reachable = (): readonly Reachable[] => [
  ...honestRuns(),
  ...records(),
  ...attacks(),
  ...recorded(),
];
