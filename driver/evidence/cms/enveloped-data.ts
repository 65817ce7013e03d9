/**
 * CMS EnvelopedData and AuthEnvelopedData for holders of P-256 keys (requirements.md D3, D6; RFC 5652 6, RFC 5083, RFC 5753):
 * whoever has the content key, which a meter unwraps or makes, reads and writes them here.
 */

import {
  type CipherGCM,
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  type DecipherGCM,
  randomBytes,
} from 'node:crypto';
import { ContentInfo, EncryptedContentInfo, KeyAgreeRecipientInfo, RecipientInfo } from 'pkijs';
import { equalBytes } from '#protocol/bytes';
import { bitString, contextTag, element, octetString, sequence, setOf, tags } from '#protocol/der';
import { compressedPoint, uncompressedPoint } from '#protocol/point';
import { plainBytes } from '../plain-bytes.ts';
import { parse } from '../x509/certificate.ts';
import { type AgreedKey, agreementIds, sharedInfo, wrapIdentifier } from './agreement.ts';
import { ids, oid } from './oids.ts';
import { issuerAndSerial } from './signed-data.ts';
import { wideElement } from './wide-element.ts';

export const contentCiphers = {
  'aes-256-gcm': '2.16.840.1.101.3.4.1.46',
  'aes-256-cbc': '2.16.840.1.101.3.4.1.42',
  'aes-192-cbc': '2.16.840.1.101.3.4.1.22',
  'aes-128-cbc': '2.16.840.1.101.3.4.1.2',
  'aes-192-gcm': '2.16.840.1.101.3.4.1.26',
  'aes-128-gcm': '2.16.840.1.101.3.4.1.6',
} as const;
export type ContentCipher = keyof typeof contentCiphers;

const isGcm = (cipher: ContentCipher): cipher is CipherGCMTypes & ContentCipher =>
  cipher.endsWith('gcm');
const keySizeOf = (cipher: ContentCipher): number => Number(cipher.slice(4, 7)) / 8;

const GCM_NONCE_SIZE = 12;
const GCM_TAG_SIZE = 16;
const CBC_IV_SIZE = 16;

const version = (number: number): Uint8Array => element(tags.integer, Uint8Array.of(number));

/** A content that is encrypted: as a meter gives a private key, or as {@link encryptContent} makes it. */
export interface EncryptedContent {
  readonly cipher: 'aes-256-gcm' | 'aes-256-cbc';
  /** Nonce or initial value. */
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** Of GCM. */
  readonly tag?: Uint8Array;
}

/** @param contentKey 32 bytes */
export function encryptContent(
  contentKey: Uint8Array,
  content: Uint8Array,
  cipher: EncryptedContent['cipher'] = 'aes-256-gcm',
): EncryptedContent {
  const iv = plainBytes(randomBytes(isGcm(cipher) ? GCM_NONCE_SIZE : CBC_IV_SIZE));
  const running = createCipheriv(cipher, contentKey, iv);
  const ciphertext = plainBytes(Buffer.concat([running.update(content), running.final()]));
  if (!isGcm(cipher)) return { cipher, iv, ciphertext };
  return { cipher, iv, ciphertext, tag: plainBytes((running as CipherGCM).getAuthTag()) };
}

export interface Recipient {
  /** DER of its certificate. */
  readonly certificate: Uint8Array;
  readonly agreed: AgreedKey;
}

/** ContentInfo of an EnvelopedData, or of an AuthEnvelopedData where the cipher is of that kind. */
export function encodeEnvelope(
  recipients: readonly Recipient[],
  content: EncryptedContent,
): Uint8Array {
  const { cipher, iv, ciphertext, tag } = content;
  const parameters =
    tag === undefined ? octetString(iv) : sequence(octetString(iv), version(tag.length));
  const inside = [
    version(tag === undefined ? 2 : 0),
    setOf(...recipients.map(recipientInfo)),
    wideElement(
      tags.sequence,
      oid(ids.data),
      sequence(oid(contentCiphers[cipher]), parameters),
      wideElement(contextTag(0, false), ciphertext),
    ),
    ...(tag === undefined ? [] : [octetString(tag)]),
  ];
  return wideElement(
    tags.sequence,
    oid(tag === undefined ? ids.envelopedData : ids.authEnvelopedData),
    wideElement(contextTag(0, true), wideElement(tags.sequence, ...inside)),
  );
}

