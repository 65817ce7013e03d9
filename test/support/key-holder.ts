/** The part of a meter that asks for certificates of its keys and revokes them, made of documents alone. */

import { holderName } from '#authority/x509/issue';
import { nodeCrypto } from '#driver/node-crypto';
import type { KeyPair } from '#protocol/crypto';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import {
  type KeyRequestFields,
  type KeyUse,
  keyRequestDocument,
  keyUsesOf,
  type RevocationConfirmationFields,
  type RevocationRequestFields,
  revocationConfirmationDocument,
  revocationRequestDocument,
} from '#protocol/documents/user-key';
import { mills } from '#protocol/mills';
import { requestInfo, signedStructure } from '#protocol/x509';
import { NOON_MS, type TestMeter } from './back-office.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export interface HeldKey {
  readonly fields: KeyRequestFields;
  readonly pair: KeyPair;
  readonly request: Uint8Array;
  readonly csr: Uint8Array;
}

export interface WantedKey {
  readonly number?: number;
  readonly uses?: readonly KeyUse[];
  readonly organization?: string;
  readonly commonName?: string;
  readonly pair?: KeyPair;
  /** What the document says instead of what is so. */
  readonly lies?: Partial<KeyRequestFields>;
  /** Who signs the PKCS#10 request instead of the key. */
  readonly csrSigner?: KeyPair;
  readonly device?: KeyPair;
}

const serialOf = ({ deviceCertificate }: TestMeter): number => {
  const read = readCompactCertificate(deviceCertificate);
  if (!read.ok) throw new Error(read.status);
  return read.value.serial;
};

/** A key that was born in a meter, and what the meter asks for it: for postmarks, of no organization, unless told otherwise. */
export function holdKey(meter: TestMeter, wanted: WantedKey = {}): HeldKey {
  const { number = 1, uses = ['timeStamp'], organization = '', commonName = 'Front desk' } = wanted;
  const { pair = nodeCrypto.generateKeyPair(), device = meter.device, lies = {} } = wanted;
  const names = { organization: utf8(organization), commonName: utf8(commonName) };
  const { meterId } = meter;
  const info = requestInfo(holderName({ meterId, ...names }), pair.publicKey);
  const signer = wanted.csrSigner ?? pair;
  const csr = signedStructure(info, nodeCrypto.sign(signer.privateKey, info));
  const fields = {
    meterId,
    deviceSerial: serialOf(meter),
    number,
    publicKey: pair.publicKey,
    uses: keyUsesOf(...uses),
    csrDigest: nodeCrypto.sha256(csr),
    ...names,
    ...lies,
  };
  const request = keyRequestDocument.sign(nodeCrypto, device.privateKey, fields);
  return { fields, pair, request, csr };
}

/** The request of a user to revoke a key, as the meter signs it. */
export const revocationOf = (
  meter: TestMeter,
  { fields: { meterId, number, publicKey } }: Pick<HeldKey, 'fields'>,
  lies: Partial<RevocationRequestFields> = {},
  device: KeyPair = meter.device,
): Uint8Array =>
  revocationRequestDocument.sign(nodeCrypto, device.privateKey, {
    meterId,
    deviceSerial: serialOf(meter),
    number,
    publicKey,
    reason: 'keyCompromise',
    timeMs: NOON_MS,
    ...lies,
  });

/** What a meter says once it has carried out an order: 0.500 were paid, unless told otherwise. */
export const confirmationOf = (
  meter: TestMeter,
  { fields: { meterId, number, publicKey } }: Pick<HeldKey, 'fields'>,
  order: Uint8Array,
  lies: Partial<RevocationConfirmationFields> = {},
  device: KeyPair = meter.device,
): Uint8Array =>
  revocationConfirmationDocument.sign(nodeCrypto, device.privateKey, {
    meterId,
    deviceSerial: serialOf(meter),
    number,
    publicKey,
    orderDigest: nodeCrypto.sha256(order),
    timeMs: NOON_MS + 60_000,
    paid: mills(500),
    due: mills(0),
    certificatePieceCount: 3,
    ...lies,
  });
