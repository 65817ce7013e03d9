/** One sample of every signed document, under fixed keys: what the golden bytes hold and other tests begin with. */

import { type KeyPair, SIGNATURE_SIZE } from '#protocol/crypto';
import {
  type CertificateFields,
  compactCertificateDocument,
  issueCompactCertificate,
} from '#protocol/documents/compact-certificate';
import {
  IMAGE_HEADER_SIZE,
  imageHeaderDocument,
  signImage,
} from '#protocol/documents/image-header';
import {
  type IndiciumFields,
  indiciumCore,
  indiciumFieldLayouts,
  joinIndicium,
} from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import { issueLicence, type LicenceFields, licenceDocument } from '#protocol/documents/licence';
import { encodeMeterId } from '#protocol/documents/meter-id';
import {
  issueRateTable,
  type RateTableFields,
  rateTableDocument,
} from '#protocol/documents/rate-table';
import {
  type RefillAuthorisation,
  type RefillRequest,
  refillAuthorisationDocument,
  refillRequestDocument,
  signRefillAuthorisation,
  signRefillRequest,
} from '#protocol/documents/refill';
import {
  type StatusReport,
  signStatusReport,
  statusReportDocument,
} from '#protocol/documents/status-report';
import { mills } from '#protocol/mills';
import { nobleCrypto } from '#protocol/noble-crypto';

/** Signs as RFC 6979 says, so that the same document is the same bytes; nothing here is random. */
export const fixedCrypto = nobleCrypto(() => {
  throw new Error('a sample draws no random bytes');
});

const keyPair = (fill: number): KeyPair => {
  const privateKey = new Uint8Array(32).fill(fill);
  return { privateKey, publicKey: fixedCrypto.publicKeyOf(privateKey) };
};

export const authority = keyPair(0xa1);
export const device = keyPair(0xd1);
export const indiciumKey = keyPair(0x1d);
export const provider = keyPair(0xb1);
export const imageKey = keyPair(0x51);
export const stranger = keyPair(0x77);

export const meterId = encodeMeterId({ model: 'TS01', serial: 42 });
export const otherMeterId = encodeMeterId({ model: 'TS01', serial: 43 });

/** 2027-03-01 12:00:00 UTC */
const noonMs = 1_803_902_400_000;
const counting = (size: number, first: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, place) => first + place);

export const certificate: CertificateFields = {
  serial: 7,
  subject: meterId,
  usage: 'indicium',
  validFrom: 20270101,
  validTo: 20291231,
  publicKey: indiciumKey.publicKey,
};

export const licence: LicenceFields = {
  meterId,
  sequence: 1,
  licenceNumber: 1001,
  originZip: 20260,
  providerId: 3,
  providerKey: provider.publicKey,
  descendingMax: mills(5_000_000),
  postageMin: mills(10),
  postageMax: mills(99_999),
  issueDate: 20270215,
};

export const rateTable: RateTableFields = {
  version: 2,
  validFrom: 20270101,
  validTo: 20271231,
  rates: [
    { serviceId: 1, kind: 'fixed', minimum: mills(780), maximum: mills(780) },
    { serviceId: 2, kind: 'fixed', minimum: mills(1070), maximum: mills(1070) },
    { serviceId: 900, kind: 'keyedIn', minimum: mills(10), maximum: mills(99_999) },
  ],
};

export const refillRequest: RefillRequest = {
  meterId,
  sequence: 5,
  nonce: counting(8, 0x30),
  amount: mills(200_000),
  ascending: mills(1_234_567),
  descending: mills(45_670),
  pieceCount: 1580,
  timeMs: noonMs,
};

export const refillAuthorisation: RefillAuthorisation = {
  meterId,
  sequence: 5,
  nonce: counting(8, 0x30),
  amount: mills(200_000),
  requestedAmount: mills(200_000),
  ascending: mills(1_234_567),
  descending: mills(45_670),
  reason: 'ok',
  available: mills(750_000),
  timeMs: noonMs + 1500,
};

