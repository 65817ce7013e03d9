/**
 * The algorithms that both sides of the protocol use, as one interface: the firmware computes them with noble or with
 * the board's crypto engine, the host with Node. One form of each thing: private keys 32 bytes, public keys 33 bytes
 * (compressed point on P-256, SEC 1 2.3.3), signatures 64 bytes r ‖ s, both big-endian.
 */

export interface KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

export const PRIVATE_KEY_SIZE = 32;
export const PUBLIC_KEY_SIZE = 33;
export const SIGNATURE_SIZE = 64;
export const DIGEST_SIZE = 32;
export const GCM_TAG_SIZE = 16;
export const GCM_NONCE_SIZE = 12;

/** ML-KEM-768 (FIPS 203). */
export const KEM_KEY_SIZE = 1184;
export const KEM_CIPHERTEXT_SIZE = 1088;
export interface Kem {
  /** The key that opens is in a form of its own maker, who alone uses it. */
  generateKeyPair(): { readonly openingKey: Uint8Array; readonly sealingKey: Uint8Array };
  /** A fresh secret of 32 bytes and how to tell it; undefined where the key is none. */
  encapsulate(
    sealingKey: Uint8Array,
  ): { readonly secret: Uint8Array; readonly ciphertext: Uint8Array } | undefined;
  /** The secret; another one, without a sign, where the ciphertext was changed. */
  decapsulate(openingKey: Uint8Array, ciphertext: Uint8Array): Uint8Array;
}

export interface Crypto {
  /** For the hybrid suite of the handshake, where this side has it. */
  readonly kem?: Kem | undefined;
  randomBytes(size: number): Uint8Array;
  /** SHA-256 of the parts one after the other (FIPS 180-4). */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  /** HMAC-SHA-256 of the parts one after the other (FIPS 198-1). */
  hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /** AES-256-GCM: ciphertext with the 16-byte tag behind it (SP 800-38D). The nonce has 12 bytes and is never used twice. */
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    associated: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array;
  /** The plaintext; undefined where the tag is wrong. */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    associated: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | undefined;
  generateKeyPair(): KeyPair;
  publicKeyOf(privateKey: Uint8Array): Uint8Array;
  /** ECDSA P-256 with SHA-256 of the message (FIPS 186-5). */
  sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array;
  /** False for a wrong signature and for bytes that are no key or no signature. Low and high s are both accepted. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** ECDH on P-256: the x coordinate, 32 bytes (SP 800-56A 5.7.1.2); undefined where the public key is no valid point. */
  agree(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined;
}
