/** Requests and responses of a time-stamping authority (RFC 3161 2.4, 3.4): what the service over a meter takes and gives. */

import { TimeStampReq, TimeStampResp } from 'pkijs';
import { ascii } from '#protocol/bytes';
import {
  bitString,
  demand,
  element,
  isOid,
  readDer,
  readerOf,
  sequence,
  tags,
  unsignedOf,
} from '#protocol/der';
import { NONCE_SIZE_MAX, postmarkPolicies } from '#protocol/postmark';
import { ids } from '../cms/oids.ts';
import { plainBytes } from '../plain-bytes.ts';
import { parse } from '../x509/certificate.ts';

/** PKIFailureInfo: the number of the bit. */
export const failures = {
  badAlg: 0,
  badRequest: 2,
  badDataFormat: 5,
  timeNotAvailable: 14,
  unacceptedPolicy: 15,
  unacceptedExtension: 16,
  systemFailure: 25,
} as const;
export type Failure = keyof typeof failures;

export interface StampRequest {
  /** SHA-256. */
  readonly digest: Uint8Array;
  /** Big-endian; empty for none. */
  readonly nonce: Uint8Array;
  /** Whether the certificate is to come with the token. */
  readonly wantsCertificate: boolean;
}

export type ReadRequest =
  | { readonly ok: true; readonly request: StampRequest }
  | { readonly ok: false; readonly failure: Failure; readonly why: string };

const refused = (failure: Failure, why: string): ReadRequest => ({ ok: false, failure, why });

/** Takes a TimeStampReq, of which the service can do everything but other digests and policies. */
export function readStampRequest(der: Uint8Array): ReadRequest {
  const asked = parse(() => TimeStampReq.fromBER(plainBytes(der)));
  if (asked === undefined) return refused('badDataFormat', 'this is no TimeStampReq');
  const { version, messageImprint, reqPolicy, certReq = false, extensions = [] } = asked;
  if (version !== 1) return refused('badRequest', 'only version 1 is known');
  if (messageImprint.hashAlgorithm.algorithmId !== ids.sha256)
    return refused('badAlg', 'only SHA-256 is taken');
  const digest = plainBytes(messageImprint.hashedMessage.valueBlock.valueHexView);
  if (digest.length !== 32) return refused('badDataFormat', 'a digest of SHA-256 has 32 bytes');
  if (reqPolicy !== undefined && !asksForOurs(der))
    return refused('unacceptedPolicy', 'stamps of a given digest have one policy');
  if (extensions.length > 0) return refused('unacceptedExtension', 'no extension is known');
  const nonce = nonceOf(asked);
  if (nonce === undefined)
    return refused('badRequest', `a nonce is positive and of ${NONCE_SIZE_MAX} bytes at most`);
  return { ok: true, request: { digest, nonce, wantsCertificate: certReq } };
}

/** By the bytes: see `policyOf` of time-stamp.ts. */
const asksForOurs = (der: Uint8Array): boolean =>
  readDer(der, (reader) => {
    const query = readerOf(reader.next(tags.sequence).content);
    query.next(tags.integer);
    query.next(tags.sequence);
    return isOid(query.next(tags.oid), postmarkPolicies.digestGiven);
  }) === true;

/** Digits of the nonce, none where there is none; undefined where it cannot be given back. */
function nonceOf({ nonce }: TimeStampReq): Uint8Array | undefined {
  if (nonce === undefined) return new Uint8Array(0);
  const digits = readDer(plainBytes(nonce.toBER()), (reader) => {
    const found = unsignedOf(reader.next(tags.integer));
    demand(found.length <= NONCE_SIZE_MAX && found.some((byte) => byte !== 0));
    return found;
  });
  return digits;
}

const GRANTED = Uint8Array.of(0);
const REJECTION = Uint8Array.of(2);

/** TimeStampResp with a token. */
export const encodeGranted = (token: Uint8Array): Uint8Array =>
  sequence(sequence(element(tags.integer, GRANTED)), token);

/** TimeStampResp of a refusal. @param why in ASCII */
export function encodeRejection(failure: Failure, why: string): Uint8Array {
  const bit = failures[failure];
  const bits = new Uint8Array(Math.floor(bit / 8) + 1);
  bits[bits.length - 1] = 0x80 >> (bit % 8);
  return sequence(
    sequence(
      element(tags.integer, REJECTION),
      sequence(element(tags.utf8String, ascii(why))),
      bitString(bits, 7 - (bit % 8)),
    ),
  );
}

/** The token of a response or of itself; undefined where there is none. */
export function tokenIn(der: Uint8Array): Uint8Array | undefined {
  const response = parse(() => TimeStampResp.fromBER(plainBytes(der)));
  if (response === undefined) return readDer(der, (reader) => reader.next(tags.sequence).whole);
  const { timeStampToken } = response;
  return timeStampToken === undefined
    ? undefined
    : new Uint8Array(timeStampToken.toSchema().toBER());
}
