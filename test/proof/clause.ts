/** Horn clauses and the question whether a goal follows from them, written as a problem for SPASS. */

import { eachApplication, type Term, variablesOf, written } from './term.ts';

/** A predicate of terms. */
export interface Atom {
  readonly predicate: string;
  readonly of: readonly Term[];
}

/** Holds for all values of its variables. */
export interface Clause {
  readonly needs: readonly Atom[];
  readonly gives: Atom;
}

export const p = (predicate: string, ...of: readonly Term[]): Atom => ({ predicate, of });

/** What holds without condition. */
export const fact = (gives: Atom): Clause => ({ needs: [], gives });
/** Each of several things follows from the same conditions. */
export const rule = (needs: readonly Atom[], ...gives: readonly Atom[]): Clause[] =>
  gives.map((each) => ({ needs, gives: each }));

/** What must hold together; one of several such lists is enough to reach the goal. */
export type Goal = readonly Atom[];

export interface Problem {
  readonly clauses: readonly Clause[];
  readonly equations: ReadonlyArray<readonly [Term, Term]>;
  readonly goals: readonly Goal[];
}

const writtenAtom = ({ predicate, of }: Atom): string =>
  of.length === 0 ? predicate : `${predicate}(${of.map(written).join(',')})`;

function quantified(kind: 'forall' | 'exists', terms: readonly Term[], formula: string): string {
  const names = [...variablesOf(...terms)].map((name) => `v_${name}`);
  return names.length === 0 ? formula : `${kind}([${names.join(',')}],${formula})`;
}

function writtenClause(clause: Clause): string {
  const gives = writtenAtom(clause.gives);
  const terms = [clause.gives, ...clause.needs].flatMap(({ of }) => of);
  if (clause.needs.length === 0) return quantified('forall', terms, gives);
  return quantified('forall', terms, `implies(${conjunction(clause.needs)},${gives})`);
}

const joined = (word: 'and' | 'or', parts: readonly string[]): string =>
  parts.length === 1 ? (parts[0] as string) : `${word}(${parts.join(',')})`;
const conjunction = (atoms: readonly Atom[]): string => joined('and', atoms.map(writtenAtom));

const writtenGoal = (goal: Goal): string =>
  quantified(
    'exists',
    goal.flatMap(({ of }) => of),
    conjunction(goal),
  );

/** Every symbol with how many terms it takes; fails where one takes now this many, now that. */
function symbols(uses: Iterable<readonly [name: string, arity: number]>): string {
  const arities = new Map<string, number>();
  for (const [name, arity] of uses) {
    if ((arities.get(name) ?? arity) !== arity) throw new Error(`${name} takes ${arity} terms too`);
    arities.set(name, arity);
  }
  return [...arities].map(([name, arity]) => `(${name},${arity})`).join(',');
}

/** The problem in the DFG syntax. SPASS answers `Proof found` where a goal follows, `Completion found` where none does. */
export function dfg({ clauses, equations, goals }: Problem): string {
  const atoms = [...clauses.flatMap((each) => [each.gives, ...each.needs]), ...goals.flat()];
  const declared = atoms.filter(({ predicate }) => predicate !== 'equal'); // SPASS has it
  const functions: [string, number][] = [];
  const note = (term: Term) =>
    eachApplication(term, ({ name, of }) => functions.push([name, of.length]));
  for (const { of } of atoms) of.forEach(note);
  equations.flat().forEach(note);
  const axioms = [
    ...clauses.map(writtenClause),
    ...equations.map(([left, right]) =>
      quantified('forall', [left, right], `equal(${written(left)},${written(right)})`),
    ),
  ];
  return [
    'begin_problem(tessera).',
    'list_of_descriptions.',
    'name({*a query*}).',
    'author({*test/proof*}).',
    'status(unknown).',
    'description({*Proof found: a goal follows.*}).',
    'end_of_list.',
    'list_of_symbols.',
    `functions[${symbols(functions)}].`,
    `predicates[${symbols(declared.map(({ predicate, of }) => [predicate, of.length]))}].`,
    'end_of_list.',
    'list_of_formulae(axioms).',
    ...axioms.map((axiom, at) => `formula(${axiom},c${at}).`),
    'end_of_list.',
    'list_of_formulae(conjectures).',
    `formula(${joined('or', goals.map(writtenGoal))},goal).`,
    'end_of_list.',
    'end_problem.',
    '',
  ].join('\n');
}