const ecPublicKey = oid('1.2.840.10045.2.1');

function recipientInfo({ certificate, agreed }: Recipient): Uint8Array {
  const point = uncompressedPoint(agreed.ephemeralKey);
  if (point === undefined) throw new RangeError('no point of the curve');
  const originator = element(contextTag(1, true), sequence(ecPublicKey), bitString(point));
  return element(
    contextTag(1, true),
    version(3),
    element(contextTag(0, true), originator),
    sequence(oid(agreementIds.sha256Kdf), wrapIdentifier),
    sequence(sequence(issuerAndSerial(certificate), octetString(agreed.wrappedKey))),
  );
}

/** For one recipient: what it needs to come to the content key. */
export interface ReadRecipient extends AgreedKey {
  /** DER of IssuerAndSerialNumber, or of the key identifier. */
  readonly id: Uint8Array;
  readonly sharedInfo: Uint8Array;
}

export interface Envelope {
  /** Only those whose key is wrapped as here: SHA-256 and AES-256. */
  readonly recipients: readonly ReadRecipient[];
  /** How many there are of other kinds. */
  readonly otherRecipients: number;
  readonly cipher: ContentCipher;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array | undefined;
  /** Attributes that the tag covers as well. */
  readonly associated: Uint8Array;
}

/** An element as the parser of pkijs gives it. */
interface Asn1Element {
  readonly idBlock: { readonly tagClass: number; readonly tagNumber: number };
  readonly valueBlock: { readonly value?: readonly Asn1Element[] };
  toBER(): ArrayBuffer;
}

/** Reads a message of either kind, DER or BER; undefined where it is none, or of a cipher that is not taken. */
export function readEnvelope(der: Uint8Array): Envelope | undefined {
  return parse(() => {
    const { contentType, content } = ContentInfo.fromBER(plainBytes(der));
    const isAuthenticated = contentType === ids.authEnvelopedData;
    if (!isAuthenticated && contentType !== ids.envelopedData) return undefined;
    return readParts((content as Asn1Element).valueBlock.value ?? [], isAuthenticated);
  });
}

const isContext = ({ idBlock }: Asn1Element, number: number): boolean =>
  idBlock.tagClass === 3 && idBlock.tagNumber === number;

/** pkijs has no AuthEnvelopedData; its parts are those of EnvelopedData, and the tag behind them. */
function readParts(parts: readonly Asn1Element[], isAuthenticated: boolean): Envelope | undefined {
  const [, ...rest] = parts.filter((part, at) => !(at === 1 && isContext(part, 0)));
  const [recipients, encrypted, ...behind] = rest;
  if (recipients === undefined || encrypted === undefined) return undefined;
  const info = new EncryptedContentInfo({ schema: encrypted });
  const { contentEncryptionAlgorithm, encryptedContent } = info;
  const cipher = cipherOf(contentEncryptionAlgorithm.algorithmId);
  if (cipher === undefined || encryptedContent === undefined) return undefined;
  if (isGcm(cipher) !== isAuthenticated) return undefined;
  const attributes = behind.find((part) => isContext(part, 1));
  const tag = behind.find(({ idBlock }) => idBlock.tagClass === 1 && idBlock.tagNumber === 4);
  if (isAuthenticated && tag === undefined) return undefined;
  const infos = (recipients.valueBlock.value ?? []).map(readRecipient);
  const usable = infos.flatMap((info) => info ?? []);
  return {
    recipients: usable,
    otherRecipients: infos.filter((info) => info === undefined).length,
    cipher,
    iv: ivOf(contentEncryptionAlgorithm.algorithmParams as Asn1Element),
    ciphertext: plainBytes(info.getEncryptedContent()),
    tag: tag === undefined ? undefined : octetsOf(tag),
    associated: attributes === undefined ? new Uint8Array(0) : asSet(attributes),
  };
}

