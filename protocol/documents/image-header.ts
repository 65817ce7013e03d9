/** The signed header of a firmware image: 128 bytes, then the body (requirements.md H2, A2). */

import { equalBytes, joinBytes } from '../bytes.ts';
import { type Crypto, DIGEST_SIZE, type KeyPair } from '../crypto.ts';
import { bytes, oneOf, u32 } from '../fields.ts';
import { ok, type Result, refuse } from '../result.ts';
import { exactly, keyIdField, reserved } from './document-fields.ts';
import { keyId } from './key-id.ts';
import { hasSignature, signedDocument } from './signed-document.ts';

export const IMAGE_HEADER_SIZE = 128;
const HEADER_VERSION = 1;
const RESERVED_SIZE = 6;

/** `source`: JavaScript in UTF-8 · `bytecode`: of one engine, which the body names (image-body.ts). */
export const bodyForms = ['source', 'bytecode'] as const;
export type BodyForm = (typeof bodyForms)[number];

export interface ImageVersions {
  /** major << 16 | minor << 8 | patch */
  readonly imageVersion: number;
  /** Raised when an older image must not run any more; a board never goes back to a lower one. */
  readonly securityVersion: number;
}

export interface ImageHeader extends ImageVersions {
  readonly headerVersion: typeof HEADER_VERSION;
  /** Bytes behind the header; not 0. */
  readonly bodySize: number;
  /** SHA-256 of the body. */
  readonly bodyDigest: Uint8Array;
  /** Of the key that signed the header. */
  readonly keyId: Uint8Array;
  readonly bodyForm: BodyForm;
  readonly reserved: Uint8Array;
}

export const imageHeaderDocument = signedDocument<ImageHeader>(
  'TSRI',
  {
    headerVersion: exactly(HEADER_VERSION),
    imageVersion: u32,
    securityVersion: u32,
    bodySize: u32,
    bodyDigest: bytes(DIGEST_SIZE),
    keyId: keyIdField,
    bodyForm: oneOf(bodyForms),
    reserved: reserved(RESERVED_SIZE),
  },
  ({ bodySize }) => bodySize > 0,
);

/**
 * The whole image, header and body.
 * @throws Error for an empty body or a version that does not fit
 */
export function signImage(
  crypto: Crypto,
  keyPair: KeyPair,
  versions: ImageVersions,
  body: Uint8Array,
  bodyForm: BodyForm = 'source',
): Uint8Array {
  const header = imageHeaderDocument.sign(crypto, keyPair.privateKey, {
    headerVersion: HEADER_VERSION,
    imageVersion: versions.imageVersion,
    securityVersion: versions.securityVersion,
    bodySize: body.length,
    bodyDigest: crypto.sha256(body),
    keyId: keyId(crypto, keyPair.publicKey),
    bodyForm,
    reserved: new Uint8Array(RESERVED_SIZE),
  });
  return joinBytes(header, body);
}

/** Refusals: `documentMalformed` no header · `signatureInvalid` another key or a wrong signature. */
export function verifyImageHeader(
  crypto: Crypto,
  imageKey: Uint8Array,
  bytes: Uint8Array,
): Result<ImageHeader> {
  const header = imageHeaderDocument.read(bytes);
  if (!header.ok) return header;
  const isOurs = equalBytes(header.value.keyId, keyId(crypto, imageKey));
  return isOurs && hasSignature(crypto, imageKey, bytes) ? header : refuse('signatureInvalid');
}

/**
 * Refusals: `documentMalformed` no header, or a body of another size · `signatureInvalid` another key or a wrong
 * signature · `imageInvalid` the body is not the one whose digest was signed.
 * @param image header and body, nothing else
 * @returns the header, and the body as a view of `image`
 */
export function verifyImage(
  crypto: Crypto,
  imageKey: Uint8Array,
  image: Uint8Array,
): Result<{ readonly header: ImageHeader; readonly body: Uint8Array }> {
  const body = image.subarray(IMAGE_HEADER_SIZE);
  const header = verifyImageHeader(crypto, imageKey, image.subarray(0, IMAGE_HEADER_SIZE));
  if (!header.ok) return header;
  if (header.value.bodySize !== body.length) return refuse('documentMalformed');
  if (!equalBytes(header.value.bodyDigest, crypto.sha256(body))) return refuse('imageInvalid');
  return ok({ header: header.value, body });
}
