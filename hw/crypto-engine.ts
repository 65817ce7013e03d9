/**
 * The crypto engine of a board that has one (requirements.md H1; architecture.md, decision 15). All of it or none: the
 * same image computes by itself where it is absent, and gives the same bytes.
 *
 * One form of each thing, as in protocol/crypto.ts: private keys 32 bytes, public keys 33 bytes (compressed point on
 * P-256), signatures 64 bytes r ‖ s, all big-endian. Hash, MAC and cipher are one unit each that works on one thing at a
 * time: `…Begin` drops what was under way, `…Update` takes at most 4096 bytes, as often as needed, `…End` gives the answer.
 *
 * What is out of these bounds, or out of turn, is a defect of the firmware: the call throws. Foreign bytes, which are a
 * public key, a signature or a tag, never make a call throw.
 *
 * Not promised: right answers (the firmware tests known answers before it uses them); constant time; that the engine
 * forgets a key before the next `…Begin` of its unit or the loss of power. The buffers that are given stay the
 * firmware's, which wipes them after the call; those that are answered belong to the firmware alone.
 */

export interface CryptoEngine {
  /** SHA-256. */
  hashBegin(): void;
  hashUpdate(data: ArrayBuffer): void;
  /** 32 bytes. */
  hashEnd(): ArrayBuffer;

  /** HMAC-SHA-256. @param key at most 64 bytes; of a longer one its digest (FIPS 198-1, 4) */
  macBegin(key: ArrayBuffer): void;
  macUpdate(data: ArrayBuffer): void;
  /** 32 bytes. */
  macEnd(): ArrayBuffer;

  /** PBKDF2 with HMAC-SHA-256: 32 bytes. @param password at most 4096 bytes, as the salt @param iterations 1 to 2^31 - 1 */
  stretch(password: ArrayBuffer, salt: ArrayBuffer, iterations: number): ArrayBuffer;

  /** AES-256-GCM. @param key 32 bytes @param nonce 12 bytes */
  sealBegin(key: ArrayBuffer, nonce: ArrayBuffer): void;
  /** The same, the other way. */
  openBegin(key: ArrayBuffer, nonce: ArrayBuffer): void;
  /** Associated data, all of it before the first cipherUpdate. All pieces but the last are multiples of 16 bytes. */
  cipherAssociated(data: ArrayBuffer): void;
  /** As many bytes as it was given, of which all pieces but the last are multiples of 16. */
  cipherUpdate(data: ArrayBuffer): ArrayBuffer;
  /** The tag, 16 bytes. */
  sealEnd(): ArrayBuffer;
  /** 1 where the tag of 16 bytes is right, else 0: then what cipherUpdate gave is worth nothing. */
  openEnd(tag: ArrayBuffer): number;

  /** The public key of a private one, which is 1 to n - 1. */
  publicKey(privateKey: ArrayBuffer): ArrayBuffer;
  /** ECDSA of what was hashed since hashBegin, in place of hashEnd; k by RFC 6979, s as it comes. */
  sign(privateKey: ArrayBuffer): ArrayBuffer;
  /**
   * 1 where the signature is right for what was hashed since hashBegin, in place of hashEnd; else 0, for bytes that are
   * no point of the curve and no signature too. Low and high s are both right.
   */
  verify(publicKey: ArrayBuffer, signature: ArrayBuffer): number;
  /** ECDH: the x coordinate, 32 bytes. An empty buffer where the public key is no point of the curve. */
  agree(privateKey: ArrayBuffer, publicKey: ArrayBuffer): ArrayBuffer;
}
