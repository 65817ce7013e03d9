/**
 * The places in the built image where one fault could do harm, and the image with a switch at each of them (issue of the
 * vault: a single skipped call or inverted comparison).
 */

import { SourceMap, type SourceMapPayload } from 'node:module';
import { type Node, parseSync, Visitor } from 'oxc-parser';

/** `invert`: a condition or comparison comes out the other way round; `skip`: a call does not happen and gives nothing. */
export type FaultKind = 'invert' | 'skip';

export interface Site {
  readonly kind: FaultKind;
  /** The source that this place of the image was made from: path from the root, line. */
  readonly file: string;
  readonly line: number;
  /** What stands there in the image, shortened. */
  readonly text: string;
}

export interface Instrumented {
  readonly body: string;
  /** By number: what `hardware.faults.strikes` is asked about. */
  readonly sites: readonly Site[];
}

/** Asked at each site whenever it is passed; 1 for a fault. */
const PRELUDE =
  'const $invert=(site,value)=>hardware.faults.strikes(site)===1?!value:value,$skips=site=>hardware.faults.strikes(site)===1;';

interface Place {
  readonly kind: FaultKind;
  readonly start: number;
  readonly end: number;
}

const COMPARISONS = new Set(['===', '!==', '==', '!=', '<', '<=', '>', '>=']);

/**
 * @param body the image as it was built, minified
 * @param map where each place of it comes from
 * @param isMeant the sources whose places are wanted
 */
export function instrument(
  body: string,
  map: string,
  isMeant: (file: string) => boolean,
): Instrumented {
  const origin = originsOf(body, map);
  const found = placesOf(body).map((place) => ({ place, ...origin(place.start) }));
  const meant = found.filter(({ file }) => isMeant(file));
  const sites = meant.map(({ place: { kind, start, end }, file, line }) => ({
    kind,
    file,
    line,
    text: body.slice(start, Math.min(end, start + 60)),
  }));
  return {
    body:
      PRELUDE +
      withSwitches(
        body,
        meant.map(({ place }) => place),
      ),
    sites,
  };
}

/** Which source a place of the body comes from. The body is one line but for templates. */
function originsOf(
  body: string,
  map: string,
): (offset: number) => { readonly file: string; readonly line: number } {
  const lineStarts = [0, ...[...body.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const sourceMap = new SourceMap(JSON.parse(map) as SourceMapPayload);
  return (offset) => {
    const line = lineStarts.findLastIndex((start) => start <= offset);
    const entry = sourceMap.findEntry(line, offset - (lineStarts[line] ?? 0));
    if (!('originalSource' in entry)) return { file: '', line: 0 };
    return { file: entry.originalSource.replace(/^(\.\.\/)+/, ''), line: entry.originalLine + 1 };
  };
}

function placesOf(body: string): Place[] {
  const { program, errors } = parseSync('firmware.js', body, { sourceType: 'script' });
  if (errors.length > 0) throw new Error(`the image cannot be read: ${errors[0]?.message}`);
  const places = new Map<string, Place>();
  const add = (kind: FaultKind, { start, end }: Node): void => {
    places.set(`${kind} ${start} ${end}`, { kind, start, end });
  };
  const condition = (node: Node | null): void => {
    if (node === null) return;
    const part = decisive(node);
    if (part.type !== 'LogicalExpression') add('invert', part);
  };
  const chained = new Set<Node>(); // a call within a chain of `?.` cannot be taken out of it
  new Visitor({
    IfStatement: ({ test }) => condition(test),
    ConditionalExpression: ({ test }) => condition(test),
    WhileStatement: ({ test }) => condition(test),
    DoWhileStatement: ({ test }) => condition(test),
    ForStatement: ({ test }) => condition(test),
    LogicalExpression({ operator, left, right }) {
      if (operator === '??') return;
      condition(left);
      if (isCondition(right)) condition(right);
    },
    BinaryExpression(node) {
      if (COMPARISONS.has(node.operator)) condition(node);
    },
    ChainExpression({ expression }) {
      for (const link of linksOf(expression)) chained.add(link);
    },
    CallExpression(node) {
      if (!chained.has(node) && node.callee.type !== 'Super') add('skip', node);
    },
  }).visit(program);
  return [...places.values()];
}

/** The part of a condition that is looked at: of a list the last, and what stands in parentheses. */
function decisive(node: Node): Node {
  if (node.type === 'SequenceExpression') return decisive(node.expressions.at(-1) as Node);
  return node.type === 'ParenthesizedExpression' ? decisive(node.expression) : node;
}

/** A chain from its end on: what each part of it is called on or taken from. */
function* linksOf(end: Node): Generator<Node> {
  let link: Node | undefined = end;
  while (link !== undefined) {
    yield link;
    if (link.type === 'CallExpression') link = link.callee;
    else if (link.type === 'MemberExpression') link = link.object;
    else link = undefined;
  }
}

/** What stands on the right of `a && …` is a statement as often as a condition, in a minified image. */
const isCondition = ({ type }: Node): boolean =>
  type === 'BinaryExpression' || type === 'UnaryExpression' || type === 'CallExpression';

/** Places that lie within others are switched within them. */
function withSwitches(body: string, places: readonly Place[]): string {
  const inserts = places.flatMap(({ kind, start, end }, site) => {
    const size = end - start;
    const open = kind === 'invert' ? ` $invert(${site},` : ` ($skips(${site})?void 0:`; // behind `return`, too
    return [
      { at: start, order: -size, kind, text: open },
      { at: end, order: size, kind, text: ')' },
    ];
  });
  // What ends at a place is closed before the next begins; of two that begin together the larger one begins first, of two
  // that end together it ends last. The same expression may be inverted and skipped: inverted outside.
  inserts.sort(
    (left, right) =>
      left.at - right.at ||
      Number(left.order < 0) - Number(right.order < 0) ||
      left.order - right.order ||
      rank(left) - rank(right),
  );
  let at = 0;
  const parts: string[] = [];
  for (const insert of inserts) {
    parts.push(body.slice(at, insert.at), insert.text);
    at = insert.at;
  }
  return parts.join('') + body.slice(at);
}

const rank = ({ kind, order }: { kind: FaultKind; order: number }): number =>
  (kind === 'invert') === order < 0 ? 0 : 1;
