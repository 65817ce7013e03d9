/**
 * CMS SignedData of one signer on P-256 with SHA-256 (requirements.md D1, D6, D7; RFC 5652 5): written around what a meter
 * signed, and read from whoever made it.
 */

import { createHash } from 'node:crypto';
import { ContentInfo, SignedData } from 'pkijs';
import { equalBytes } from '#protocol/bytes';
import {
  contextTag,
  element,
  octetString,
  type Reader,
  readDer,
  readerOf,
  sequence,
  setOf,
  tags,
} from '#protocol/der';
import { ecdsaWithSha256, signatureFromDer, signatureToDer } from '#protocol/x509';
import { plainBytes } from '../plain-bytes.ts';
import {
  dotted,
  type HostCertificate,
  isSignedBy,
  parse,
  readCertificate,
} from '../x509/certificate.ts';
import { ids, oid } from './oids.ts';

const VERSION_1 = Uint8Array.of(1);
const VERSION_3 = Uint8Array.of(3);
const sha256Identifier = sequence(oid(ids.sha256));

export interface SignedParts {
  /** Object identifier of what is signed. */
  readonly contentType: string;
  /** Left out where the signature is kept apart from it. */
  readonly content?: Uint8Array | undefined;
  /** DER of the certificates that go with it. */
  readonly certificates: readonly Uint8Array[];
  /** DER of the signer's certificate. */
  readonly signer: Uint8Array;
  /** SET OF, as it was signed. */
  readonly signedAttributes: Uint8Array;
  /** r ‖ s. */
  readonly signature: Uint8Array;
}

/** ContentInfo of a SignedData. @throws RangeError where the certificate of the signer is none */
export function encodeSignedData(parts: SignedParts): Uint8Array {
  const { contentType, content, certificates } = parts;
  const isData = contentType === ids.data;
  const inside = content === undefined ? [] : [element(contextTag(0, true), octetString(content))];
  return sequence(
    oid(ids.signedData),
    element(
      contextTag(0, true),
      sequence(
        element(tags.integer, isData ? VERSION_1 : VERSION_3),
        setOf(sha256Identifier),
        sequence(oid(contentType), ...inside),
        ...(certificates.length === 0 ? [] : [element(contextTag(0, true), ...certificates)]),
        setOf(signerInfo(parts)),
      ),
    ),
  );
}

function signerInfo({ signer, signedAttributes, signature }: SignedParts): Uint8Array {
  return sequence(
    element(tags.integer, VERSION_1),
    issuerAndSerial(signer),
    sha256Identifier,
    element(contextTag(0, true), contentOf(signedAttributes)),
    ecdsaWithSha256,
    octetString(signatureToDer(signature)),
  );
}

const contentOf = (der: Uint8Array): Uint8Array => readerOf(der).next().content;

/** By which a CMS message names a certificate (RFC 5652 10.2.4). */
export function issuerAndSerial(certificate: Uint8Array): Uint8Array {
  const named = readDer(certificate, (reader) => {
    const signed = readerOf(
      readerOf(reader.next(tags.sequence).content).next(tags.sequence).content,
    );
    signed.optional(contextTag(0, true));
    const serial = signed.next(tags.integer).whole;
    signed.next(tags.sequence);
    return sequence(signed.next(tags.sequence).whole, serial);
  });
  if (named === undefined) throw new RangeError('no certificate');
  return named;
}

/**
 * SignedAttributes of a content (RFC 5652 5.3, 11; RFC 5035): what it is, its digest, when, and by which certificate.
 * @param digest SHA-256 of the content
 */
export function signedAttributesOf(
  contentType: string,
  digest: Uint8Array,
  certificate: Uint8Array,
  signingTime: Uint8Array,
): Uint8Array {
  const hash = createHash('sha256').update(certificate).digest();
  const attribute = (type: string, value: Uint8Array): Uint8Array =>
    sequence(oid(type), setOf(value));
  return setOf(
    attribute(ids.contentType, oid(contentType)),
    attribute(ids.signingTime, signingTime),
    attribute(ids.messageDigest, octetString(digest)),
    attribute(ids.signingCertificateV2, sequence(sequence(sequence(octetString(hash))))),
  );
}

