/** Commands: keys that the meter keeps for its user, and their certificates. */

import * as P from 'micro-packed';
import { requestId } from '../command-layouts.ts';
import { keyUseNames, revocationReasons } from '../documents/user-key.ts';
import { bytes, bytes8, bytes16, flags, listOf, oneOf, u8, u16, u32 } from '../fields.ts';
import { command, nothing, withKeys } from './declaration.ts';

/** A key as the meter tells of it. */
export const userKeyLayout = P.struct({
  number: u16,
  isActive: P.bool,
  isImported: P.bool,
  uses: flags(keyUseNames),
  publicKey: bytes(33),
  organization: bytes8,
  commonName: bytes8,
  /** SHA-256 of the certificate, DER; zeros before the key is active, as the rest then. */
  certificateDigest: bytes(32),
  serial: bytes8,
  validFrom: u32,
  validTo: u32,
});
export type UserKeyInfo = P.UnwrapCoder<typeof userKeyLayout>;

export const userKeysCommands = {
  /**
   * Lets a key pair be born that waits for its certificate, and gives the requests for that; the same
   * key again where one waits with these uses and names.
   */
  requestKey: command({
    code: 0x73,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({
      uses: flags(keyUseNames),
      /** UTF-8, up to 64 bytes without control characters; empty where there is none. */
      organization: bytes8,
      /** The same, of one byte at least. */
      commonName: bytes8,
    }),
    response: P.struct({
      number: u16,
      /** CertificationRequestInfo (RFC 2986), DER, which the new key signs. */
      requestInfo: bytes16,
      /** By the new key, r ‖ s. */
      requestSignature: bytes(64),
      /** The key request, signed by the device key. */
      request: bytes16,
    }),
  }),
  /** Takes the grant of a key that waits: charges for its certificate, and makes the key active. */
  installKey: command({
    code: 0x74,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['registered'],
    charged: true,
    request: P.struct({ requestId, grant: bytes16 }),
    response: P.struct({ number: u16 }),
  }),
  /** Gives all keys of the user, without their secrets. */
  userKeys: command({
    code: 0x75,
    channel: 'sealed',
    callers: ['user', 'cryptoOfficer'],
    states: ['idle'],
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: P.struct({ keys: listOf(u8, userKeyLayout) }),
  }),
  /** Asks the authority to revoke a key that is active, signed by the device key. */
  requestRevocation: command({
    code: 0x76,
    channel: 'sealed',
    callers: ['user', 'cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ number: u16, reason: oneOf(revocationReasons) }),
    response: P.struct({ request: bytes16 }),
  }),
  /**
   * Takes the authority's order: destroys the key, then charges for it where the funds suffice, and
   * gives a confirmation, signed by the device key, of what was paid or is due.
   */
  revokeKey: command({
    code: 0x77,
    channel: 'sealed',
    callers: ['user', 'cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['registered'],
    charged: true,
    request: P.struct({ requestId, order: bytes16 }),
    response: P.struct({ confirmation: bytes16 }),
  }),
  /**
   * Takes a private key that was made elsewhere, where the licence allows that, as
   * one that waits for its certificate. Gives what `requestKey` gives.
   */
  importKey: command({
    code: 0x78,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({
      uses: flags(keyUseNames),
      /** UTF-8, up to 64 bytes without control characters; empty where there is none. */
      organization: bytes8,
      /** The same, of one byte at least. */
      commonName: bytes8,
      privateKey: bytes(32),
    }),
    response: P.struct({
      number: u16,
      /** CertificationRequestInfo (RFC 2986), DER, which the new key signs. */
      requestInfo: bytes16,
      /** By the new key, r ‖ s. */
      requestSignature: bytes(64),
      /** The key request, signed by the device key. */
      request: bytes16,
    }),
  }),
  /** Lets go of a key that waits for its certificate. */
  dropKey: command({
    code: 0x87,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ number: u16 }),
    response: nothing,
  }),
} as const;