const cipherOf = (id: string): ContentCipher | undefined =>
  (Object.keys(contentCiphers) as ContentCipher[]).find((name) => contentCiphers[name] === id);

/** Attributes count as a SET OF, though they stand as [1] (RFC 5083 2.2). */
function asSet(attributes: Asn1Element): Uint8Array {
  const bytes = new Uint8Array(attributes.toBER());
  bytes[0] = tags.set;
  return bytes;
}

/** Of an OCTET STRING in one piece. */
function octetsOf(element: Asn1Element): Uint8Array {
  const { valueHexView } = element.valueBlock as { readonly valueHexView?: Uint8Array };
  return plainBytes(valueHexView ?? new Uint8Array(0));
}

/** The whole parameter of CBC, the first part of that of GCM. */
function ivOf(parameters: Asn1Element): Uint8Array {
  const { value } = parameters.valueBlock;
  const [first = parameters] = Array.isArray(value) ? (value as readonly Asn1Element[]) : [];
  return octetsOf(first);
}

function readRecipient(part: Asn1Element): readonly ReadRecipient[] | undefined {
  const { variant, value: info } = new RecipientInfo({ schema: part });
  if (variant !== 2 || !(info instanceof KeyAgreeRecipientInfo)) return undefined;
  const { originator, ukm, keyEncryptionAlgorithm, recipientEncryptedKeys } = info;
  const { algorithmId, algorithmParams } = keyEncryptionAlgorithm;
  const wrap = new Uint8Array((algorithmParams as Asn1Element).toBER());
  if (algorithmId !== agreementIds.sha256Kdf || !isWrap(wrap)) return undefined;
  const { publicKey } = originator.value as {
    readonly publicKey?: { readonly valueBlock: { readonly valueHexView: Uint8Array } };
  };
  const ephemeralKey = publicKey && compressedPoint(plainBytes(publicKey.valueBlock.valueHexView));
  if (ephemeralKey === undefined) return undefined;
  const material = ukm === undefined ? undefined : plainBytes(ukm.valueBlock.valueHexView);
  return recipientEncryptedKeys.encryptedKeys.map(({ rid, encryptedKey }) => ({
    id: new Uint8Array((rid.value as { toSchema(): Asn1Element }).toSchema().toBER()),
    ephemeralKey,
    wrappedKey: plainBytes(encryptedKey.valueBlock.valueHexView),
    sharedInfo: sharedInfo(material),
  }));
}

/** RFC 3565 2.3.2 wants no parameters; some write NULL. The shared info has what RFC 5753 wants. */
const isWrap = (identifier: Uint8Array): boolean => equalBytes(identifier, wrapIdentifier);

/** What a message has for the holder of a certificate. */
export function recipientOf(
  { recipients }: Envelope,
  certificate: Uint8Array,
): ReadRecipient | undefined {
  const wanted = issuerAndSerial(certificate);
  return recipients.find(({ id }) => equalBytes(id, wanted));
}

/** The content; undefined where the key is another one, or the message was changed. */
export function openEnvelope(envelope: Envelope, contentKey: Uint8Array): Uint8Array | undefined {
  const { cipher, iv, ciphertext, tag, associated } = envelope;
  if (contentKey.length !== keySizeOf(cipher)) return undefined;
  return parse(() => {
    const running = createDecipheriv(
      cipher,
      contentKey,
      iv,
      ...(isGcm(cipher) ? [{ authTagLength: GCM_TAG_SIZE } as never] : []),
    );
    if (tag !== undefined) (running as DecipherGCM).setAAD(associated).setAuthTag(tag);
    return plainBytes(Buffer.concat([running.update(ciphertext), running.final()]));
  });
}
