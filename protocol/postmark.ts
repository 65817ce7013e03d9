/**
 * The postmark: an RFC 3161 time-stamp, of which the meter writes what it signs, and the host the rest (requirements.md
 * D1, D2; P fig. 3, 306; domain.md R50; RFC 3161 2.4.2, RFC 5652 5.4, RFC 5816).
 */

import { hexToBytes } from '@noble/hashes/utils.js';
import { equalBytes } from './bytes.ts';
import type { Crypto } from './crypto.ts';
import {
  demand,
  element,
  generalizedTime,
  isOid,
  octetString,
  oids,
  readDer,
  readerOf,
  sequence,
  setOf,
  tags,
  unsignedInteger,
  unsignedOf,
} from './der.ts';

/** 2.25.147690565125824454078295918340257905814, an arc of its own. */
const ARC = '6981de9c95c3cbd3d2b1f79aaa8bf1e38ec1f916';

/** Who made the digest: the host, or the meter of content that passed through it. */
export const postmarkPolicies = {
  digestGiven: element(tags.oid, hexToBytes(`${ARC}01`)),
  contentHashed: element(tags.oid, hexToBytes(`${ARC}02`)),
} as const;

const VERSION_1 = Uint8Array.of(1);
/** Seconds by which the secure clock may be wrong. */
const ACCURACY_SECONDS = 1;
/** Most bytes of a nonce: what stock clients draw, and more. */
export const NONCE_SIZE_MAX = 20;

export interface PostmarkContent {
  readonly isStreamed: boolean;
  /** SHA-256 of the message. */
  readonly digest: Uint8Array;
  /** Number of the meter, then of its certificate services: eight bytes, big-endian. */
  readonly serial: Uint8Array;
  /** Secure clock, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
  /** Big-endian, not negative; empty for none. */
  readonly nonce: Uint8Array;
}

/** The serial number of a postmark. @param meterSerial of the meter id @param piece certificate services with this one */
export function postmarkSerial(meterSerial: number, piece: number): Uint8Array {
  const serial = new Uint8Array(8);
  const view = new DataView(serial.buffer);
  view.setUint32(0, meterSerial);
  view.setUint32(4, piece);
  return serial;
}

/** TSTInfo. */
export function encodeTstInfo(content: PostmarkContent): Uint8Array {
  const { isStreamed, digest, serial, timeMs, nonce } = content;
  const { contentHashed, digestGiven } = postmarkPolicies;
  return sequence(
    element(tags.integer, VERSION_1),
    isStreamed ? contentHashed : digestGiven,
    sequence(sequence(oids.sha256), octetString(digest)),
    unsignedInteger(serial),
    generalizedTime(timeMs),
    sequence(element(tags.integer, Uint8Array.of(ACCURACY_SECONDS))),
    ...(nonce.length === 0 ? [] : [unsignedInteger(nonce)]),
  );
}

const attributeOf = (type: Uint8Array, value: Uint8Array): Uint8Array =>
  sequence(type, setOf(value));

/**
 * SignedAttributes, as they are signed: what the content is, its digest, and which certificate goes with it.
 * @param certificateDigest SHA-256 of the certificate of the key that signs
 */
export function encodeSignedAttributes(
  crypto: Pick<Crypto, 'sha256'>,
  tstInfo: Uint8Array,
  certificateDigest: Uint8Array,
): Uint8Array {
  const certificates = sequence(sequence(sequence(octetString(certificateDigest))));
  return setOf(
    attributeOf(oids.contentType, oids.tstInfo),
    attributeOf(oids.messageDigest, octetString(crypto.sha256(tstInfo))),
    attributeOf(oids.signingCertificateV2, certificates),
  );
}

export interface StampedInfo {
  /** SHA-256 of the content. */
  readonly digest: Uint8Array;
  /** YYYYMMDDhhmmss as a decimal number, UTC. */
  readonly time: number;
}

/** What a TSTInfo of SHA-256 says; undefined where it is none. What may follow the time is not looked at. */
export function readTstInfo(tstInfo: Uint8Array): StampedInfo | undefined {
  return readDer(tstInfo, (reader) => {
    const info = readerOf(reader.next(tags.sequence).content);
    demand(equalBytes(info.next(tags.integer).content, VERSION_1));
    info.next(tags.oid);
    const imprint = readerOf(info.next(tags.sequence).content);
    const algorithm = readerOf(imprint.next(tags.sequence).content);
    demand(isOid(algorithm.next(), oids.sha256));
    const digest = imprint.next(tags.octetString).content;
    imprint.end();
    unsignedOf(info.next(tags.integer));
    const time = String.fromCharCode(...info.next(tags.generalizedTime).content);
    demand(digest.length === 32 && /^\d{14}(\.\d+)?Z$/.test(time));
    return { digest, time: Number(time.slice(0, 14)) };
  });
}
