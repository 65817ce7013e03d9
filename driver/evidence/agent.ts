/**
 * Certificates for others by a meter whose user is their agent (requirements.md D3; P fig. 3A): the private key in the form
 * that its receiver's tools read.
 */

import { ascii, joinBytes, wipe } from '#protocol/bytes';
import type { ResponseOf } from '#protocol/command';
import type { KeyUses } from '#protocol/documents/user-key';
import { askOnce, type ChargedOptions, type Wish } from '../charged.ts';
import type { Meter } from '../meter.ts';
import { encodeEnvelope } from './cms/enveloped-data.ts';
import { sha256 } from './digest.ts';
import { fileKeyOf } from './key-file/password.ts';
import { encodeEncryptedKey } from './key-file/pkcs8.ts';
import { encodeKeyBundle } from './key-file/pkcs12.ts';
import type { MeterKey } from './meter-key.ts';
import { type HostCertificate, publicPoint } from './x509/certificate.ts';

/** Whom a certificate is for, and for what. */
export interface HolderWish {
  readonly uses: KeyUses;
  /** UTF-8. */
  readonly commonName: Uint8Array;
  /** First and last day, YYYYMMDD. */
  readonly validFrom: number;
  readonly validTo: number;
}

const NONE = new Uint8Array(0);
const GCM_TAG_SIZE = 16;

export interface IssuedToReceiver {
  /** DER. */
  readonly certificate: Uint8Array;
  /** ContentInfo of an AuthEnvelopedData with the PKCS#8 of the key, for the receiver's certificate. */
  readonly message: Uint8Array;
}

/**
 * @param file where it is noted what is under way (charged.ts)
 * @returns undefined where the key of the receiver's certificate is none of P-256
 * @throws RefusedError, LinkError, or the reason of the signal
 */
export async function issueToReceiver(
  meter: Meter,
  file: string,
  agent: MeterKey,
  wish: HolderWish,
  receiver: HostCertificate,
  options: ChargedOptions = {},
): Promise<IssuedToReceiver | undefined> {
  const receiverKey = publicPoint(receiver);
  if (receiverKey === undefined) return undefined;
  const asked = { ...wish, number: agent.number, receiverKey, passwordKey: NONE };
  const issued = await askOnce(meter, file, 'agentCertificate', asked, options);
  const { certificate, encryptedKey, nonce, ephemeralKey, wrappedKey } = issued;
  const message = encodeEnvelope(
    [{ certificate: receiver.der, agreed: { ephemeralKey, wrappedKey } }],
    {
      cipher: 'aes-256-gcm',
      iv: nonce,
      ciphertext: encryptedKey.subarray(0, -GCM_TAG_SIZE),
      tag: encryptedKey.subarray(-GCM_TAG_SIZE),
    },
  );
  return { certificate, message };
}

export interface IssuedUnderPassword {
  /** DER. */
  readonly certificate: Uint8Array;
  /** EncryptedPrivateKeyInfo. */
  readonly key: Uint8Array;
  /** PKCS#12 with the key, its certificate and those above it. */
  readonly bundle: Uint8Array;
}

/**
 * @param password UTF-8
 * @param above certificates from that of the agent on
 * @throws as {@link issueToReceiver}
 */
export async function issueUnderPassword(
  meter: Meter,
  file: string,
  agent: MeterKey,
  wish: HolderWish,
  password: Uint8Array,
  above: readonly Uint8Array[],
  options: ChargedOptions = {},
): Promise<IssuedUnderPassword> {
  const { key: passwordKey, ...derivation } = await fileKeyOf(password, saltFor(agent, wish));
  try {
    const asked: Wish<'agentCertificate'> = {
      ...wish,
      number: agent.number,
      receiverKey: NONE,
      passwordKey,
    };
    const issued = await askOnce(meter, file, 'agentCertificate', asked, options);
    const key = encodeEncryptedKey(derivation, encrypted(issued));
    const { certificate } = issued;
    const bundle = encodeKeyBundle(
      { encryptedKey: key, certificates: [certificate, ...above] },
      password,
    );
    return { certificate, key, bundle };
  } finally {
    wipe(passwordKey);
  }
}

const encrypted = ({ nonce, encryptedKey }: ResponseOf<'agentCertificate'>) => ({
  iv: nonce,
  ciphertext: encryptedKey,
});

/** Not drawn, but of what is asked for: a request that was cut off is the same when it is asked again. */
function saltFor({ certificate }: MeterKey, { commonName, validFrom, validTo }: HolderWish) {
  const days = ascii(`${validFrom} ${validTo} `);
  return sha256(joinBytes(sha256(certificate.der), days, commonName)).slice(0, 16);
}
