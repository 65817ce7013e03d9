/** Terms of a model: variables, and functions of terms, as in ordinary mathematics; and how SPASS wants them written. */

export type Term = Variable | Application;

export interface Variable {
  readonly variable: string;
}

export interface Application {
  readonly name: string;
  readonly of: readonly Term[];
}

/** A function of terms; without any, a constant. */
export const f = (name: string, ...of: readonly Term[]): Application => ({ name, of });
export const v = (variable: string): Variable => ({ variable });

export const isVariable = (term: Term): term is Variable => 'variable' in term;

/** The DFG syntax of SPASS: letters, digits and underscores. */
export function written(term: Term): string {
  if (isVariable(term)) return `v_${term.variable}`;
  return term.of.length === 0 ? term.name : `${term.name}(${term.of.map(written).join(',')})`;
}

export function variablesOf(...terms: readonly Term[]): Set<string> {
  const found = new Set<string>();
  const walk = (term: Term): void => {
    if (isVariable(term)) found.add(term.variable);
    else term.of.forEach(walk);
  };
  terms.forEach(walk);
  return found;
}

/** Calls back for every function in a term, the outer before the inner. */
export function eachApplication(term: Term, visit: (application: Application) => void): void {
  if (isVariable(term)) return;
  visit(term);
  for (const inner of term.of) eachApplication(inner, visit);
}

export type Binding = Readonly<Record<string, Term>>;

const isEqualTerm = (left: Term, right: Term): boolean => written(left) === written(right);

/**
 * Finds what the variables of a pattern stand for in a term without variables.
 * @returns undefined where the term is no instance of the pattern
 */
export function match(pattern: Term, term: Term, known: Binding = {}): Binding | undefined {
  if (isVariable(pattern)) {
    const bound = known[pattern.variable];
    if (bound === undefined) return { ...known, [pattern.variable]: term };
    return isEqualTerm(bound, term) ? known : undefined;
  }
  if (isVariable(term) || pattern.name !== term.name || pattern.of.length !== term.of.length)
    return undefined;
  let binding: Binding | undefined = known;
  pattern.of.forEach((inner, at) => {
    if (binding !== undefined) binding = match(inner, term.of[at] as Term, binding);
  });
  return binding;
}
