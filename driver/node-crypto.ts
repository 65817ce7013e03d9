/** The algorithms of the protocol on node:crypto, for everything that runs on a host (architecture.md decision 2). */

import * as everyAlgorithm from 'node:crypto';
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import {
  type Crypto,
  GCM_NONCE_SIZE,
  GCM_TAG_SIZE,
  KEM_KEY_SIZE,
  type Kem,
  PRIVATE_KEY_SIZE,
  PUBLIC_KEY_SIZE,
  SIGNATURE_SIZE,
} from '#protocol/crypto';

const CURVE = 'prime256v1';
const CIPHER = 'aes-256-gcm';

/** PrivateKeyInfo of a P-256 key up to its 32 bytes (RFC 5208, RFC 5915 without the optional public key). */
const PKCS8_HEAD = Buffer.from(
  '3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420',
  'hex',
);
/** SubjectPublicKeyInfo of a P-256 key up to its 33 bytes (RFC 5480, named curve, compressed point). */
const SPKI_HEAD = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');

/** Of the group of P-256 (SP 800-186 3.2.1.3). */
const ORDER = Buffer.from(
  'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  'hex',
);

/** Parsed public keys kept; the least recently used one goes. Public keys only: a cache would outlive a wiped secret. */
const PUBLIC_KEYS_MAX = 256;
const publicKeys = new Map<string, KeyObject>();

/** A copy without the class and the shared memory of Buffer. */
const plain = (buffer: Buffer): Uint8Array => Uint8Array.from(buffer);

/** Node takes bare bytes too, and takes three times as long: it throws and catches an error to find out what they are. */
const secretKey = (key: Uint8Array): KeyObject => createSecretKey(key);

/** OpenSSL signs with zero as if it were a key: a key that was wiped would go on signing, for everybody to forge. */
function isScalar(privateKey: Uint8Array): boolean {
  return Buffer.compare(privateKey, ORDER) < 0 && privateKey.some((byte) => byte !== 0);
}

