/** Which meter the host believes to speak to: the decision behind the second message of the handshake (requirements.md F2, D7). */

import { equalBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import { authorityKeysFrom, verifyCertificateInTime } from '#protocol/documents/authority-chain';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { dateOf } from '#protocol/documents/date';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { ServerIdentity } from '#protocol/handshake';
import { statusEntry } from '#protocol/status-text';

/** By certificate: the usual way. */
export interface TrustByCertificate {
  /** 33 bytes. */
  readonly authorityKey: Uint8Array;
  /** Certificates of authority keys, the first one first: from the key above they lead to those before and behind it. */
  readonly authorityChain?: readonly Uint8Array[] | undefined;
  /** The meter that is expected; any meter of the authority unless given. */
  readonly meterId?: Uint8Array | undefined;
}

/** By the key itself, seen before. */
export interface TrustByKey {
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
}

/** `unmade`: a blank device that is about to be made into a meter, so that nobody has vouched for it yet. */
export type Trust = TrustByCertificate | TrustByKey | 'unmade';

/** Why a server that has proved its key is not the meter that is meant; undefined where it is. */
export function objection(
  crypto: Crypto,
  trust: Trust,
  server: ServerIdentity,
  timeMs: number,
): string | undefined {
  if (trust === 'unmade')
    return server.certificate.length === 0
      ? undefined
      : `it is made already: ${formatMeterId(server.meterId)}`;
  if ('publicKey' in trust)
    return equalBytes(server.publicKey, trust.publicKey) ? undefined : 'it has another key';
  return objectionToCertificate(crypto, trust, server, timeMs);
}

function objectionToCertificate(
  crypto: Crypto,
  { authorityKey, authorityChain = [], meterId }: TrustByCertificate,
  server: ServerIdentity,
  timeMs: number,
): string | undefined {
  if (meterId !== undefined && !equalBytes(meterId, server.meterId))
    return `it is ${formatMeterId(server.meterId)}, not ${formatMeterId(meterId)}`;
  if (server.certificate.length === 0) return 'it has no certificate: it is not made yet';
  const keys = authorityKeysFrom(crypto, authorityKey, authorityChain);
  const read = verifyCertificateInTime(crypto, keys, server.certificate, {
    usage: 'device',
    date: dateOf(timeMs),
    subject: server.meterId,
  });
  if (!read.ok) return `its certificate does not hold: ${statusEntry(read.status).text}`;
  return equalBytes(read.value.publicKey, server.publicKey)
    ? undefined
    : 'its certificate is for another key';
}

/**
 * Why a server is not the one that was here before; undefined where it is, or none was. A meter has other keys once they were
 * renewed: then with a later certificate for the same meter, which {@link objection} judges.
 */
export function objectionToChange(
  before: ServerIdentity | undefined,
  now: ServerIdentity,
): string | undefined {
  if (before === undefined || equalBytes(before.publicKey, now.publicKey)) return undefined;
  if (equalBytes(before.meterId, now.meterId) && serialOf(now) > serialOf(before)) return undefined;
  return `another meter took its place: ${formatMeterId(now.meterId)}, not ${formatMeterId(before.meterId)}`;
}

/** Of the certificate; below any where there is none. */
function serialOf({ certificate }: ServerIdentity): number {
  const read = readCompactCertificate(certificate);
  return read.ok ? read.value.serial : -1;
}
