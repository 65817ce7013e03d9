/** The fields of one sample of every signed document, and the fixed keys that sign them. */

import { ascii } from '#protocol/bytes';
import type { Registers } from '#protocol/command-layouts';
import type { KeyPair } from '#protocol/crypto';
import type { CertificateFields } from '#protocol/documents/compact-certificate';
import type { IndiciumFields } from '#protocol/documents/indicium';
import type { AcknowledgementFields, InspectionReport } from '#protocol/documents/inspection';
import { keyId } from '#protocol/documents/key-id';
import type { KeyRenewal } from '#protocol/documents/key-renewal';
import type { LicenceFields } from '#protocol/documents/licence';
import { encodeMeterId } from '#protocol/documents/meter-id';
import type { ClockSettingFields, LockOrderFields } from '#protocol/documents/orders';
import type { RateTableFields } from '#protocol/documents/rate-table';
import type { RefillAuthorisation, RefillRequest } from '#protocol/documents/refill';
import {
  type KeyGrantFields,
  type KeyRequestFields,
  keyUsesOf,
  type RevocationConfirmationFields,
  type RevocationOrderFields,
  type RevocationRequestFields,
} from '#protocol/documents/user-key';
import type {
  WithdrawalAuthorisation,
  WithdrawalReport,
  WithdrawalRequest,
} from '#protocol/documents/withdrawal';
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
const DAY_MS = 86_400_000;
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

/** Keys of the authority that follow one another; the last one is only announced. */
export const authorityNext = keyPair(0xa2);
export const authorityAfterNext = keyPair(0xa3);

export const keyRenewal: KeyRenewal = {
  meterId,
  deviceSerial: 6,
  deviceKey: keyPair(0xd2).publicKey,
  indiciumKey: keyPair(0x2d).publicKey,
};

const holderKey = { number: 3, publicKey: keyPair(0xe1).publicKey } as const;
const ofDevice = { meterId, deviceSerial: 6, ...holderKey } as const;

export const keyRequest: KeyRequestFields = {
  ...ofDevice,
  uses: keyUsesOf('sign', 'authenticate'),
  csrDigest: new Uint8Array(32).fill(0xe2),
  organization: ascii('Organization'),
  commonName: ascii('Common Name'),
};

export const keyGrant: KeyGrantFields = {
  meterId,
  ...holderKey,
  uses: keyUsesOf('timeStamp'),
  certificateDigest: new Uint8Array(32).fill(0xe3),
  serial: new Uint8Array(16).fill(0x71),
  validFrom: 20270101,
  validTo: 20281231,
};

export const revocationRequest: RevocationRequestFields = {
  ...ofDevice,
  reason: 'keyCompromise',
  timeMs: 1_800_000_000_000,
};

export const revocationOrder: RevocationOrderFields = {
  meterId,
  ...holderKey,
  reason: 'superseded',
  timeMs: 1_800_000_000_001,
  isCharged: true,
  isForced: false,
};

export const revocationConfirmation: RevocationConfirmationFields = {
  ...ofDevice,
  orderDigest: new Uint8Array(32).fill(0xe4),
  timeMs: 1_800_000_000_002,
  paid: mills(250),
  due: mills(100),
  certificatePieceCount: 77,
};

export const licence: LicenceFields = {
  meterId,
  sequence: 1,
  licenceNumber: 1001,
  originZip: 20260,
  providerId: 3,
  providerKey: provider.publicKey,
  issueDate: 20270215,
  validTo: 20280214,
  accountKind: 'separate',
  descendingMax: mills(5_000_000),
  certificateDescendingMax: mills(1_000_000),
  postageMin: mills(10),
  postageMax: mills(99_999),
  highValue: mills(50_000),
  refillMin: mills(10_000),
  refillMax: mills(2_000_000),
  refillMultiple: mills(5_000),
  lowFunds: mills(20_000),
  dayAmountMax: mills(1_000_000),
  dayPiecesMax: 5_000,
  inspectionWarnHours: 90 * 24,
  inspectionLockHours: 120 * 24,
  spoilageCap: 100,
  services: [1, 2, 30, 900],
};

