/**
 * Whether a certificate leads to a root that is trusted (RFC 5280 6), for what Tessera issues: chains of the kinds in
 * docs/interop.md. Of policies nothing is known: a certificate that says something critical of them is refused.
 */

import {
  extensionIds,
  type HostCertificate,
  isSignedBy,
  type KeyUsage,
  publicKeyOf,
} from './certificate.ts';
import { areNamesPermitted, everyName, type NameSpace, narrowed } from './general-names.ts';
import { isSameName } from './name.ts';
import { covers, type Revocation, type RevocationList, revocationIn } from './revocation-list.ts';

/** Why a path is none, the one that is found first. */
export const pathProblems = [
  /** No certificate of its issuer is known. */
  'issuerUnknown',
  'signature',
  'algorithm',
  'notYetValid',
  'expired',
  'revoked',
  /** There is no list of the time that is asked for. */
  'revocationUnknown',
  /** Somebody signed who is no authority, or not for that many below. */
  'notAnAuthority',
  'pathTooLong',
  'keyUsage',
  'purpose',
  'nameNotPermitted',
  'criticalUnknown',
  /** Against what RFC 5280 wants of every certificate. */
  'malformed',
] as const;
export type PathProblem = (typeof pathProblems)[number];

export interface PathQuestion {
  readonly certificate: HostCertificate;
  /** Others that may stand between; those that do not fit are not used. */
  readonly others?: readonly HostCertificate[];
  readonly roots: readonly HostCertificate[];
  /** Undefined: nobody asks for revocation. */
  readonly lists?: readonly RevocationList[] | undefined;
  /** At which the certificates must be valid. */
  readonly timeMs: number;
  /** At which the lists must be current; the same unless given. */
  readonly listTimeMs?: number | undefined;
  /** Whether a revocation that is found counts; each one does unless given. */
  readonly counts?: ((revocation: Revocation) => boolean) | undefined;
  /** Object identifier; undefined: any. */
  readonly purpose?: string | undefined;
  /** What the key does; undefined: any. */
  readonly usage?: KeyUsage | undefined;
}

export type PathAnswer =
  | { readonly ok: true; readonly path: readonly HostCertificate[] }
  | {
      readonly ok: false;
      readonly problem: PathProblem;
      /** Of the certificate at fault. */
      readonly at: HostCertificate;
      readonly revocation?: Revocation | undefined;
    };
type Refused = Extract<PathAnswer, { ok: false }>;

/** Certificates of a path, both ends counted. */
const PATH_LENGTH_MAX = 12;
/** Paths that are looked at, so that nobody keeps us busy with certificates that sign each other. */
const PATHS_MAX = 64;

const understood: readonly string[] = [
  extensionIds.keyUsage,
  extensionIds.subjectAltName,
  extensionIds.basicConstraints,
  extensionIds.nameConstraints,
  extensionIds.distributionPoints,
  extensionIds.extendedKeyUsage,
];
const ANY_PURPOSE = '2.5.29.37.0';

/** Looks for a path from a root down to the certificate, and judges it; of several the first good one. */
export function validatePath(question: PathQuestion): PathAnswer {
  return search(question, []);
}

/** @param signers certificates whose lists are being judged already, so that none vouches for itself */
function search(question: PathQuestion, signers: readonly HostCertificate[]): PathAnswer {
  const { certificate } = question;
  let refused: Refused = { ok: false, problem: 'issuerUnknown', at: certificate };
  let count = 0;
  for (const path of pathsTo(question, [certificate])) {
    const answer = judge(question, path, signers);
    if (answer.ok) return answer;
    refused = answer;
    if (++count === PATHS_MAX) break;
  }
  return refused;
}

/** Paths by name, the root first. @param below what was found so far, the certificate last */
function* pathsTo(
  question: PathQuestion,
  below: readonly HostCertificate[],
): Generator<readonly HostCertificate[]> {
  const [highest] = below;
  if (highest === undefined) return;
  if (question.roots.includes(highest)) yield below;
  for (const root of question.roots)
    if (root !== highest && isSameName(root.subject, highest.issuer)) yield [root, ...below];
  if (below.length + 1 >= PATH_LENGTH_MAX) return;
  for (const other of question.others ?? [])
    if (!below.includes(other) && isSameName(other.subject, highest.issuer))
      yield* pathsTo(question, [other, ...below]);
}

interface Standing {
  readonly space: NameSpace;
  /** How many authorities may still follow. */
  readonly left: number;
}

function judge(
  question: PathQuestion,
  path: readonly HostCertificate[],
  signers: readonly HostCertificate[],
): PathAnswer {
  let standing: Standing = { space: everyName, left: Number.POSITIVE_INFINITY };
  for (const [depth, certificate] of path.entries()) {
    const isLast = depth === path.length - 1;
    const issuer = path[depth - 1];
    const problem =
      problemOfItself(question, certificate) ??
      (issuer === undefined ? undefined : problemBelow(certificate, issuer, standing, isLast)) ??
      (isLast ? problemOfEnd(question, certificate) : problemOfAuthority(certificate));
    if (problem !== undefined) return { ok: false, problem, at: certificate };
    const revoked = issuer && revocationProblem(question, certificate, issuer, signers);
    if (revoked !== undefined) return { ok: false, at: certificate, ...revoked };
    if (!isLast && issuer !== undefined && !isSelfIssued(certificate) && standing.left === 0)
      return { ok: false, problem: 'pathTooLong', at: certificate };
    standing = below(standing, certificate, issuer === undefined);
  }
  return { ok: true, path };
}

