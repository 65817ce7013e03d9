/** Answers to questions of OCSP about certificates of the authority (requirements.md D5, G8; RFC 6960). */

import { createHash } from 'node:crypto';
import {
  BitString,
  Constructed,
  Enumerated,
  GeneralizedTime,
  OctetString,
  Primitive,
} from 'asn1js';
import {
  AlgorithmIdentifier,
  BasicOCSPResponse,
  type CertID,
  Certificate,
  type Extension,
  OCSPRequest,
  OCSPResponse,
  ResponseBytes,
  ResponseData,
  SingleResponse,
} from 'pkijs';
import { equalBytes } from '#protocol/bytes';
import { uncompressedPoint } from '#protocol/point';
import { signatureToDer } from '#protocol/x509';
import {
  bufferOf,
  ECDSA_WITH_SHA256,
  type Revoked,
  reasonCodes,
  type StatusSigner,
  secondsOf,
} from './crl.ts';

const NONCE = '1.3.6.1.5.5.7.48.1.2';
const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1';
/** The hashes that a question may name its issuer by. */
const hashes: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1', // what openssl asks with unless told otherwise
  '2.16.840.1.101.3.4.2.1': 'sha256',
};
/** At most so many certificates in one question. */
const QUESTIONS_MAX = 16;
/** RFC 9654 2.1. */
const NONCE_SIZE_MAX = 128;
const MALFORMED_REQUEST = 1;
const UNAUTHORIZED = 6;

/** A root, and who tells of what it issued. */
export interface StatusIssuer extends StatusSigner {
  /** Of the root, 33 bytes. */
  readonly rootKey: Uint8Array;
  /** Says that the signer may speak for the root; none where it is the root's own key. */
  readonly statusCertificate: Uint8Array | undefined;
}

/** What is known of a serial number: undefined where it was never issued. */
export type Standing = 'good' | Revoked | undefined;

export interface OcspSource {
  readonly issuers: readonly StatusIssuer[];
  readonly standing: (issuer: StatusIssuer, serial: Uint8Array) => Promise<Standing>;
  readonly nowMs: number;
  readonly nextMs: number;
}

/** The answer to a question, both DER; a question that cannot be read is answered with that. */
export async function answerOcsp(source: OcspSource, question: Uint8Array): Promise<Uint8Array> {
  const request = readQuestion(question);
  if (request === undefined) return failure(MALFORMED_REQUEST);
  const asked = request.tbsRequest.requestList.map(({ reqCert }) => reqCert);
  const issuer = source.issuers.find((each) => asked.some((one) => isOf(one, each)));
  // nothing can be told by anybody who may (RFC 6960 2.3)
  if (issuer === undefined) return failure(UNAUTHORIZED);
  const responses: SingleResponse[] = [];
  for (const certID of asked) {
    const isOurs = isOf(certID, issuer);
    const serial = withoutSign(new Uint8Array(certID.serialNumber.valueBlock.valueHexView));
    const standing = isOurs ? await source.standing(issuer, serial) : undefined;
    responses.push(
      new SingleResponse({
        certID,
        certStatus: statusOf(standing),
        thisUpdate: secondsOf(source.nowMs),
        nextUpdate: secondsOf(source.nextMs),
      }),
    );
  }
  return signed(issuer, source, responses, nonceOf(request));
}

function readQuestion(question: Uint8Array): OCSPRequest | undefined {
  let request: OCSPRequest;
  try {
    request = OCSPRequest.fromBER(bufferOf(question));
  } catch {
    return undefined; // the library tells by throwing
  }
  const { requestList } = request.tbsRequest;
  return requestList.length === 0 || requestList.length > QUESTIONS_MAX ? undefined : request;
}

function isOf(certID: CertID, { issuerName, rootKey }: StatusIssuer): boolean {
  const hash = hashes[certID.hashAlgorithm.algorithmId];
  const point = uncompressedPoint(rootKey);
  if (hash === undefined || point === undefined) return false;
  const isSame = (digest: OctetString, of: Uint8Array): boolean =>
    equalBytes(
      new Uint8Array(digest.valueBlock.valueHexView),
      createHash(hash).update(of).digest(),
    );
  return isSame(certID.issuerNameHash, issuerName) && isSame(certID.issuerKeyHash, point);
}

/** Bytes of a positive INTEGER without the zero that keeps it positive. */
const withoutSign = (bytes: Uint8Array): Uint8Array =>
  bytes.length > 1 && bytes[0] === 0 ? bytes.subarray(1) : bytes;

const tagged = (tagNumber: number) => ({ tagClass: 3, tagNumber }) as const;

function statusOf(standing: Standing): Primitive | Constructed {
  if (standing === 'good') return new Primitive({ idBlock: tagged(0) });
  if (standing === undefined) return new Primitive({ idBlock: tagged(2) });
  const code = reasonCodes[standing.reason];
  return new Constructed({
    idBlock: tagged(1),
    value: [
      new GeneralizedTime({ valueDate: secondsOf(standing.timeMs) }),
      ...(code === reasonCodes.unspecified
        ? []
        : [new Constructed({ idBlock: tagged(0), value: [new Enumerated({ value: code })] })]),
    ],
  });
}

function nonceOf({ tbsRequest }: OCSPRequest): Extension | undefined {
  const nonce = tbsRequest.requestExtensions?.find(({ extnID }) => extnID === NONCE);
  const size = nonce?.extnValue.valueBlock.valueHexView.length ?? 0;
  return size > NONCE_SIZE_MAX + 3 ? undefined : nonce; // tag and length of the OCTET STRING inside
}

function signed(
  { crypto, keys, statusCertificate }: StatusIssuer,
  { nowMs }: OcspSource,
  responses: SingleResponse[],
  nonce: Extension | undefined,
): Uint8Array {
  const data = new ResponseData({
    responderID: new OctetString({ valueHex: bufferOf(responderKeyHash(keys.publicKey)) }),
    producedAt: secondsOf(nowMs),
    responses,
    ...(nonce !== undefined && { responseExtensions: [nonce] }),
  });
  data.tbsView = new Uint8Array(data.toSchema(true).toBER());
  const signature = signatureToDer(crypto.sign(keys.privateKey, data.tbsView));
  const basic = new BasicOCSPResponse({
    tbsResponseData: data,
    signatureAlgorithm: new AlgorithmIdentifier({ algorithmId: ECDSA_WITH_SHA256 }),
    signature: new BitString({ valueHex: bufferOf(signature) }),
    ...(statusCertificate !== undefined && {
      certs: [Certificate.fromBER(bufferOf(statusCertificate))],
    }),
  });
  const response = new OCSPResponse({
    responseStatus: new Enumerated({ value: 0 }),
    responseBytes: new ResponseBytes({
      responseType: BASIC_RESPONSE,
      response: new OctetString({ valueHex: basic.toSchema().toBER() }),
    }),
  });
  return new Uint8Array(response.toSchema().toBER());
}

/** KeyHash of RFC 6960 4.2.1: SHA-1, whatever key identifiers are elsewhere. */
function responderKeyHash(publicKey: Uint8Array): Uint8Array {
  const point = uncompressedPoint(publicKey);
  if (point === undefined) throw new RangeError('no point of the curve');
  return createHash('sha1').update(point).digest();
}

function failure(status: number): Uint8Array {
  const response = new OCSPResponse({ responseStatus: new Enumerated({ value: status }) });
  return new Uint8Array(response.toSchema().toBER());
}