export const rateTable: RateTableFields = {
  version: 2,
  validFrom: 20270101,
  validTo: 20271231,
  rates: [
    { serviceId: 1, kind: 'fixed', minimum: mills(780), maximum: mills(780), steps: [] },
    {
      serviceId: 2,
      kind: 'weighed',
      minimum: mills(1070),
      maximum: mills(2480),
      steps: [
        { weightMaxMg: 20_000, prices: [mills(1070), mills(1450)] },
        { weightMaxMg: 500_000, prices: [mills(1730), mills(2480)] },
      ],
    },
    { serviceId: 30, kind: 'extra', minimum: mills(2200), maximum: mills(2200), steps: [] },
    { serviceId: 40, kind: 'certificate', minimum: mills(250), maximum: mills(250), steps: [] },
    { serviceId: 900, kind: 'keyedIn', minimum: mills(10), maximum: mills(99_999), steps: [] },
  ],
};

export const refillRequest: RefillRequest = {
  meterId,
  sequence: 5,
  nonce: counting(8, 0x30),
  kind: 'purchase',
  account: 'certificate',
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
  kind: 'purchase',
  account: 'certificate',
  amount: mills(200_000),
  requestedAmount: mills(200_000),
  ascending: mills(1_234_567),
  descending: mills(45_670),
  reason: 'ok',
  available: mills(750_000),
  timeMs: noonMs + 1500,
};

const registers: Registers = {
  ascending: mills(1_234_567),
  descending: mills(45_670),
  credited: mills(1_283_447),
  spoilageCredited: mills(3_210),
  withdrawn: mills(6_420),
  settled: mills(17),
  certificateAscending: mills(400),
  certificateDescending: mills(600),
  certificateCredited: mills(1_050),
  certificateWithdrawn: mills(50),
  pieceCount: 1580,
  zeroPieceCount: 12,
  certificatePieceCount: 4,
  batchPieceCount: 33,
  batchAmount: mills(25_740),
  descendingMax: mills(5_000_000),
  certificateDescendingMax: mills(1_000_000),
  refillSequence: 5,
  refillPending: mills(200_000),
  refillKind: 'spoilage',
  refillAccount: 'certificate',
  requestCounter: 1601,
};

export const inspectionReport: InspectionReport = {
  meterId,
  challenge: counting(16, 0xc0),
  timeMs: noonMs,
  lifeCycle: 'registered',
  locks: {
    clockNotTrusted: false,
    clockFault: false,
    inspectionOverdue: true,
    locked: true,
    revoked: false,
    licenceExpired: false,
    logFull: true,
  },
  imageVersion: 0x0001_0203,
  imageDigest: counting(32, 0x40),
  registers,
  journalSequence: 6789,
  auditHead: counting(16, 0xe0),
  logCount: 321,
  logHead: counting(16, 0x90),
  logAcknowledged: 300,
  powerCount: 77,
  userTries: 2,
  officerTries: 1,
  contactMs: noonMs - 130 * DAY_MS,
  clockSetMs: noonMs - 400 * DAY_MS,
  lockSequence: 9,
  licenceSequence: 4,
  rateVersion: 2,
};

export const acknowledgement: AcknowledgementFields = {
  meterId,
  challenge: counting(16, 0xc0),
  logCount: 321,
  logHead: counting(16, 0x90),
  timeMs: noonMs + 2500,
};

export const lockOrder: LockOrderFields = {
  meterId,
  sequence: 10,
  action: 'revoke',
  reason: 'stolen',
  timeMs: noonMs,
};

export const clockSetting: ClockSettingFields = {
  meterId,
  challenge: counting(16, 0x20),
  timeMs: noonMs + 1,
};

const withdrawalTerms = { meterId, sequence: 6, nonce: counting(8, 0x70) };
const left = { postal: mills(45_670), certificate: mills(600) };

export const withdrawalRequest: WithdrawalRequest = {
  ...withdrawalTerms,
  ...left,
  registers,
  timeMs: noonMs,
};

export const withdrawalAuthorisation: WithdrawalAuthorisation = {
  ...withdrawalTerms,
  ...left,
  verdict: 'refused',
  timeMs: noonMs + 3500,
};

export const withdrawalReport: WithdrawalReport = {
  ...withdrawalTerms,
  ...left,
  registers: {
    ...registers,
    descending: mills(0),
    withdrawn: mills(6_420 + 45_670),
    certificateDescending: mills(0),
    certificateWithdrawn: mills(650),
  },
  journalSequence: 6791,
  auditHead: counting(16, 0xe0),
  logCount: 322,
  logHead: counting(16, 0x90),
  timeMs: noonMs + 4500,
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