const isSelfIssued = ({ issuer, subject }: HostCertificate): boolean => isSameName(issuer, subject);

function below({ space, left }: Standing, certificate: HostCertificate, isRoot: boolean): Standing {
  const { constraints, pathLength = Number.POSITIVE_INFINITY } = certificate;
  const after = isRoot || isSelfIssued(certificate) ? left : left - 1;
  return { space: narrowed(space, constraints), left: Math.min(after, pathLength) };
}

function problemOfItself(
  { timeMs }: PathQuestion,
  certificate: HostCertificate,
): PathProblem | undefined {
  const { extensions, notBeforeMs, notAfterMs } = certificate;
  for (const [id, { isCritical }] of extensions) {
    if (id === extensionIds.subjectKeyId || id === extensionIds.authorityKeyId) {
      if (isCritical) return 'malformed';
    } else if (isCritical && !understood.includes(id)) return 'criticalUnknown';
  }
  if (publicKeyOf(certificate) === undefined) return 'algorithm';
  if (timeMs < notBeforeMs) return 'notYetValid';
  // The last second counts whole.
  return timeMs >= notAfterMs + 1000 ? 'expired' : undefined;
}

function problemBelow(
  certificate: HostCertificate,
  issuer: HostCertificate,
  { space }: Standing,
  isLast: boolean,
): PathProblem | undefined {
  if (!isSignedBy(certificate, issuer)) return 'signature';
  if (!isLast && isSelfIssued(certificate)) return undefined;
  const { subject, names } = certificate;
  return areNamesPermitted(space, subject, names) ? undefined : 'nameNotPermitted';
}

function problemOfAuthority(certificate: HostCertificate): PathProblem | undefined {
  const { isAuthority, keyUsage, subject } = certificate;
  if (!isAuthority) return 'notAnAuthority';
  if (keyUsage?.has('keyCertSign') === false) return 'keyUsage';
  return subject.length > 0 ? undefined : 'malformed';
}

function problemOfEnd(
  { purpose, usage }: PathQuestion,
  certificate: HostCertificate,
): PathProblem | undefined {
  const { keyUsage, purposes, constraints, isAuthority, issuer } = certificate;
  if (usage !== undefined && keyUsage?.has(usage) === false) return 'keyUsage';
  if (purpose !== undefined && purposes !== undefined)
    if (!purposes.includes(purpose) && !purposes.includes(ANY_PURPOSE)) return 'purpose';
  const constrains = constraints.permitted.length + constraints.excluded.length > 0;
  const signs = keyUsage?.has('keyCertSign') === true;
  return (!isAuthority && (constrains || signs)) || issuer.length === 0 ? 'malformed' : undefined;
}

type Revoked = Pick<Refused, 'problem' | 'revocation'>;

function revocationProblem(
  question: PathQuestion,
  certificate: HostCertificate,
  issuer: HostCertificate,
  signers: readonly HostCertificate[],
): Revoked | undefined {
  const { lists, timeMs, listTimeMs = timeMs, counts = () => true } = question;
  if (lists === undefined) return undefined;
  const usable = lists.filter(
    (list) =>
      isSameName(list.issuer, certificate.issuer) &&
      covers(list, certificate) &&
      listTimeMs >= list.thisUpdateMs &&
      listTimeMs < list.nextUpdateMs + 1000 &&
      isSignedByIssuer(question, list, issuer, signers),
  );
  const deltas = usable.filter(({ baseNumber }) => baseNumber !== undefined);
  const [whole] = usable
    .filter(({ baseNumber }) => baseNumber === undefined)
    .sort((one, other) => other.thisUpdateMs - one.thisUpdateMs);
  if (whole === undefined) return { problem: 'revocationUnknown' };
  const revocation = revocationIn(certificate, whole, deltas);
  if (revocation === undefined || !counts(revocation)) return undefined;
  return { problem: 'revoked', revocation };
}

const signsLists = ({ keyUsage }: HostCertificate): boolean => keyUsage?.has('cRLSign') !== false;

/** By the key that signed the certificate, or by another one of its issuer which a path leads to. */
function isSignedByIssuer(
  question: PathQuestion,
  list: RevocationList,
  issuer: HostCertificate,
  signers: readonly HostCertificate[],
): boolean {
  if (signsLists(issuer) && isSignedBy(list, issuer)) return true;
  const { others = [], roots, lists, timeMs, listTimeMs, counts } = question;
  return others.some(
    (other) =>
      other !== issuer &&
      !signers.includes(other) &&
      isSameName(other.subject, list.issuer) &&
      signsLists(other) &&
      isSignedBy(list, other) &&
      search(
        { certificate: other, others, roots, lists, timeMs, listTimeMs, counts, usage: 'cRLSign' },
        [...signers, other],
      ).ok,
  );
}
