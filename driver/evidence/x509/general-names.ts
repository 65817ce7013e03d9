/**
 * Names of other kinds in a certificate, and constraints on them (RFC 5280 4.2.1.6, 4.2.1.10). Directory names are
 * compared; of the other kinds it is known that they are there, and whoever is constrained in one of them is refused.
 */

import { contextTag, demand, type Reader, readerOf, tags } from '#protocol/der';
import { hexOf } from '../plain-bytes.ts';
import { isWithin, type Name, readName, relativeName } from './name.ts';

export interface GeneralName {
  /** Number of the choice: 1 rfc822Name, 2 dNSName, 4 directoryName, 6 URI, 7 iPAddress. */
  readonly kind: number;
  /** Of a directoryName. */
  readonly name?: Name;
}

/** Of permitted or excluded names. */
export interface Constraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}
export const noConstraints: Constraints = { permitted: [], excluded: [] };

const DIRECTORY = 4;
const RFC822 = 1;
/** emailAddress, which counts as an rfc822Name where it is in a subject (RFC 5280 4.2.1.10). */
const EMAIL_ADDRESS = '2a864886f70d010901';

function readGeneralName(reader: Reader): GeneralName {
  const { tag, content } = reader.next();
  demand((tag & 0xc0) === 0x80 && (tag & 0x1f) <= 8);
  const kind = tag & 0x1f;
  if (kind !== DIRECTORY) return { kind };
  demand(tag === contextTag(DIRECTORY, true));
  const inner = readerOf(content);
  const name = readName(inner.next(tags.sequence).content);
  inner.end();
  return { kind, name };
}

/** To be called inside of `readDer`. */
export function readGeneralNames(content: Uint8Array): readonly GeneralName[] {
  const reader = readerOf(content);
  const names: GeneralName[] = [];
  while (!reader.isAtEnd) names.push(readGeneralName(reader));
  return names;
}

/** To be called inside of `readDer`. No minimum and no maximum is taken, as RFC 5280 has it. */
export function readConstraints(reader: Reader): Constraints {
  const inner = readerOf(reader.next(tags.sequence).content);
  const permitted = inner.optional(contextTag(0, true));
  const excluded = inner.optional(contextTag(1, true));
  inner.end();
  const constraints = {
    permitted: permitted === undefined ? [] : readSubtrees(permitted.content),
    excluded: excluded === undefined ? [] : readSubtrees(excluded.content),
  };
  demand(constraints.permitted.length + constraints.excluded.length > 0);
  return constraints;
}

function readSubtrees(content: Uint8Array): readonly GeneralName[] {
  const reader = readerOf(content);
  const bases: GeneralName[] = [];
  while (!reader.isAtEnd) {
    const subtree = readerOf(reader.next(tags.sequence).content);
    bases.push(readGeneralName(subtree));
    // minimum, where it is written though it is the default
    const minimum = subtree.optional(contextTag(0, false));
    demand(minimum === undefined || minimum.content.every((byte) => byte === 0));
    subtree.end();
  }
  return bases;
}

/** What the constraints of a path leave to the names of a certificate below them. */
export interface NameSpace {
  /** A name must be in one of each. */
  readonly permitted: readonly (readonly GeneralName[])[];
  readonly excluded: readonly GeneralName[];
}
export const everyName: NameSpace = { permitted: [], excluded: [] };

export function narrowed(space: NameSpace, { permitted, excluded }: Constraints): NameSpace {
  return {
    permitted: permitted.length === 0 ? space.permitted : [...space.permitted, permitted],
    excluded: [...space.excluded, ...excluded],
  };
}

/** Whether all names of a certificate are in the space. @param altNames of its subject */
export function areNamesPermitted(
  space: NameSpace,
  subject: Name,
  altNames: readonly GeneralName[],
): boolean {
  const own: GeneralName[] = subject.length === 0 ? [] : [{ kind: DIRECTORY, name: subject }];
  if (subject.some((relative) => relative.includes(`"${EMAIL_ADDRESS}"`)))
    own.push({ kind: RFC822 });
  return [...own, ...altNames].every(
    (name) =>
      space.permitted.every((trees) => isPermitted(name, trees)) &&
      !space.excluded.some((tree) => mayBeIn(name, tree)),
  );
}

/** A tree of another kind says nothing; one of the same kind that cannot be compared permits nothing. */
function isPermitted({ kind, name }: GeneralName, trees: readonly GeneralName[]): boolean {
  const same = trees.filter((tree) => tree.kind === kind);
  if (same.length === 0) return true;
  return same.some(
    (tree) => name !== undefined && tree.name !== undefined && isWithin(name, tree.name),
  );
}

function mayBeIn({ kind, name }: GeneralName, tree: GeneralName): boolean {
  if (tree.kind !== kind) return false;
  return name === undefined || tree.name === undefined || isWithin(name, tree.name);
}

/**
 * Where a list of revocations is published, as comparable texts; to be called inside of `readDer`.
 * @param content DistributionPointName, whole names or one below that of the issuer (RFC 5280 4.2.1.13)
 */
export function readPoint(content: Uint8Array, issuer: Name): readonly string[] {
  const reader = readerOf(content);
  const { tag, content: inner } = reader.next();
  reader.end();
  if (tag === contextTag(1, true)) return [textOf([...issuer, relativeName(inner)])];
  demand(tag === contextTag(0, true));
  const found: string[] = [];
  const names = readerOf(inner);
  while (!names.isAtEnd) {
    const { whole } = names.next();
    const { name } = readGeneralName(readerOf(whole));
    found.push(name === undefined ? hexOf(whole) : textOf(name));
  }
  return found;
}

const textOf = (name: Name): string => JSON.stringify(name);