export const statusReport: StatusReport = {
  meterId,
  challenge: counting(16, 0xc0),
  timeMs: noonMs,
  state: 'idle',
  lifeCycle: 'registered',
  fault: 0,
  imageVersion: 0x0001_0203,
  imageDigest: counting(32, 0x40),
  registers: {
    ascending: mills(1_234_567),
    descending: mills(45_670),
    refunded: mills(3_210),
    credited: mills(1_283_447),
    certificateAscending: mills(400),
    certificateDescending: mills(600),
    pieceCount: 1580,
    zeroPieceCount: 12,
    certificatePieceCount: 4,
    descendingMax: mills(5_000_000),
    refillSequence: 5,
    refillPending: mills(200_000),
    requestCounter: 1601,
  },
  journalSequence: 6789,
  auditHead: counting(16, 0xe0),
};

export const imageVersions = { imageVersion: 0x0001_0203, securityVersion: 4 };
/** `globalThis.tessera = {};` */
export const imageBody = Uint8Array.from('globalThis.tessera = {};', (c) => c.charCodeAt(0));

export const indicium: IndiciumFields = {
  certificateSerial: 7,
  meterId,
  ascending: mills(1_235_347),
  postage: mills(780),
  mailingDate: 20270302,
  originZip: 20260,
  destination: 95014_2083_01,
  softwareId: counting(6, 0x61),
  descending: mills(44_890),
  rateCategory: 2,
  pieceCount: 1581,
  serviceId: 1,
  flags: {
    redate: false,
    correction: false,
    reprint: false,
    test: false,
    certificateService: false,
  },
  keyId: keyId(fixedCrypto, indiciumKey.publicKey),
};

export function signIndicium(fields: IndiciumFields = indicium): Uint8Array {
  const core = indiciumCore(fields);
  return joinIndicium(core, fixedCrypto.sign(indiciumKey.privateKey, core));
}

/** Every document by the name of its golden file: its bytes, and its fields in order. */
export const samples = {
  indicium: { magic: '', fields: indiciumFieldLayouts, bytes: signIndicium() },
  'compact-certificate': {
    ...compactCertificateDocument,
    bytes: issueCompactCertificate(fixedCrypto, authority, certificate),
  },
  licence: { ...licenceDocument, bytes: issueLicence(fixedCrypto, authority, licence) },
  'rate-table': { ...rateTableDocument, bytes: issueRateTable(fixedCrypto, authority, rateTable) },
  'refill-request': {
    ...refillRequestDocument,
    bytes: signRefillRequest(fixedCrypto, device.privateKey, refillRequest),
  },
  'refill-authorisation': {
    ...refillAuthorisationDocument,
    bytes: signRefillAuthorisation(fixedCrypto, provider.privateKey, refillAuthorisation),
  },
  'status-report': {
    ...statusReportDocument,
    bytes: signStatusReport(fixedCrypto, device.privateKey, statusReport),
  },
  'image-header': {
    ...imageHeaderDocument,
    bytes: signImage(fixedCrypto, imageKey, imageVersions, imageBody),
  },
};
export type SampleName = keyof typeof samples;

/** Where a field of fixed place lies in a document, bytes from its beginning. */
function offsetOf(name: SampleName, field: string): number {
  const { magic, fields } = samples[name];
  if (field === 'magic') return 0;
  let offset = magic.length;
  for (const [each, coder] of Object.entries(fields)) {
    if (each === field) return offset;
    offset += coder.size ?? Number.NaN;
  }
  throw new Error(`${name} has no ${field}`);
}

/** The sample with other bytes in one field, signed again: nothing but the field is wrong with it. */
export function forged(
  name: SampleName,
  field: string,
  replacement: Uint8Array,
  signer: KeyPair = authority,
): Uint8Array {
  const bytes = samples[name].bytes.slice();
  const signedSize = name === 'image-header' ? IMAGE_HEADER_SIZE : bytes.length;
  const core = bytes.subarray(0, signedSize - SIGNATURE_SIZE);
  core.set(replacement, offsetOf(name, field));
  bytes.set(fixedCrypto.sign(signer.privateKey, core), core.length);
  return bytes;
}
