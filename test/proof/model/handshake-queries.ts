/** Queries about the handshake: secrecy, agreement, and what is left of them when keys become known. */

import { type Goal, type Problem, p } from '../clause.ts';
import { allBut, everyValue, freshVariables, tuplesBut } from '../domain.ts';
import type { Query } from '../queries.ts';
import { f, isVariable, type Term, v } from '../term.ts';
import { bestOf, type Knowledge, type Leaks, longLivedKeys } from './attacker.ts';
import { anyClientView, clientDone, clientRun, serverDone, serverRun } from './handshake.ts';
import {
  alice,
  bob,
  bobsId,
  type ClientView,
  clientExponent,
  clientNonce,
  clientSession,
  domain,
  other,
  type ServerView,
  serverExponent,
  serverSession,
  target,
} from './parties.ts';
import type { Pma1 } from './pma1.ts';
import {
  answersBefore,
  answersBut,
  confirmationsBefore,
  confirmationsBut,
  strongRuns,
  world,
} from './world.ts';

type Side = 'client' | 'server';

/** The attacker has a key that alice shares with bob, or bob with alice. */
function keyKnown(pma: Pma1, key: 'keyA' | 'keyB', by: Knowledge, sides: readonly Side[]): Goal[] {
  const { client, server } = strongRuns(pma);
  const goals: Record<Side, Goal> = {
    client: [clientDone(client), p(by, client.schedule[key])],
    server: [serverDone(server.session, server.suite), p(by, server.schedule[key])],
  };
  return sides.map((side) => goals[side]);
}

const bothSides: readonly Side[] = ['client', 'server'];
const offers = Object.keys(bestOf) as (keyof typeof bestOf)[];

/** The session of alice that is looked at, and the session of bob that agrees with it in everything. */
export function pairOfSessions(pma: Pma1, offer: keyof typeof bestOf) {
  const session = clientSession(target, f('user'), f(offer));
  const heard: ClientView = {
    version: f('v1'),
    offer: session.offer,
    role: session.role,
    client: alice,
    exponent: clientExponent(pma, session),
    nonce: clientNonce(pma, session),
  };
  const partner = serverSession(target, heard);
  const suite = f(bestOf[offer]);
  const exponent = serverExponent(pma, partner);
  const told: ServerView = { suite, meterId: bobsId, server: bob, exponent };
  return { session, heard, partner, suite, told };
}

const valuesOf = (heard: ClientView): Term[] => [
  heard.version,
  heard.offer,
  heard.role,
  heard.exponent,
  heard.nonce,
];
const viewKinds = ['version', 'offer', 'role', 'exponent', 'nonce'] as const;

/** Every way in which what bob heard from alice may differ from what her session said, but for another session of hers. */
function otherViews(heard: ClientView): ClientView[] {
  const fresh = freshVariables('else');
  const own = heard.exponent;
  return tuplesBut(domain, viewKinds, valuesOf(heard), fresh)
    .map(([version, offer, role, exponent, nonce]) => ({
      version,
      offer,
      role,
      client: alice,
      exponent: isFree(exponent) ? own : exponent,
      nonce,
    }))
    .filter(({ exponent }) => exponent === own || !isAlices(exponent as Term)) as ClientView[];
}
const isFree = (term: Term | undefined): boolean => term !== undefined && isVariable(term);
const isAlices = (term: Term): boolean => !isVariable(term) && term.name === 'clientExponent';

/** Bob opens a session for alice, and no session of hers confirmed just this. */
function serverIsFooled(pma: Pma1, leaks: Leaks): Problem[] {
  const sessions = offers.map((offer) => pairOfSessions(pma, offer));
  const exactly = sessions.map(({ session, partner, suite, told }) => {
    const heardByAlice = [told.suite, told.meterId, told.server, told.exponent];
    const confirmations = confirmationsBut(session.name, heardByAlice);
    return world(pma, { leaks, confirmations }, [[serverDone(partner, suite)]]);
  });
  const differently = sessions.flatMap(({ heard }) =>
    otherViews(heard).map((view): Goal => [serverDone(serverSession(v('j'), view), v('s'))]),
  );
  return [...exactly, world(pma, { leaks }, differently)];
}

/** Alice opens a session with bob, and no session of his answered just this. */
function clientIsFooled(pma: Pma1, leaks: Leaks): Problem[] {
  const sessions = offers.map((offer) => pairOfSessions(pma, offer));
  const exactly = sessions.map(({ session, partner, told }) =>
    world(pma, { leaks, answers: answersBut(partner) }, [[clientDone({ session, heard: told })]]),
  );
  const differently = sessions.flatMap(({ session, heard, told }) => {
    const fresh = freshVariables('else');
    const done = (view: Partial<ServerView>): Goal => [
      clientDone({ session, heard: { ...told, ...view } }),
    ];
    const [suite, exponent] = [v('s'), v('z')];
    const strangers = everyValue(domain, 'exponent', fresh).filter(
      (each) => !isVariable(each) && each.name !== 'serverExponent',
    );
    const ofAStranger = { ...anyClientView(), client: f('foreignKey', v('stranger')) };
    const sessionsOfOthers = [...otherViews(heard), ofAStranger].map((view) =>
      serverExponent(pma, serverSession(v('j'), view)),
    );
    return [
      ...allBut(domain, 'suite', told.suite, fresh).map((other) => done({ suite: other })),
      ...allBut(domain, 'meterId', bobsId, fresh).map((meterId) =>
        done({ meterId, suite, exponent }),
      ),
      ...[...strangers, ...sessionsOfOthers].map((other) => done({ exponent: other, suite })),
    ];
  });
  return [...exactly, world(pma, { leaks }, differently)];
}

