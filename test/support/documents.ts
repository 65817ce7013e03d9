/** One sample of every signed document: what the golden bytes hold and other tests begin with. */

import { type KeyPair, SIGNATURE_SIZE } from '#protocol/crypto';
import {
  authorityKeyDocument,
  issueFirstAuthorityKey,
  issueNextAuthorityKey,
} from '#protocol/documents/authority-key';
import {
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
  readIndicium,
} from '#protocol/documents/indicium';
import {
  acknowledgementDocument,
  inspectionReportDocument,
  issueAcknowledgement,
  signInspectionReport,
} from '#protocol/documents/inspection';
import { keyRenewalDocument } from '#protocol/documents/key-renewal';
import { issueLicence, licenceDocument } from '#protocol/documents/licence';
import {
  clockSettingDocument,
  issueClockSetting,
  issueLockOrder,
  lockOrderDocument,
} from '#protocol/documents/orders';
import { issueRateTable, rateTableDocument } from '#protocol/documents/rate-table';
import {
  refillAuthorisationDocument,
  refillRequestDocument,
  signRefillAuthorisation,
  signRefillRequest,
} from '#protocol/documents/refill';
import {
  keyGrantDocument,
  keyRequestDocument,
  revocationConfirmationDocument,
  revocationOrderDocument,
  revocationRequestDocument,
} from '#protocol/documents/user-key';
import {
  signWithdrawalAuthorisation,
  signWithdrawalReport,
  signWithdrawalRequest,
  withdrawalAuthorisationDocument,
  withdrawalReportDocument,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import * as values from './document-values.ts';

const { fixedCrypto, authority, device, provider, indiciumKey } = values;

export function signIndicium(fields: IndiciumFields = values.indicium): Uint8Array {
  const core = indiciumCore(fields);
  return joinIndicium(core, fixedCrypto.sign(indiciumKey.privateKey, core));
}

/** The second key of the authority, behind the first. */
function secondAuthorityKey(): Uint8Array {
  const { authorityNext, authorityAfterNext } = values;
  const first = issueFirstAuthorityKey(fixedCrypto, authority, authorityNext.publicKey, 20260101);
  const read = authorityKeyDocument.read(first);
  if (!read.ok) throw new Error(read.status);
  const pairs = { previous: authority, own: authorityNext };
  const { publicKey: announced } = authorityAfterNext;
  return issueNextAuthorityKey(fixedCrypto, read.value, pairs, announced, 20270101);
}

/** Every document by the name of its golden file: its bytes, and its fields in order. */
export const samples = {
  indicium: {
    magic: '',
    fields: indiciumFieldLayouts,
    read: readIndicium,
    bytes: signIndicium(),
  },
  'compact-certificate': {
    ...compactCertificateDocument,
    bytes: issueCompactCertificate(fixedCrypto, authority, values.certificate),
  },
  'authority-key': {
    ...authorityKeyDocument,
    bytes: secondAuthorityKey(),
  },
  'key-renewal': {
    ...keyRenewalDocument,
    bytes: keyRenewalDocument.sign(fixedCrypto, device.privateKey, values.keyRenewal),
  },
  'key-request': {
    ...keyRequestDocument,
    bytes: keyRequestDocument.sign(fixedCrypto, device.privateKey, values.keyRequest),
  },
  'key-grant': {
    ...keyGrantDocument,
    bytes: keyGrantDocument.issue(fixedCrypto, authority, values.keyGrant),
  },
  'revocation-request': {
    ...revocationRequestDocument,
    bytes: revocationRequestDocument.sign(fixedCrypto, device.privateKey, values.revocationRequest),
  },
  'revocation-order': {
    ...revocationOrderDocument,
    bytes: revocationOrderDocument.issue(fixedCrypto, authority, values.revocationOrder),
  },
  'revocation-confirmation': {
    ...revocationConfirmationDocument,
    bytes: revocationConfirmationDocument.sign(
      fixedCrypto,
      device.privateKey,
      values.revocationConfirmation,
    ),
  },
  licence: {
    ...licenceDocument,
    bytes: issueLicence(fixedCrypto, authority, values.licence),
  },
  'rate-table': {
    ...rateTableDocument,
    bytes: issueRateTable(fixedCrypto, authority, values.rateTable),
  },
  'refill-request': {
    ...refillRequestDocument,
    bytes: signRefillRequest(fixedCrypto, device.privateKey, values.refillRequest),
  },
  'refill-authorisation': {
    ...refillAuthorisationDocument,
    bytes: signRefillAuthorisation(fixedCrypto, provider.privateKey, values.refillAuthorisation),
  },
  'inspection-report': {
    ...inspectionReportDocument,
    bytes: signInspectionReport(fixedCrypto, device.privateKey, values.inspectionReport),
  },
  acknowledgement: {
    ...acknowledgementDocument,
    bytes: issueAcknowledgement(fixedCrypto, authority, values.acknowledgement),
  },
  'lock-order': {
    ...lockOrderDocument,
    bytes: issueLockOrder(fixedCrypto, authority, values.lockOrder),
  },
  'clock-setting': {
    ...clockSettingDocument,
    bytes: issueClockSetting(fixedCrypto, provider, values.clockSetting),
  },
  'withdrawal-request': {
    ...withdrawalRequestDocument,
    bytes: signWithdrawalRequest(fixedCrypto, device.privateKey, values.withdrawalRequest),
  },
  'withdrawal-authorisation': {
    ...withdrawalAuthorisationDocument,
    bytes: signWithdrawalAuthorisation(
      fixedCrypto,
      provider.privateKey,
      values.withdrawalAuthorisation,
    ),
  },
  'withdrawal-report': {
    ...withdrawalReportDocument,
    bytes: signWithdrawalReport(fixedCrypto, device.privateKey, values.withdrawalReport),
  },
  'image-header': {
    ...imageHeaderDocument,
    bytes: signImage(fixedCrypto, values.imageKey, values.imageVersions, values.imageBody),
  },
};
export type SampleName = keyof typeof samples;

/** Where a field of fixed place lies in a document, bytes from its beginning. */
function offsetOf(name: SampleName, field: string): number {
  const { magic, fields } = samples[name];
  if (field === 'magic') return 0;
  let offset = magic.length;
  for (const [each, { size }] of Object.entries<{ readonly size?: number | undefined }>(fields)) {
    if (each === field) return offset;
    offset += size ?? Number.NaN;
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
