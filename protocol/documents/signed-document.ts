/**
 * What all signed documents share: four ASCII characters that tell which document it is, its fields, then the signature
 * of every byte before it (ECDSA P-256 / SHA-256, r ‖ s).
 */

import * as P from 'micro-packed';
import { ascii, equalBytes, joinBytes } from '../bytes.ts';
import { type Crypto, type KeyPair, SIGNATURE_SIZE } from '../crypto.ts';
import { ok, type Result, refuse } from '../result.ts';
import { checked, decodeDocument, keyIdField } from './document-fields.ts';
import { keyId } from './key-id.ts';

const MAGIC_SIZE = 4;

/** The layout of a document, each field by its name, in order. */
export type Fields<T> = { readonly [Name in keyof T]: P.CoderType<T[Name]> };

export interface SignedDocument<T> {
  readonly magic: string;
  readonly fields: Fields<T>;
  /**
   * The bytes to be signed.
   * @throws Error where a field does not fit its layout: a bug of the caller
   */
  encodeCore(values: T): Uint8Array;
  /** @param privateKey 32 bytes; @throws Error as {@link encodeCore} */
  sign(crypto: Crypto, privateKey: Uint8Array, values: T): Uint8Array;
  /** The fields, whoever signed them; `documentMalformed` for anything but this document, whole and nothing else. */
  read(bytes: Uint8Array): Result<T>;
  /** As {@link read}, and `signatureInvalid` where the key did not sign these bytes. */
  verify(crypto: Crypto, publicKey: Uint8Array, bytes: Uint8Array): Result<T>;
}

/**
 * Declares a document.
 * @param isSound what the fields must fulfil together
 */
export function signedDocument<T extends object>(
  magic: string,
  fields: Fields<T>,
  isSound: (values: T) => boolean = () => true,
): SignedDocument<T> {
  const magicBytes = ascii(magic);
  const layout = checked(
    P.struct(fields) as P.CoderType<unknown> as P.CoderType<T>,
    'sound',
    isSound,
  );

  const encodeCore = (values: T): Uint8Array => joinBytes(magicBytes, layout.encode(values));

  const read = (bytes: Uint8Array): Result<T> => {
    const isOurs = magicBytes.every((byte, place) => bytes[place] === byte);
    if (!isOurs || bytes.length < MAGIC_SIZE + SIGNATURE_SIZE) return refuse('documentMalformed');
    const body = bytes.subarray(MAGIC_SIZE, -SIGNATURE_SIZE);
    return decodeDocument(layout, body);
  };

  return {
    magic,
    fields,
    encodeCore,
    sign(crypto, privateKey, values) {
      const core = encodeCore(values);
      return joinBytes(core, crypto.sign(privateKey, core));
    },
    read,
    verify(crypto, publicKey, bytes) {
      const values = read(bytes);
      if (!values.ok) return values;
      return hasSignature(crypto, publicKey, bytes) ? values : refuse('signatureInvalid');
    },
  };
}

/** Whether the last 64 bytes are a signature of all before them. */
export function hasSignature(crypto: Crypto, publicKey: Uint8Array, bytes: Uint8Array): boolean {
  const coreSize = bytes.length - SIGNATURE_SIZE;
  return crypto.verify(publicKey, bytes.subarray(0, coreSize), bytes.subarray(coreSize));
}

/** The fields of a document that names its issuer. */
export type Issued<T> = T & { readonly issuerKeyId: Uint8Array };

export interface IssuedDocument<T> {
  readonly magic: string;
  readonly fields: Fields<Issued<T>>;
  /** @throws Error where a field does not fit its layout: a bug of the caller */
  issue(crypto: Crypto, issuer: KeyPair, values: T): Uint8Array;
  /** The fields, whoever signed them. Refusal: `documentMalformed`. */
  read(bytes: Uint8Array): Result<Issued<T>>;
  /** As {@link read}, and `signatureInvalid` where it names another issuer or the issuer did not sign it. */
  verify(crypto: Crypto, issuerKey: Uint8Array, bytes: Uint8Array): Result<Issued<T>>;
}

/** Declares a document that begins with the key id of whoever signs it. */
export function issuedDocument<T extends object>(
  magic: string,
  fields: Fields<T>,
  isSound: (values: T) => boolean = () => true,
): IssuedDocument<T> {
  const issuedFields = { issuerKeyId: keyIdField, ...fields } as Fields<Issued<T>>;
  const document = signedDocument<Issued<T>>(magic, issuedFields, isSound);
  return {
    magic,
    fields: issuedFields,
    issue(crypto, issuer, values) {
      const issuerKeyId = keyId(crypto, issuer.publicKey);
      return document.sign(crypto, issuer.privateKey, { ...values, issuerKeyId });
    },
    read: document.read,
    verify(crypto, issuerKey, bytes) {
      const values = document.read(bytes);
      if (!values.ok) return values;
      if (!equalBytes(values.value.issuerKeyId, keyId(crypto, issuerKey)))
        return refuse('signatureInvalid');
      return hasSignature(crypto, issuerKey, bytes) ? ok(values.value) : refuse('signatureInvalid');
    },
  };
}
