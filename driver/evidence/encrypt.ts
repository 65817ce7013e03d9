/** Files encrypted to a certificate, and opened by a key of a meter (requirements.md D6; RFC 5652 6, RFC 5083). */

import { wipe } from '#protocol/bytes';
import { askOnce, type ChargedOptions } from '../charged.ts';
import type { Meter } from '../meter.ts';
import {
  type Envelope,
  encodeEnvelope,
  encryptContent,
  openEnvelope,
  recipientOf,
} from './cms/enveloped-data.ts';
import type { MeterKey } from './meter-key.ts';
import { type HostCertificate, publicPoint } from './x509/certificate.ts';

/**
 * Encrypts a content under a key that the meter makes, and wraps for the holder of a certificate.
 * @param file where it is noted what is under way (charged.ts)
 * @returns undefined where the key of the certificate is none of P-256
 * @throws RefusedError, LinkError, or the reason of the signal
 */
export async function encryptTo(
  meter: Meter,
  file: string,
  receiver: HostCertificate,
  content: Uint8Array,
  options: ChargedOptions = {},
): Promise<Uint8Array | undefined> {
  const receiverKey = publicPoint(receiver);
  if (receiverKey === undefined) return undefined;
  const given = await askOnce(meter, file, 'encryptKey', { receiverKey }, options);
  const { contentKey, ...agreed } = given;
  try {
    const recipient = { certificate: receiver.der, agreed };
    return encodeEnvelope([recipient], encryptContent(contentKey, content));
  } finally {
    wipe(contentKey);
  }
}

/** Of the keys of a meter, the one that a message is for. */
export const keyForEnvelope = (
  envelope: Envelope,
  keys: readonly MeterKey[],
): MeterKey | undefined =>
  keys.find(({ certificate }) => recipientOf(envelope, certificate.der) !== undefined);

/**
 * Opens a message by a key of the meter.
 * @returns undefined where it is not for this key, or was changed
 * @throws as {@link encryptTo}
 */
export async function decryptBy(
  meter: Meter,
  file: string,
  { number, certificate }: MeterKey,
  envelope: Envelope,
  options: ChargedOptions = {},
): Promise<Uint8Array | undefined> {
  const recipient = recipientOf(envelope, certificate.der);
  if (recipient === undefined) return undefined;
  const { ephemeralKey, wrappedKey, sharedInfo } = recipient;
  const wish = { number, ephemeralKey, wrappedKey, sharedInfo, wrapKeySize: WRAP_KEY_SIZE };
  const { contentKey } = await askOnce(meter, file, 'decryptKey', wish, options);
  try {
    return openEnvelope(envelope, contentKey);
  } finally {
    wipe(contentKey);
  }
}

/** The only one that {@link Envelope} tells of. */
const WRAP_KEY_SIZE = 32;
