/**
 * A certificate for a key of the meter: requested, waited for, installed (requirements.md D4; P fig. 5). Each step may be done again
 * at any time; whatever was lost on the way, the next call goes on.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { equalBytes } from '#protocol/bytes';
import { type KeyUses, keyGrantDocument } from '#protocol/documents/user-key';
import { signedStructure } from '#protocol/x509';
import type {
  CertificateOffice,
  GivenCertificate,
  KeyInMeter,
  RequestStanding,
} from '../contact/offices.ts';
import { meterName } from '../issue.ts';
import type { Meter } from '../meter.ts';
import { nodeCrypto } from '../node-crypto.ts';
import type { CallOptions } from '../session.ts';
import { type CertificateCalls, callOnce } from './calls.ts';

/** How often the office is asked what it has decided, milliseconds. */
const ASK_EVERY_MS = 2_000;

export interface KeyWish {
  readonly uses: KeyUses;
  /** UTF-8, may be empty. */
  readonly organization: Uint8Array;
  readonly commonName: Uint8Array;
}

export interface RequestedKey {
  readonly meterId: Uint8Array;
  /** Of the key in the meter. */
  readonly number: number;
  /** PKCS#10, DER. */
  readonly csr: Uint8Array;
  readonly standing: RequestStanding;
}

/**
 * Lets a key be born, or takes the one that waits with this name and use, and sends its request (502 to 512).
 * @param meter with the crypto officer logged in
 * @throws RefusedError, LinkError, and what the office throws
 */
export async function requestCertificate(
  meter: Pick<Meter, 'status' | 'requestKey'>,
  office: Pick<CertificateOffice, 'requestCertificate'>,
  wish: KeyWish,
  options: CallOptions = {},
): Promise<RequestedKey> {
  const { signal } = options;
  const { meterId } = await meter.status(options);
  const { number, requestInfo, requestSignature, request } = await meter.requestKey(wish, options);
  const csr = signedStructure(requestInfo, requestSignature);
  const standing = await office.requestCertificate({ request, csr }, signal && { signal });
  return { meterId, number, csr, standing };
}

/** Asks until somebody has decided (514). @throws what the office throws, and the reason of the signal */
export async function awaitDecision(
  office: Pick<CertificateOffice, 'keyRequest'>,
  which: KeyInMeter,
  {
    signal,
    everyMs = ASK_EVERY_MS,
  }: { readonly signal?: AbortSignal | undefined; readonly everyMs?: number } = {},
): Promise<RequestStanding> {
  for (;;) {
    const standing = await office.keyRequest(which, signal && { signal });
    if (standing.state !== 'pending') return standing;
    await pause(everyMs, undefined, signal && { signal });
  }
}

export interface InstalledCertificate extends GivenCertificate {
  /** Whether it was installed and charged now, and not before. */
  readonly isNew: boolean;
}

type Installing = Pick<
  Meter,
  'status' | 'address' | 'server' | 'registers' | 'userKeys' | 'installKey'
>;

/**
 * Fetches the certificate and installs it, which the meter charges (518, 520).
 * @param meter with the crypto officer logged in
 * @throws RefusedError, LinkError, and what the office throws
 */
export async function installCertificate(
  meter: Installing,
  office: Pick<CertificateOffice, 'keyCertificate'>,
  calls: CertificateCalls,
  key: number,
  options: CallOptions = {},
): Promise<InstalledCertificate> {
  const { signal } = options;
  const { meterId } = await meter.status(options);
  const given = await office.keyCertificate({ meterId, key }, signal && { signal });
  const { certificate, grant } = given;
  const granted = keyGrantDocument.read(grant);
  const digest = nodeCrypto.sha256(certificate);
  // the meter would take it, and its owner would hold a certificate of another key
  if (!granted.ok || !equalBytes(granted.value.certificateDigest, digest))
    throw new Error('the authority gave a certificate that is not the one it grants');
  const { keys } = await meter.userKeys(options);
  const held = keys.find(({ number }) => number === key);
  const isHeld = held?.isActive === true && equalBytes(held.certificateDigest, digest);
  const wanted = { service: 'installKey', key, document: grant } as const;
  if (!isHeld)
    await callOnce(meter, calls, wanted, (requestId, document) =>
      meter.installKey({ requestId, grant: document }, options),
    );
  await calls.end({ meter: meterName(meter), service: 'installKey', key });
  return { ...given, isNew: !isHeld };
}
