/**
 * `npm run prove`: every query, every weakened model, the exchange of the source, the explorer and the replay matrix, with the
 * tools of Debian it needs; the last line says as JSON what came of it. Not zero where anything is not as expected.
 *
 * `npm run prove -- handshake explorer replay` runs some parts only.
 */

import { installMissing } from '#tools/debian';
import { decideQuery, inParallel, queryNamed } from './deciding.ts';
import { givens, loadExplorer } from './explore/begin.ts';
import { type Break, breaks } from './explore/changes.ts';
import type { Explored } from './explore/explorer.ts';
import { longRuns } from './explore/runs.ts';
import { pma1 } from './model/pma1.ts';
import { queries } from './queries.ts';
import { reachable } from './reachable.ts';
import { replayToRecordLayer } from './replay-matrix.ts';
import { replayToDriver } from './replay-to-driver.ts';
import { replayToMeter } from './replay-to-meter.ts';
import { sourceQueries } from './source-exchange.ts';
import { decide } from './spass.ts';
import { type Weakened, weakenedModels } from './weakened.ts';

const surprises: string[] = [];

/** Prints a line, and remembers it where it is not as it should be. */
function note(what: string, isExpected: boolean): boolean {
  process.stdout.write(`${isExpected ? '' : 'NOT AS EXPECTED: '}${what}\n`);
  if (!isExpected) surprises.push(what);
  return isExpected;
}

async function proveQueries() {
  const verdicts = await inParallel(queries, (query) => decideQuery(query, pma1));
  const proved = verdicts.filter((verdict, at) =>
    note(`query ${queries[at]?.name}: ${verdict}`, verdict === 'holds'),
  );
  const runs = await inParallel(reachable(), async ({ name, problem }) => {
    const verdict = await decide(problem);
    return note(`reachable: ${name}: ${verdict === 'fails'}`, verdict === 'fails');
  });
  return { queries: queries.length, proved: proved.length, reachable: runs.filter(Boolean).length };
}

/** What a weakened model must break does break; where it breaks nothing, every query still holds. */
async function judge({ name, pma, breaks: broken }: Weakened): Promise<boolean> {
  const asked = broken.length > 0 ? broken.map(queryNamed) : queries;
  const wanted = broken.length > 0 ? 'fails' : 'holds';
  const verdicts: string[] = [];
  for (const query of asked) verdicts.push(await decideQuery(query, pma));
  const isExpected = verdicts.every((verdict) => verdict === wanted);
  const found =
    broken.length > 0 ? `caught by ${broken.join(', ')}` : 'redundant: all queries hold';
  return note(`without it: ${name}: ${isExpected ? found : verdicts.join()}`, isExpected);
}

async function proveWeakened() {
  const isExpected = await inParallel(weakenedModels, judge);
  const caught = weakenedModels.filter(
    ({ breaks: broken }, at) => broken.length > 0 && isExpected[at],
  );
  const noticing = new Set(caught.flatMap(({ breaks: broken }) => broken));
  for (const { name } of queries.filter((query) => !noticing.has(query.name)))
    note(`no weakened model makes this query false: ${name}`, false);
  const redundant = weakenedModels.filter(({ breaks: broken }) => broken.length === 0).length;
  return { models: weakenedModels.length, caught: caught.length, redundant };
}

async function proveSource() {
  const results = await inParallel(sourceQueries, async ({ name, problem, expected }) => {
    const verdict = await decide(problem);
    return note(`source: ${name}: ${verdict}`, verdict === expected);
  });
  return { sourceQueries: results.filter(Boolean).length };
}

async function exploreAll() {
  const beginning = await givens();
  const { explore } = await loadExplorer();
  const done: Explored[] = [];
  for (const [name, bounds] of Object.entries(longRuns)) {
    const explored = await explore(beginning, bounds);
    const { states, depth, steps, cuts, refusals, isComplete, wrong } = explored;
    const figures = `${states} states to depth ${depth}, ${steps} steps, ${cuts} power cuts, ${refusals} refusals`;
    note(`explored: ${name}: ${figures}${wrong ?? ''}`, wrong === undefined && isComplete);
    done.push(explored);
  }
  let found = 0;
  for (const each of breaks) if (await findBreak(each)) found += 1;
  const sum = (of: (explored: Explored) => number) =>
    done.reduce((total, each) => total + of(each), 0);
  return {
    states: sum(({ states }) => states),
    steps: sum(({ steps }) => steps),
    powerCuts: sum(({ cuts }) => cuts),
    depth: Math.max(...done.map(({ depth }) => depth)),
    breaks: breaks.length,
    found,
  };
}

/** Explores with a lock taken off, until a promise breaks. */
async function findBreak({ name, changes, run, isFound }: Break): Promise<boolean> {
  const beginning = await givens();
  const { explore } = await loadExplorer(changes);
  const { wrong, isComplete } = await explore(beginning, longRuns[run]);
  const isFinished = isComplete || wrong !== undefined;
  const how = wrong === undefined ? 'nothing' : wrong.split('\n').join(' → ');
  note(`broken on purpose: ${name}: ${how}`, isFinished && (wrong !== undefined) === isFound);
  return wrong !== undefined;
}

async function replayAll() {
  const counts = {
    toMeter: await replayToMeter(),
    toDriver: await replayToDriver(),
    toRecordLayer: replayToRecordLayer(),
  };
  for (const [name, each] of Object.entries(counts))
    note(`replay ${name}: ${JSON.stringify(each)}`, each.accepted === 0 && each.replayed > 90);
  const all = Object.values(counts);
  const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((n, one) => n + of(one), 0);
  return {
    replayed: sum(({ replayed }) => replayed),
    swapped: sum(({ swapped, spliced }) => swapped + spliced),
    accepted: sum(({ accepted }) => accepted),
  };
}

const parts = {
  handshake: async () => ({
    ...(await proveQueries()),
    ...(await proveWeakened()),
    ...(await proveSource()),
  }),
  explorer: exploreAll,
  replay: replayAll,
} as const;

const startMs = performance.now();
const chosen = process.argv.slice(2);
const names = Object.keys(parts) as (keyof typeof parts)[];
const unknown = chosen.filter((name) => !names.includes(name as keyof typeof parts));
if (unknown.length > 0)
  throw new Error(`there is no part ${unknown.join(', ')}: ${names.join(', ')}`);
if (chosen.length === 0 || chosen.includes('handshake'))
  installMissing({ SPASS: 'spass' }, 'The proof needs');
const figures: Record<string, number> = {};
for (const name of names)
  if (chosen.length === 0 || chosen.includes(name)) Object.assign(figures, await parts[name]());

const durationMs = Math.round(performance.now() - startMs);
process.stdout.write(
  `${JSON.stringify({ script: 'prove', ...figures, surprises: surprises.length, durationMs })}\n`,
);
process.exitCode = surprises.length === 0 ? 0 : 1;