/** What was read; nothing of it is judged. */
export interface ReadSignedData {
  readonly contentType: string;
  readonly content: Uint8Array | undefined;
  readonly certificates: readonly HostCertificate[];
  /** DER of IssuerAndSerialNumber, or of the key identifier. */
  readonly signerId: Uint8Array;
  /** SET OF, as it was signed. */
  readonly signedAttributes: Uint8Array;
  readonly attributes: ReadonlyMap<string, Uint8Array>;
  /** r ‖ s. */
  readonly signature: Uint8Array;
}

/** Reads a message of exactly one signer, who signed attributes; undefined for all others, and where it is none. */
export function readSignedData(der: Uint8Array): ReadSignedData | undefined {
  const data = parse(() => {
    const { contentType, content } = ContentInfo.fromBER(plainBytes(der));
    return contentType === ids.signedData ? new SignedData({ schema: content }) : undefined;
  });
  const [signer, ...more] = data?.signerInfos ?? [];
  const encoded = signer?.signedAttrs?.encodedValue;
  if (data === undefined || signer === undefined || more.length > 0) return undefined;
  if (encoded === undefined || signer.digestAlgorithm.algorithmId !== ids.sha256) return undefined;
  const signedAttributes = plainBytes(encoded);
  signedAttributes[0] = tags.set; // it stands as [0] in the message, and is signed as a SET (RFC 5652 5.4)
  const signature = signatureFromDer(plainBytes(signer.signature.valueBlock.valueHexView));
  const attributes = readDer(signedAttributes, readAttributes);
  if (signature === undefined || attributes === undefined) return undefined;
  const { eContentType, eContent } = data.encapContentInfo;
  return {
    contentType: eContentType,
    content: eContent === undefined ? undefined : plainBytes(eContent.getValue()),
    certificates: certificatesIn(data),
    signerId: new Uint8Array(signer.sid.toSchema().toBER()),
    signedAttributes,
    attributes,
    signature,
  };
}

function certificatesIn({ certificates = [] }: SignedData): readonly HostCertificate[] {
  return certificates.flatMap((each) => {
    const read = readCertificate(new Uint8Array(each.toSchema().toBER()));
    return read === undefined ? [] : [read];
  });
}

/** Each type once, with one value (RFC 5652 5.3). */
function readAttributes(reader: Reader): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const list = readerOf(reader.next(tags.set).content);
  while (!list.isAtEnd) {
    const pair = readerOf(list.next(tags.sequence).content);
    const type = dotted(pair.next(tags.oid).content);
    const values = readerOf(pair.next(tags.set).content);
    pair.end();
    found.set(type, values.next().whole);
    values.end();
  }
  return found;
}

/** The certificate that the signer names, of those in the message and those that are known. */
export function signerOf(
  { signerId, certificates }: ReadSignedData,
  known: readonly HostCertificate[] = [],
): HostCertificate | undefined {
  return [...certificates, ...known].find(({ der }) => equalBytes(issuerAndSerial(der), signerId));
}

/**
 * Whether a certificate's key signed the attributes, and they name the content and that certificate.
 * @param digest SHA-256 of the content
 */
export function isSignatureOf(
  data: ReadSignedData,
  certificate: HostCertificate,
  digest: Uint8Array,
): boolean {
  const { attributes, contentType, signedAttributes, signature } = data;
  const isWhole =
    isAttribute(attributes, ids.contentType, oid(contentType)) &&
    isAttribute(attributes, ids.messageDigest, octetString(digest)) &&
    namesCertificate(attributes.get(ids.signingCertificateV2), certificate);
  return (
    isWhole &&
    isSignedBy(
      {
        signed: signedAttributes,
        algorithm: ids.ecdsaWithSha256,
        signature: signatureToDer(signature),
      },
      certificate,
    )
  );
}

function isAttribute(
  attributes: ReadonlyMap<string, Uint8Array>,
  type: string,
  value: Uint8Array,
): boolean {
  const found = attributes.get(type);
  return found !== undefined && equalBytes(found, value);
}

/** The first one is the signer's (RFC 5035 3); where nothing is said nothing is wrong. */
function namesCertificate(value: Uint8Array | undefined, { der }: HostCertificate): boolean {
  if (value === undefined) return true;
  const hash = readDer(value, (reader) => {
    const list = readerOf(readerOf(reader.next(tags.sequence).content).next(tags.sequence).content);
    const first = readerOf(list.next(tags.sequence).content);
    return first.next(tags.octetString).content;
  });
  return hash !== undefined && equalBytes(hash, createHash('sha256').update(der).digest());
}
