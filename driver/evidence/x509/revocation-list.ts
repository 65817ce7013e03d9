/** Certificate revocation lists as the host reads them (requirements.md D5; RFC 5280 5): direct ones, whole and delta. */

import { CertificateRevocationList } from 'pkijs';
import { contextTag, demand, type Reader, readDer, readerOf, tags } from '#protocol/der';
import { hexOf, plainBytes } from '../plain-bytes.ts';
import {
  extensionIds,
  extensionsOf,
  type HostCertificate,
  nameOf,
  parse,
  type RawExtension,
  type Signed,
} from './certificate.ts';
import { readPoint } from './general-names.ts';
import type { Name } from './name.ts';

/** What a list covers. */
interface Scope {
  readonly users: boolean;
  readonly authorities: boolean;
  /** Names of the point at which it is published; undefined for every one. */
  readonly point: readonly string[] | undefined;
}

export interface RevocationList extends Signed {
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  readonly number: bigint;
  /** Of the list that this one goes on from; undefined where it is whole. */
  readonly baseNumber: bigint | undefined;
  readonly scope: Scope;
  /** By serial number in hex. */
  readonly entries: ReadonlyMap<string, Revocation>;
}

export interface Revocation {
  readonly timeMs: number;
  /** CRLReason (RFC 5280 5.3.1); 8 where a delta takes it back. */
  readonly reason: number | undefined;
}

const ids = {
  number: '2.5.29.20',
  reason: '2.5.29.21',
  delta: '2.5.29.27',
  issuingPoint: '2.5.29.28',
} as const;
const BACK_FROM_LIST = 8;
const ENUMERATED = 0x0a;
const everything: Scope = { users: true, authorities: true, point: undefined };

/**
 * A list of DER; undefined where it is none, or says something critical that is not understood: certificates of other
 * issuers, some reasons only.
 */
export function readRevocationList(der: Uint8Array): RevocationList | undefined {
  const parsed = parse(() => CertificateRevocationList.fromBER(plainBytes(der)));
  if (parsed?.nextUpdate === undefined) return undefined;
  const extensions = extensionsOf(parsed.crlExtensions?.extensions);
  const issuer = nameOf(parsed.issuer.valueBeforeDecode);
  if (extensions === undefined || issuer === undefined) return undefined;
  if (hasUnknown(extensions, [ids.number, ids.delta, ids.issuingPoint])) return undefined;
  if (parsed.signature.algorithmId !== parsed.signatureAlgorithm.algorithmId) return undefined;
  const scope = scopeOf(extensions.get(ids.issuingPoint), issuer);
  const entries = entriesOf(parsed);
  const delta = extensions.get(ids.delta);
  const number = numberIn(extensions.get(ids.number));
  if (scope === undefined || entries === undefined) return undefined;
  return {
    signed: plainBytes(parsed.tbsView),
    algorithm: parsed.signatureAlgorithm.algorithmId,
    signature: plainBytes(parsed.signatureValue.valueBlock.valueHexView),
    issuer,
    thisUpdateMs: parsed.thisUpdate.value.getTime(),
    nextUpdateMs: parsed.nextUpdate.value.getTime(),
    number: number ?? 0n,
    baseNumber: delta === undefined ? undefined : numberIn(delta),
    scope,
    entries,
  };
}

function hasUnknown(
  extensions: ReadonlyMap<string, RawExtension>,
  known: readonly string[],
): boolean {
  return [...extensions].some(([id, { isCritical }]) => isCritical && !known.includes(id));
}

function numberIn(extension: RawExtension | undefined): bigint | undefined {
  if (extension === undefined) return undefined;
  return readDer(extension.value, (reader) =>
    BigInt(`0x${hexOf(reader.next(tags.integer).content)}`),
  );
}

function entriesOf(parsed: CertificateRevocationList): ReadonlyMap<string, Revocation> | undefined {
  const entries = new Map<string, Revocation>();
  for (const {
    userCertificate,
    revocationDate,
    crlEntryExtensions,
  } of parsed.revokedCertificates ?? []) {
    const extensions = extensionsOf(crlEntryExtensions?.extensions);
    if (extensions === undefined || hasUnknown(extensions, [ids.reason])) return undefined;
    const reason = extensions.get(ids.reason);
    const code = reason && readDer(reason.value, (reader) => reader.next(ENUMERATED).content[0]);
    if (reason !== undefined && code === undefined) return undefined;
    const serial = hexOf(plainBytes(userCertificate.valueBlock.valueHexView));
    entries.set(serial, { timeMs: revocationDate.value.getTime(), reason: code });
  }
  return entries;
}

function scopeOf(extension: RawExtension | undefined, issuer: Name): Scope | undefined {
  if (extension === undefined) return everything;
  return readDer(extension.value, (reader) => readScope(reader, issuer));
}

function readScope(reader: Reader, issuer: Name): Scope {
  const inner = readerOf(reader.next(tags.sequence).content);
  const point = inner.optional(contextTag(0, true));
  const [users, authorities] = [1, 2].map((number) => flagIn(inner, number));
  demand(inner.optional(contextTag(3, false)) === undefined); // some reasons only
  demand(flagIn(inner, 4) === false && flagIn(inner, 5) === false); // of other issuers, of attributes
  inner.end();
  const names = point === undefined ? undefined : readPoint(point.content, issuer);
  return { users: authorities !== true, authorities: users !== true, point: names };
}

function flagIn(reader: Reader, number: number): boolean {
  const flag = reader.optional(contextTag(number, false));
  return flag !== undefined && flag.content[0] !== 0;
}

/** Whether a list says something about a certificate of its issuer. */
export function covers({ scope }: RevocationList, certificate: HostCertificate): boolean {
  if (!(certificate.isAuthority ? scope.authorities : scope.users)) return false;
  const { point } = scope;
  if (point === undefined) return true;
  return pointsOf(certificate).some((name) => point.includes(name));
}

/** Where a certificate says that its issuer publishes its own list of all reasons. */
function pointsOf({ extensions, issuer }: HostCertificate): readonly string[] {
  const extension = extensions.get(extensionIds.distributionPoints);
  if (extension === undefined) return [];
  const names = readDer(extension.value, (reader) => {
    const list = readerOf(reader.next(tags.sequence).content);
    const found: string[] = [];
    while (!list.isAtEnd) {
      const entry = readerOf(list.next(tags.sequence).content);
      const point = entry.optional(contextTag(0, true));
      if (point !== undefined && entry.isAtEnd) found.push(...readPoint(point.content, issuer));
    }
    return found;
  });
  return names ?? [];
}

/** What lists say of a certificate: a whole one, and deltas that go on from it. */
export function revocationIn(
  { serial }: HostCertificate,
  whole: RevocationList,
  deltas: readonly RevocationList[],
): Revocation | undefined {
  const applying = deltas.filter(
    ({ number, baseNumber }) =>
      baseNumber !== undefined && baseNumber <= whole.number && number >= whole.number,
  );
  let found = whole.entries.get(hexOf(serial));
  for (const delta of applying.sort((one, other) => Number(one.number - other.number)))
    found = delta.entries.get(hexOf(serial)) ?? found;
  return found?.reason === BACK_FROM_LIST ? undefined : found;
}