/** All others take part first; then one session comes, and finds the attacker alone with what he recorded. */
function handshakeReplayed(pma: Pma1, side: Side): Problem {
  const before = { index: other(v('x')), knowledge: 'known' } as const;
  const everybody = { index: v('index'), knowledge: 'known' } as const;
  const late = { index: target, knowledge: 'knownLater' } as const;
  const { client, server } = strongRuns(pma);
  const leaks = { knownLater: [] };
  if (side === 'server') {
    const session = serverRun(pma, target, server.heard, v('s')).session;
    const setting = {
      leaks,
      clients: [everybody],
      servers: [before, late],
      confirmations: confirmationsBefore,
    };
    return world(pma, setting, [[serverDone(session, v('s'))]]);
  }
  const session = clientSession(target, v('r'), v('o'));
  const heard = { ...client.heard, suite: v('s') };
  const setting = {
    leaks,
    clients: [before, late],
    servers: [everybody],
    answers: answersBefore,
  };
  return world(pma, setting, [[clientDone({ session, heard })]]);
}

/** Two have the same keys, and one of them takes the attacker for the other. */
function keysMisbound(pma: Pma1): Goal[] {
  const stranger = f('foreignKey', v('stranger'));
  const { client, server } = strongRuns(pma);
  const same = (left: Term, right: Term) => p('equal', left, right);
  const atBob = serverRun(pma, v('j'), { ...server.heard, client: stranger }, v('s'));
  const atAlice = clientRun(pma, client.session, {
    ...client.heard,
    suite: v('s'),
    server: stranger,
  });
  return [
    [
      clientDone(client),
      serverDone(atBob.session, atBob.suite),
      same(client.schedule.keyA, atBob.schedule.keyA),
    ],
    [
      clientDone(atAlice),
      serverDone(server.session, server.suite),
      same(atAlice.schedule.keyA, server.schedule.keyA),
    ],
  ];
}

/** Alice offered both suites, bob has both, and one of them ends with the weak one. */
function talkedDown(pma: Pma1): Goal[] {
  const session = clientSession(v('i'), v('r'), f('both'));
  const { client, server } = strongRuns(pma);
  const weak = { ...client.heard, suite: f('weak') };
  const heard = { ...server.heard, exponent: clientExponent(pma, session) };
  return [
    [clientDone({ session, heard: weak })],
    [serverDone(serverSession(v('j'), heard), f('weak'))],
  ];
}

export const handshakeQueries: readonly Query[] = [
  {
    name: 'secrecy of key A',
    claim: 1,
    says: 'Nobody but alice and bob learns the key of direction A.',
    problems: (pma) => [world(pma, {}, keyKnown(pma, 'keyA', 'known', bothSides))],
  },
  {
    name: 'secrecy of key B',
    claim: 1,
    says: 'Nobody but alice and bob learns the key of direction B.',
    problems: (pma) => [world(pma, {}, keyKnown(pma, 'keyB', 'known', bothSides))],
  },
  {
    name: 'agreement at the server',
    claim: 2,
    says: 'Bob opens a session for alice only if a session of hers confirmed the same in every field.',
    problems: (pma) => serverIsFooled(pma, {}),
  },
  {
    name: 'agreement at the client',
    claim: 2,
    says: 'Alice opens a session with bob only if a session of his answered the same in every field.',
    problems: (pma) => clientIsFooled(pma, {}),
  },
  {
    name: 'one session at the server',
    claim: 2,
    says: 'No handshake that was recorded opens a session of bob that comes later.',
    problems: (pma) => [handshakeReplayed(pma, 'server')],
  },
  {
    name: 'one session at the client',
    claim: 2,
    says: 'No handshake that was recorded opens a session of alice that comes later.',
    problems: (pma) => [handshakeReplayed(pma, 'client')],
  },
  {
    name: 'forward secrecy of key A',
    claim: 3,
    says: 'The key of direction A stays secret when all long-lived keys become known later.',
    problems: (pma) => [
      world(
        pma,
        { leaks: { knownLater: longLivedKeys } },
        keyKnown(pma, 'keyA', 'knownLater', bothSides),
      ),
    ],
  },
  {
    name: 'forward secrecy of key B',
    claim: 3,
    says: 'The key of direction B stays secret when all long-lived keys become known later.',
    problems: (pma) => [
      world(
        pma,
        { leaks: { knownLater: longLivedKeys } },
        keyKnown(pma, 'keyB', 'knownLater', bothSides),
      ),
    ],
  },
  {
    name: 'client key known',
    claim: 4,
    says: "Who knows alice's key cannot pretend to her to be bob, and learns no key of hers with bob.",
    problems: (pma) => {
      const leaks = { known: [alice] };
      const goals = [
        ...keyKnown(pma, 'keyA', 'known', ['client']),
        ...keyKnown(pma, 'keyB', 'known', ['client']),
      ];
      return [...clientIsFooled(pma, leaks), world(pma, { leaks }, goals)];
    },
  },
  {
    name: 'server key known',
    claim: 4,
    says: "Who knows bob's key cannot pretend to him to be alice, and learns no key of his with alice.",
    problems: (pma) => {
      const leaks = { known: [bob] };
      const goals = [
        ...keyKnown(pma, 'keyA', 'known', ['server']),
        ...keyKnown(pma, 'keyB', 'known', ['server']),
      ];
      return [...serverIsFooled(pma, leaks), world(pma, { leaks }, goals)];
    },
  },
  {
    name: 'identity binding',
    claim: 5,
    says: 'No two have the same keys and think differently of who the other one is.',
    problems: (pma) => [world(pma, {}, keysMisbound(pma))],
  },
  {
    name: 'no downgrade',
    claim: 6,
    says: 'Where alice offered both suites, neither side ends with the weak one.',
    problems: (pma) => [world(pma, {}, talkedDown(pma))],
  },
];
