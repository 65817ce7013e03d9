/**
 * A module of ours with a counter at each branch, and with its comparisons handed to whoever watches: what guides a fuzzer.
 * The module does what it did before.
 */

import { type Node, parseSync, Visitor } from 'oxc-parser';

/** Numbers that no other module has: branches and comparisons count through all modules of a bundle. */
export interface Numbering {
  nextBranch(): number;
  nextComparison(): number;
}

export interface InstrumentedModule {
  readonly code: string;
  /** Literals that stand in it: numbers that take more than a byte, and texts. */
  readonly literals: readonly (number | string)[];
}

/** What the probes are called in the code; probe.ts has them. */
export const probeNames = {
  branch: '$fuzzBranch',
  compare: {
    '===': '$fuzzSame',
    '!==': '$fuzzOther',
    '<': '$fuzzBelow',
    '<=': '$fuzzAtMost',
    '>': '$fuzzAbove',
    '>=': '$fuzzAtLeast',
  },
  choose: '$fuzzChoose',
  choice: '$fuzzChoice',
} as const;

type Comparison = keyof typeof probeNames.compare;
const isComparison = (operator: string): operator is Comparison =>
  Object.hasOwn(probeNames.compare, operator);

/** Longer texts are sentences for people. */
const TEXT_SIZE_MAX = 24;

/** Text that is put in at a place; of two at one place what ends comes first, then what takes most. */
interface Insert {
  readonly at: number;
  readonly text: string;
  /** Bytes that it wraps: negative at its beginning, positive at its end. */
  readonly extent: number;
}

interface Cut {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** @throws Error where the source cannot be parsed */
export function instrumentModule(
  path: string,
  source: string,
  numbering: Numbering,
): InstrumentedModule {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path} cannot be read: ${errors[0]?.message}`);
  const inserts: Insert[] = [];
  const cuts: Cut[] = [];
  const literals = new Set<number | string>();
  const branch = (): string => `${probeNames.branch}(${numbering.nextBranch()})`;
  /** A statement: all of it is wider than any expression that begins where it begins. */
  const WIDE = source.length + 1;

  function wrap({ start, end }: Node, before: string, behind: string, isStatement = false): void {
    const extent = end - start + (isStatement ? WIDE : 0);
    inserts.push({ at: start, text: before, extent: -extent });
    inserts.push({ at: end, text: behind, extent });
  }
  /** @param otherwise what stands behind it */
  function body(node: Node | null, otherwise = ''): void {
    if (node === null) return;
    if (node.type !== 'BlockStatement') {
      wrap(node, `{${branch()};`, `}${otherwise}`, true);
      return;
    }
    inserts.push({ at: node.start + 1, text: `${branch()};`, extent: -2 * WIDE });
    inserts.push({ at: node.end, text: otherwise, extent: node.end - node.start });
  }
  const value = (node: Node): void => wrap(node, `(${branch()},`, ')');

  new Visitor({
    FunctionDeclaration: (node) => body(node.body),
    FunctionExpression: (node) => body(node.body),
    ArrowFunctionExpression: (node) => (node.expression ? value(node.body) : body(node.body)),
    IfStatement({ consequent, alternate }) {
      const otherwise = alternate === null ? `else{${branch()}}` : '';
      body(consequent, otherwise);
      if (alternate !== null && alternate.type !== 'IfStatement') body(alternate);
    },
    ConditionalExpression({ consequent, alternate }) {
      value(consequent);
      value(alternate);
    },
    LogicalExpression: ({ right }) => value(right),
    ForStatement: (node) => body(node.body),
    ForOfStatement: (node) => body(node.body),
    ForInStatement: (node) => body(node.body),
    WhileStatement: (node) => body(node.body),
    DoWhileStatement: (node) => body(node.body),
    CatchClause: (node) => body(node.body),
    SwitchStatement({ discriminant, cases }) {
      const number = numbering.nextComparison();
      wrap(discriminant, `${probeNames.choose}(${number},`, ')');
      for (const { test, consequent } of cases) {
        if (test !== null) wrap(test, `${probeNames.choice}(${number},`, ')');
        const [first] = consequent;
        if (first !== undefined)
          inserts.push({ at: first.start, text: `${branch()};`, extent: -3 * WIDE });
      }
    },
    BinaryExpression(node) {
      const { operator, left, right } = node;
      if (!isComparison(operator) || !isTelling(left) || !isTelling(right)) return;
      wrap(node, `${probeNames.compare[operator]}(${numbering.nextComparison()},`, ')');
      cuts.push({ start: left.end, end: right.start, text: ',' });
    },
    Literal(node) {
      if (typeof node.value === 'number' && node.value > 0xff) literals.add(node.value);
      if (typeof node.value === 'string' && node.value.length <= TEXT_SIZE_MAX)
        if (node.value.length > 1) literals.add(node.value);
    },
  }).visit(program);
  return { code: rewritten(source, inserts, cuts), literals: [...literals] };
}

/** Nothing can be learnt from what is compared to nothing, or by the name of its type. */
function isTelling(node: Node): boolean {
  if (node.type === 'Identifier') return node.name !== 'undefined';
  if (node.type === 'UnaryExpression') return node.operator !== 'typeof';
  if (node.type === 'PrivateIdentifier') return false;
  return node.type !== 'Literal' || node.value !== null;
}

function rewritten(source: string, inserts: readonly Insert[], cuts: readonly Cut[]): string {
  const edits = [
    ...inserts.map(({ at, text, extent }) => ({ start: at, end: at, text, extent })),
    ...cuts.map((cut) => ({ ...cut, extent: 0 })),
  ].sort(
    (left, right) =>
      left.start - right.start ||
      rank(left.extent) - rank(right.extent) ||
      left.extent - right.extent,
  );
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, text } of edits) {
    parts.push(source.slice(at, start), text);
    at = Math.max(at, end);
  }
  return parts.join('') + source.slice(at);
}

/** What ends, then what takes the place of something, then what begins. */
function rank(extent: number): number {
  if (extent > 0) return 0;
  return extent === 0 ? 1 : 2;
}
