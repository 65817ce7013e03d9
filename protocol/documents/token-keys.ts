/**
 * The secret keys of digital tokens on their way from the authority to a meter (requirements.md C2, C3): the meter's request with
 * a key of the moment, signed by its device key, and the answer, which only that meter can open and only in this power cycle.
 */

import { ascii, joinBytes, wipe } from '../bytes.ts';
import { type Crypto, GCM_NONCE_SIZE, GCM_TAG_SIZE, type KeyPair } from '../crypto.ts';
import { bytes, u8, u24, u32 } from '../fields.ts';
import { expandKey, extractKey } from '../kdf.ts';
import { meterId, publicKey } from './document-fields.ts';
import { issuedDocument, signedDocument } from './signed-document.ts';

/** The postal key and the vendor key, 32 bytes each, one behind the other. */
export const TOKEN_KEYS_SIZE = 64;

export interface TokenKeyRequest {
  readonly meterId: Uint8Array;
  /** Serial of the certificate of the device key that signs. */
  readonly deviceSerial: number;
  /** Of the moment: its private part is in memory alone. */
  readonly publicKey: Uint8Array;
}

export const tokenKeyRequestDocument = signedDocument<TokenKeyRequest>('TTR1', {
  meterId,
  deviceSerial: u32,
  publicKey,
});

export interface TokenKeysFields {
  readonly meterId: Uint8Array;
  /** The key that was asked with. */
  readonly recipient: Uint8Array;
  /** Of the moment, of the authority. */
  readonly sender: Uint8Array;
  /** What a lite indicium of this meter names it by: vendor and model, and serial number (domain.md 1.2). */
  readonly model: number;
  readonly serial: number;
  /** {@link TOKEN_KEYS_SIZE} bytes under AES-256-GCM. */
  readonly sealedKeys: Uint8Array;
}

export const tokenKeysDocument = issuedDocument<TokenKeysFields>('TTK1', {
  meterId,
  recipient: publicKey,
  sender: publicKey,
  model: u8,
  serial: u24,
  sealedKeys: bytes(TOKEN_KEYS_SIZE + GCM_TAG_SIZE),
});

type Parties = Pick<TokenKeysFields, 'meterId' | 'recipient' | 'sender'>;

/** Both keys of the moment are in it, so that it is used once; that is why a nonce of zeros is right. */
function sealingKey(
  crypto: Crypto,
  secret: Uint8Array,
  { meterId: meter, recipient, sender }: Parties,
): Uint8Array {
  const extracted = extractKey(crypto, new Uint8Array(32), secret);
  const key = expandKey(
    crypto,
    extracted,
    'tessera token keys',
    joinBytes(sender, recipient, meter),
    32,
  );
  wipe(extracted);
  return key;
}

const NONCE = new Uint8Array(GCM_NONCE_SIZE);
const ASSOCIATED = ascii('TTK1');

/** The document with both keys sealed for who asked; undefined where that one's key is no point. */
export function issueTokenKeys(
  crypto: Crypto,
  issuer: KeyPair,
  { recipient, model, serial, meterId: meter }: Omit<TokenKeysFields, 'sender' | 'sealedKeys'>,
  keys: Uint8Array,
): Uint8Array | undefined {
  const moment = crypto.generateKeyPair();
  const secret = crypto.agree(moment.privateKey, recipient);
  wipe(moment.privateKey);
  if (secret === undefined) return undefined;
  const parties = { meterId: meter, recipient, sender: moment.publicKey };
  const key = sealingKey(crypto, secret, parties);
  wipe(secret);
  const sealedKeys = crypto.seal(key, NONCE, ASSOCIATED, keys);
  wipe(key);
  return tokenKeysDocument.issue(crypto, issuer, { ...parties, model, serial, sealedKeys });
}

/** The keys, which are the caller's to wipe; undefined where they were sealed for another, or changed. */
export function openTokenKeys(
  crypto: Crypto,
  privateKey: Uint8Array,
  document: Parties & Pick<TokenKeysFields, 'sealedKeys'>,
): Uint8Array | undefined {
  const secret = crypto.agree(privateKey, document.sender);
  if (secret === undefined) return undefined;
  const key = sealingKey(crypto, secret, document);
  wipe(secret);
  const keys = crypto.open(key, NONCE, ASSOCIATED, document.sealedKeys);
  wipe(key);
  return keys;
}
