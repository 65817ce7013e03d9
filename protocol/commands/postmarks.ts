/** Commands: postmarks on messages. */

import * as P from 'micro-packed';
import { requestId } from '../command-layouts.ts';
import { checked } from '../documents/document-fields.ts';
import { bytes, bytes8, bytes16, oneOf, u16, u48 } from '../fields.ts';
import { NONCE_SIZE_MAX } from '../postmark.ts';
import { command } from './declaration.ts';

/**
 * What a validation found, in the order in which it looks (P fig. 4): the certificate, by the authority's key, then the
 * signature of the postmark, then the digest of the message.
 */
export const postmarkVerdicts = [
  'valid',
  'certificateMalformed',
  /** The authority did not sign it. */
  'certificateSignature',
  /** It is not for postmarks. */
  'certificatePurpose',
  /** It was not valid when the postmark was made. */
  'certificateDates',
  'postmarkMalformed',
  'postmarkSignature',
  'digestDifferent',
] as const;
export type PostmarkVerdict = (typeof postmarkVerdicts)[number];

const nonce = checked(bytes8, 'a nonce', ({ length }) => length <= NONCE_SIZE_MAX);

export const postmarksCommands = {
  /**
   * Takes the next part of a content, or the first, and hashes it, for a postmark or validation that
   * tells so. Gives how many bytes there are so far.
   */
  hashContent: command({
    code: 0x70,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ isFirst: P.bool, data: bytes16 }),
    response: P.struct({ size: u48 }),
  }),
  /**
   * Charges for a postmark and signs it: digest, time, serial number. Gives what was signed, from
   * which the host makes the time-stamp. A repeated request id gives the same one.
   */
  postmark: command({
    code: 0x71,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: true,
    request: P.struct({
      requestId,
      /** Of a key for time-stamps. */
      number: u16,
      /** Whether the meter hashed the content, whose digest this then is. */
      isStreamed: P.bool,
      /** SHA-256 of the content. */
      digest: bytes(32),
      /** Of the host, to tell the answer by; empty for none. */
      nonce,
    }),
    response: P.struct({ tstInfo: bytes16, signedAttributes: bytes16, signature: bytes(64) }),
  }),
  /** Charges for judging a postmark by the authority's key, and tells what it found. */
  validatePostmark: command({
    code: 0x72,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: true,
    request: P.struct({
      requestId,
      isStreamed: P.bool,
      digest: bytes(32),
      /** X.509, DER. */
      certificate: bytes16,
      tstInfo: bytes16,
      signedAttributes: bytes16,
      /** r ‖ s. */
      signature: bytes(64),
    }),
    response: P.struct({ verdict: oneOf(postmarkVerdicts) }),
  }),
} as const;
