/**
 * What kinds of values there are in a model, so that "all but this one" can be written with clauses that have no inequality
 * (reliability.md section 3): a value differs from another if it is made in another way, or of something that differs.
 */

import { f, isVariable, type Term, v } from './term.ts';

/** For each kind: its constructors, with the kinds of what they are made of. */
export type Domain = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Makes variables that are in no other pattern. */
export function freshVariables(prefix: string): () => Term {
  let count = 0;
  return () => v(`${prefix}${count++}`);
}

/** One pattern for each constructor of a kind: together they are all values of it. */
export function everyValue(domain: Domain, kind: string, fresh: () => Term): Term[] {
  const constructors = domain[kind];
  if (constructors === undefined) throw new Error(`there is no kind ${kind}`);
  return Object.entries(constructors).map(([name, of]) => f(name, ...of.map(fresh)));
}

/** Patterns that together are all values of a kind but this one, which has no variables. */
export function allBut(domain: Domain, kind: string, one: Term, fresh: () => Term): Term[] {
  if (isVariable(one)) throw new Error('only a value without variables can be left out');
  const of = domain[kind]?.[one.name];
  if (of === undefined) throw new Error(`${one.name} makes no ${kind}`);
  const others = everyValue(domain, kind, fresh).filter(
    (other) => isVariable(other) || other.name !== one.name,
  );
  const ofOthers = tuplesBut(domain, of, one.of, fresh).map((tuple) => f(one.name, ...tuple));
  return [...others, ...ofOthers];
}

/** The same for several values together: at least one of them is another. */
export function tuplesBut(
  domain: Domain,
  kinds: readonly string[],
  ones: readonly Term[],
  fresh: () => Term,
): Term[][] {
  return kinds.flatMap((kind, at) =>
    allBut(domain, kind, ones[at] as Term, fresh).map((other) =>
      kinds.map((_, place) => (place === at ? other : fresh())),
    ),
  );
}
