/** Commands: certificates for others, and what the keys of the user do beside postmarks. */

import * as P from 'micro-packed';
import { requestId } from '../command-layouts.ts';
import { PUBLIC_KEY_SIZE, SIGNATURE_SIZE } from '../crypto.ts';
import { checked } from '../documents/document-fields.ts';
import { keyUseNames } from '../documents/user-key.ts';
import { bytes, bytes8, bytes16, flags, oneOf, u8, u16, u32 } from '../fields.ts';
import { command } from './declaration.ts';

/** Most bytes that are signed or judged at once; of more, what is signed is a digest with its attributes. */
const CONTENT_SIZE_MAX = 8192;
const SHARED_INFO_SIZE_MAX = 512;
/** A key of AES-256. */
const CONTENT_KEY_SIZE = 32;

/** What is found of a signature, in the order in which it is looked for. */
export const signatureVerdicts = [
  'valid',
  'certificateMalformed',
  /** The authority did not sign it. */
  'certificateSignature',
  /** It does not allow signatures of contents. */
  'certificatePurpose',
  /** It is not valid today. */
  'certificateDates',
  /** This key did not sign this content. */
  'signature',
] as const;
export type SignatureVerdict = (typeof signatureVerdicts)[number];

const content = checked(bytes16, 'a content', ({ length }) => length <= CONTENT_SIZE_MAX);
const keyOrNone = (size: number): P.CoderType<Uint8Array> =>
  checked(bytes8, `${size} bytes or none`, ({ length }) => length === 0 || length === size);

const charged = {
  channel: 'sealed',
  callers: ['user'],
  states: ['idle'],
  enters: 'user',
  lifeCycles: ['registered'],
  charged: true,
} as const;

export const securityCommands = {
  /**
   * Lets a key pair be born for somebody else, charges for their certificate and signs it by a key
   * that may. The private key leaves encrypted only: to a key of the receiver, or under a password.
   */
  agentCertificate: command({
    code: 0x79,
    ...charged,
    request: P.struct({
      requestId,
      /** Of a key that issues. */
      number: u16,
      /** Sign, agree, authenticate, or the first and the last. */
      uses: flags(keyUseNames),
      /** UTF-8, 1 to 64 bytes without control characters. */
      commonName: bytes8,
      /** First and last day, YYYYMMDD. */
      validFrom: u32,
      validTo: u32,
      /** Public key of whoever gets the private key; empty for a password. */
      receiverKey: keyOrNone(PUBLIC_KEY_SIZE),
      /** What the host made of a password; empty for a receiver. */
      passwordKey: keyOrNone(CONTENT_KEY_SIZE),
    }),
    response: P.struct({
      /** X.509, DER. */
      certificate: bytes16,
      /** PKCS#8 under AES-256-GCM, its tag behind it, for a receiver; under AES-256-CBC for a password. */
      encryptedKey: bytes16,
      /** Nonce of 12 bytes for the one, of 16 for the other. */
      nonce: bytes8,
      /** As of `encryptKey`; empty for a password. */
      ephemeralKey: bytes8,
      wrappedKey: bytes8,
    }),
  }),
  /** Charges for a signature and makes it. */
  signContent: command({
    code: 0x7a,
    ...charged,
    request: P.struct({ requestId, number: u16, content }),
    response: P.struct({ signature: bytes(SIGNATURE_SIZE) }),
  }),
  /** Charges for judging a signature, by a certificate of the authority or a bare key, and tells what it found. */
  verifySignature: command({
    code: 0x7b,
    ...charged,
    request: P.struct({
      requestId,
      content,
      /** X.509, DER; empty for a bare key. */
      certificate: bytes16,
      /** Empty for a certificate. */
      publicKey: keyOrNone(PUBLIC_KEY_SIZE),
      signature: bytes(SIGNATURE_SIZE),
    }),
    response: P.struct({ verdict: oneOf(signatureVerdicts) }),
  }),
  /** Charges for a fresh key for a content, and wraps it for a receiver. */
  encryptKey: command({
    code: 0x7c,
    ...charged,
    request: P.struct({ requestId, receiverKey: bytes(PUBLIC_KEY_SIZE) }),
    response: P.struct({
      ephemeralKey: bytes(PUBLIC_KEY_SIZE),
      /** Under AES-256 key wrap, by the key that ECDH and the KDF of X9.63 with SHA-256 give. */
      wrappedKey: bytes(CONTENT_KEY_SIZE + 8),
      contentKey: bytes(CONTENT_KEY_SIZE),
    }),
  }),
  /** Charges for opening a key of a content that was wrapped for a key of this meter. */
  decryptKey: command({
    code: 0x7d,
    ...charged,
    request: P.struct({
      requestId,
      /** Of a key that agrees. */
      number: u16,
      ephemeralKey: bytes(PUBLIC_KEY_SIZE),
      /** ECC-CMS-SharedInfo (RFC 5753 7.2), DER. */
      sharedInfo: checked(bytes16, 'shared info', ({ length }) => length <= SHARED_INFO_SIZE_MAX),
      /** Bytes of the key that wraps: 16, 24 or 32. */
      wrapKeySize: u8,
      /** 24 to 72 bytes, a multiple of 8. */
      wrappedKey: bytes8,
    }),
    response: P.struct({ contentKey: bytes8 }),
  }),
  /** Charges for proving who holds a key: a signed document over a challenge, the time and the meter. */
  authenticate: command({
    code: 0x7e,
    ...charged,
    request: P.struct({
      requestId,
      number: u16,
      /** Of whoever wants the proof, 16 to 64 bytes. */
      challenge: bytes8,
    }),
    response: P.struct({ statement: bytes16 }),
  }),
} as const;