function privateKeyObject(privateKey: Uint8Array): KeyObject {
  if (privateKey.length !== PRIVATE_KEY_SIZE)
    throw new RangeError(`a private key has ${PRIVATE_KEY_SIZE} bytes, not ${privateKey.length}`);
  if (!isScalar(privateKey)) throw new RangeError('this is no private key of the curve');
  const der = Buffer.concat([PKCS8_HEAD, privateKey]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

/** The key of 33 foreign bytes; undefined where they are no point of the curve. */
function publicKeyObject(publicKey: Uint8Array): KeyObject | undefined {
  const isCompressed = publicKey[0] === 0x02 || publicKey[0] === 0x03;
  if (publicKey.length !== PUBLIC_KEY_SIZE || !isCompressed) return undefined;
  const name = Buffer.from(publicKey).toString('latin1');
  const known = publicKeys.get(name);
  const key = known ?? parsePublicKey(publicKey);
  if (key === undefined) return undefined;
  publicKeys.delete(name);
  publicKeys.set(name, key);
  const oldest = publicKeys.keys().next();
  if (publicKeys.size > PUBLIC_KEYS_MAX && oldest.done !== true) publicKeys.delete(oldest.value);
  return key;
}

function parsePublicKey(publicKey: Uint8Array): KeyObject | undefined {
  try {
    const der = Buffer.concat([SPKI_HEAD, publicKey]);
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return undefined; // OpenSSL tells "not on the curve" by throwing; the caller only needs to know that it is no key
  }
}

function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(privateKey);
  return plain(ecdh.getPublicKey(null, 'compressed'));
}

/** SubjectPublicKeyInfo of an ML-KEM-768 key up to its 1184 bytes (RFC 9935). */
const KEM_SPKI_HEAD = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex');

/** Node has them from 24.7 on; naming them in an import would keep an older one from starting. */
const { encapsulate, decapsulate } = everyAlgorithm as Partial<typeof everyAlgorithm>;

/** ML-KEM-768 by OpenSSL 3.5, where it is there. */
const nodeKem: Kem | undefined =
  encapsulate === undefined || decapsulate === undefined
    ? undefined
    : {
        generateKeyPair() {
          const { privateKey, publicKey } = generateKeyPairSync('ml-kem-768');
          const spki = publicKey.export({ format: 'der', type: 'spki' });
          const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
          const openingKey = plain(pkcs8);
          pkcs8.fill(0);
          return { openingKey, sealingKey: plain(spki.subarray(KEM_SPKI_HEAD.length)) };
        },

        encapsulate(sealingKey) {
          if (sealingKey.length !== KEM_KEY_SIZE) return undefined;
          try {
            const der = Buffer.concat([KEM_SPKI_HEAD, sealingKey]);
            const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
            const { sharedKey, ciphertext } = encapsulate(key);
            const secret = plain(sharedKey);
            sharedKey.fill(0);
            return { secret, ciphertext: plain(ciphertext) };
          } catch {
            return undefined; // OpenSSL tells a coefficient out of range (FIPS 203, 7.2) by throwing
          }
        },

        decapsulate(openingKey, ciphertext) {
          const der = Buffer.from(openingKey);
          try {
            const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
            const shared = decapsulate(key, ciphertext);
            const secret = plain(shared);
            shared.fill(0);
            return secret;
          } finally {
            der.fill(0);
          }
        },
      };

/** {@link Crypto} as Node computes it: constant time where OpenSSL is, 20 to 50 times as fast as plain JavaScript. */
export const nodeCrypto: Crypto = {
  kem: nodeKem,

  randomBytes: (size) => plain(randomBytes(size)),

  sha256(...parts) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return plain(hash.digest());
  },

  hmac(key, ...parts) {
    const mac = createHmac('sha256', secretKey(key));
    for (const part of parts) mac.update(part);
    return plain(mac.digest());
  },

  seal(key, nonce, associated, plaintext) {
    const cipher = createCipheriv(CIPHER, secretKey(key), nonce, { authTagLength: GCM_TAG_SIZE });
    cipher.setAAD(associated);
    const sealed = new Uint8Array(plaintext.length + GCM_TAG_SIZE);
    sealed.set(cipher.update(plaintext));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plaintext.length);
    return sealed;
  },

  open(key, nonce, associated, sealed) {
    if (sealed.length < GCM_TAG_SIZE || nonce.length !== GCM_NONCE_SIZE) return undefined;
    const cipher = createDecipheriv(CIPHER, secretKey(key), nonce, { authTagLength: GCM_TAG_SIZE });
    const size = sealed.length - GCM_TAG_SIZE;
    cipher.setAAD(associated).setAuthTag(sealed.subarray(size));
    const plaintext = cipher.update(sealed.subarray(0, size));
    try {
      cipher.final();
      return plain(plaintext);
    } catch {
      return undefined; // the only way OpenSSL has to say that the tag is wrong
    } finally {
      plaintext.fill(0);
    }
  },

  generateKeyPair() {
    const ecdh = createECDH(CURVE);
    ecdh.generateKeys();
    const publicKey = plain(ecdh.getPublicKey(null, 'compressed'));
    const scalar = ecdh.getPrivateKey();
    const privateKey = new Uint8Array(PRIVATE_KEY_SIZE); // Node drops leading zeros
    privateKey.set(scalar, PRIVATE_KEY_SIZE - scalar.length);
    scalar.fill(0);
    return { privateKey, publicKey };
  },

  publicKeyOf,

  sign(privateKey, message) {
    const key = privateKeyObject(privateKey);
    return plain(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }));
  },

  verify(publicKey, message, signature) {
    const key = publicKeyObject(publicKey);
    if (key === undefined || signature.length !== SIGNATURE_SIZE) return false;
    return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  },

  agree(privateKey, publicKey) {
    const other = publicKeyObject(publicKey);
    if (other === undefined) return undefined;
    const shared = diffieHellman({ privateKey: privateKeyObject(privateKey), publicKey: other });
    try {
      return plain(shared);
    } finally {
      shared.fill(0);
    }
  },
};
