/**
 * The exchange of the source (WO 99/41690, figure 7) as it was published, and what holds of it: M1 `IDc, E_pkS(A)`; M2
 * `E_pkC(B), H(A, IDc, B, IDs, "phase 2")`; M3 `H(B, IDc, IDs, "phase 3")`. It is why PMA-1 is another one.
 */

import { type Atom, type Clause, fact, type Goal, type Problem, p, rule } from './clause.ts';
import { type Domain, freshVariables, tuplesBut } from './domain.ts';
import type { Verdict } from './spass.ts';
import { f, type Term, v } from './term.ts';

const domain: Domain = {
  index: { target: [], other: ['anything'] },
  client: { hostKey: [], foreignKey: ['anything'] },
  server: { deviceKey: [], foreignKey: ['anything'] },
  clientSession: { clientSession: ['index', 'server'] },
  serverSession: { serverSession: ['index', 'client', 'secret'] },
  secret: { secretA: ['clientSession'], secretB: ['serverSession'], foreignKey: ['anything'] },
  anything: {},
};

const [alice, bob] = [f('hostKey'), f('deviceKey')];
const [x, y, z, w] = [v('x'), v('y'), v('z'), v('w')];
const phase2 = (a: Term, client: Term, b: Term, server: Term) => f('hash2', a, client, b, server);
const phase3 = (b: Term, client: Term, server: Term) => f('hash3', b, client, server);
const encrypted = (to: Term, secret: Term) => f('encrypted', f('pk', to), secret);

type Knowledge = 'known' | 'knownLater';

function abilities(knowledge: Knowledge): Clause[] {
  const known = (term: Term): Atom => p(knowledge, term);
  return [
    fact(known(f('foreignKey', x))),
    ...rule([known(x)], known(f('encrypted', y, x))),
    ...rule([known(encrypted(y, x)), known(y)], known(x)),
    ...rule([known(x), known(y)], known(phase2(x, z, y, w))),
    ...rule([known(x)], known(phase3(x, y, z))),
  ];
}

const clientSession = (index: Term, server: Term) => f('clientSession', index, server);
const serverSession = (index: Term, client: Term, a: Term) => f('serverSession', index, client, a);
const clientDone = (session: Term, b: Term): Atom => p('clientDone', session, b);
const serverDone = (session: Term): Atom => p('serverDone', session);
const known = (term: Term): Atom => p('known', term);

function parties(): Clause[] {
  const [server, client, a, b] = [v('server'), v('client'), v('a'), v('b')];
  const mine = clientSession(v('i'), server);
  const his = serverSession(v('j'), client, a);
  const sentA = f('secretA', mine);
  const sentB = f('secretB', his);
  return [
    ...rule([p('isServer', server)], known(encrypted(server, sentA))),
    ...rule(
      [
        known(encrypted(alice, b)),
        known(phase2(sentA, alice, b, server)),
        p('mayConfirm', mine, b),
      ],
      clientDone(mine, b),
      known(phase3(b, alice, server)),
    ),
    ...rule(
      [known(encrypted(bob, a)), p('isClient', client), p('mayAnswer', his)],
      known(encrypted(client, sentB)),
      known(phase2(a, client, sentB, bob)),
    ),
    ...rule([known(encrypted(bob, a)), known(phase3(sentB, client, bob))], serverDone(his)),
    ...[bob, f('foreignKey', x)].map((each) => fact(p('isServer', each))),
    ...[alice, f('foreignKey', x)].map((each) => fact(p('isClient', each))),
  ];
}

interface Setting {
  readonly known?: readonly Term[];
  readonly knownLater?: readonly Term[];
  readonly confirmations?: readonly Clause[];
  readonly answers?: readonly Clause[];
}

function world(setting: Setting, ...goals: readonly Goal[]): Problem {
  const clauses = [
    ...abilities('known'),
    ...abilities('knownLater'),
    ...rule([known(x)], p('knownLater', x)),
    ...parties(),
    ...(setting.known ?? []).map((key) => fact(known(key))),
    ...(setting.knownLater ?? []).map((key) => fact(p('knownLater', key))),
    ...(setting.confirmations ?? [fact(p('mayConfirm', x, y))]),
    ...(setting.answers ?? [fact(p('mayAnswer', x))]),
  ];
  return { clauses, equations: [], goals };
}

/** The two sessions that are looked at. */
const mine = clientSession(f('target'), bob);
const his = serverSession(f('target'), alice, f('secretA', mine));
const anyOfAlice = clientSession(v('i'), bob);
const anyOfBob = serverSession(v('j'), alice, v('a'));
const but = (predicate: string, kinds: readonly string[], ones: readonly Term[]): Clause[] =>
  tuplesBut(domain, kinds, ones, freshVariables('other')).map((tuple) =>
    fact(p(predicate, ...tuple)),
  );
const allButConfirmed = but('mayConfirm', ['clientSession', 'secret'], [mine, f('secretB', his)]);
const allButAnswered = but('mayAnswer', ['serverSession'], [his]);

const secretA = (by: Knowledge): Goal => [
  clientDone(anyOfAlice, v('b')),
  p(by, f('secretA', anyOfAlice)),
];
const secretB = (by: Knowledge): Goal => [serverDone(anyOfBob), p(by, f('secretB', anyOfBob))];
const serverFooled = (leaks: Setting): Problem =>
  world({ ...leaks, confirmations: allButConfirmed }, [serverDone(his)]);
const clientFooled = (leaks: Setting): Problem =>
  world(
    { ...leaks, answers: allButAnswered },
    [clientDone(mine, f('secretB', his))],
    [clientDone(mine, f('foreignKey', z))],
  );
const bothLater: Setting = { knownLater: [alice, bob] };

export interface SourceQuery {
  readonly name: string;
  readonly problem: Problem;
  readonly expected: Verdict;
}

export const sourceQueries: readonly SourceQuery[] = (
  [
    ['secrecy of A', world({}, secretA('known')), 'holds'],
    ['secrecy of B', world({}, secretB('known')), 'holds'],
    ['agreement at the server', serverFooled({}), 'holds'],
    ['agreement at the client', clientFooled({}), 'holds'],
    ['forward secrecy of A', world(bothLater, secretA('knownLater')), 'fails'],
    ['forward secrecy of B', world(bothLater, secretB('knownLater')), 'fails'],
    ['A with the client key known', world({ known: [alice] }, secretA('known')), 'holds'],
    ['B with the client key known', world({ known: [alice] }, secretB('known')), 'fails'],
    ['A with the server key known', world({ known: [bob] }, secretA('known')), 'fails'],
    ['B with the server key known', world({ known: [bob] }, secretB('known')), 'holds'],
    ['agreement at the client with its key known', clientFooled({ known: [alice] }), 'holds'],
    ['agreement at the server with its key known', serverFooled({ known: [bob] }), 'holds'],
    [
      'A is bound to one client',
      world({}, [serverDone(serverSession(v('j'), f('foreignKey', x), f('secretA', anyOfAlice)))]),
      'fails',
    ],
    ['alice can finish', world({}, [clientDone(mine, f('secretB', his))]), 'fails'],
    ['bob can finish', world({}, [serverDone(his)]), 'fails'],
  ] as const
).map(([name, problem, expected]) => ({ name, problem, expected }));
