/**
 * Known-answer tests of every algorithm the image uses (requirements.md A2; FIPS 140-3 IG 10.3.A). The answers come from
 * standards or were computed with OpenSSL; each test compares all bytes.
 */

import { hexToBytes } from '@noble/hashes/utils.js';
import { ascii, equalBytes, joinBytes } from '#protocol/bytes';
import { kdfCounter } from '#protocol/kdf';
import { createDrbg } from './drbg.ts';
import type { ImageCrypto } from './image-crypto.ts';

const hex = hexToBytes;
const abc = ascii('abc');

/** RFC 6979 A.2.5: key, and the signature of "sample" with SHA-256. */
const SIGN_KEY = hex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721');
const SIGN_PUBLIC = hex('0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6');
const SIGNATURE = hex(
  'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
    'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
);

/** CAVP KAS ECC CDH primitive, P-256, count 0. */
const AGREE_KEY = hex('7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534');
const AGREE_PUBLIC = hex('03700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287');
const AGREE_KEY_PUBLIC = hex('03ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230');
const AGREED = hex('46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b');

const GCM_KEY = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
const GCM_NONCE = hex('202122232425262728292a2b');
const GCM_SEALED = hex(
  'd23ba473689d1c09127548c5cd15faf6c058fe8f939575f974ef760955974016b8da4b7bfe5295adaadd4636761c92d1',
);

export interface KnownAnswer {
  readonly name: string;
  /** Whether the algorithm gave what it must. */
  readonly holds: (crypto: ImageCrypto) => boolean;
}

/** In the order of their numbers, from 1. */
export const knownAnswers: readonly KnownAnswer[] = [
  {
    name: 'SHA-256',
    holds: (crypto) =>
      equalBytes(
        crypto.sha256(abc),
        hex('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'),
      ),
  },
  {
    name: 'HMAC-SHA-256', // RFC 4231 case 2
    holds: (crypto) =>
      equalBytes(
        crypto.hmac(ascii('Jefe'), ascii('what do ya want '), ascii('for nothing?')),
        hex('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'),
      ),
  },
  {
    name: 'ECDSA P-256 verify',
    holds: (crypto) =>
      crypto.verify(SIGN_PUBLIC, ascii('sample'), SIGNATURE) &&
      !crypto.verify(SIGN_PUBLIC, ascii('Sample'), SIGNATURE),
  },
  {
    name: 'ECDSA P-256 sign',
    holds: (crypto) => equalBytes(crypto.sign(SIGN_KEY, ascii('sample')), SIGNATURE),
  },
  {
    name: 'ECDH P-256',
    holds: (crypto) => {
      const agreed = crypto.agree(AGREE_KEY, AGREE_PUBLIC);
      return agreed !== undefined && equalBytes(agreed, AGREED);
    },
  },
  {
    name: 'AES-256-GCM seal',
    holds: (crypto) => equalBytes(crypto.seal(GCM_KEY, GCM_NONCE, abc, GCM_KEY), GCM_SEALED),
  },
  {
    name: 'AES-256-GCM open',
    holds: (crypto) => {
      const opened = crypto.open(GCM_KEY, GCM_NONCE, abc, GCM_SEALED);
      const forged = joinBytes(
        GCM_SEALED.subarray(0, 47),
        Uint8Array.of((GCM_SEALED[47] ?? 0) ^ 1),
      );
      return (
        opened !== undefined &&
        equalBytes(opened, GCM_KEY) &&
        crypto.open(GCM_KEY, GCM_NONCE, abc, forged) === undefined
      );
    },
  },
  {
    name: 'SP 800-108 counter KDF',
    holds: (crypto) =>
      equalBytes(
        kdfCounter(crypto, GCM_KEY, abc, 40),
        hex('360a94993747b8b900b90d1c18c0727df53a745e0547d6ce6ef6d8424c47a5dfca85111aa0ebcb0a'),
      ),
  },
  {
    name: 'PBKDF2-HMAC-SHA-256',
    holds: (crypto) =>
      equalBytes(
        crypto.stretchPassword(ascii('password'), ascii('salt'), 2),
        hex('ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43'),
      ),
  },
  {
    name: 'HMAC_DRBG',
    holds: (crypto) => {
      const drbg = createDrbg(crypto.hmac, GCM_KEY, GCM_NONCE, abc);
      drbg.generate(32);
      drbg.reseed(GCM_SEALED);
      return equalBytes(
        drbg.generate(40),
        hex('26a6bdf3ecaaadc22ae3cbc9b9f5a61e7d2743b284b192a389d232b900c6d3011810a4f0a541d36a'),
      );
    },
  },
  {
    name: 'P-256 public key',
    holds: (crypto) => equalBytes(crypto.publicKeyOf(AGREE_KEY), AGREE_KEY_PUBLIC),
  },
];
