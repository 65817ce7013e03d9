/**
 * The records of the journal: 144 bytes, of which the last 16 are the keyed tag that commits them (docs/flash.md;
 * architecture.md decision 5).
 *
 * A state record holds every register, the counters, the pending refill and the transaction that led to it, so that the
 * newest one is the whole truth. A signature record holds what an indicium needs beside its debit.
 */

import * as P from 'micro-packed';
import { requestId } from '#protocol/command';
import { bytes, mills24, mills48, oneOf, u8, u16, u32, u40, u48 } from '#protocol/fields';
import { lifeCycleNames } from '#protocol/state';

export const RECORD_SIZE = 144;
const TAG_SIZE = 16;
export const RECORD_BODY_SIZE = RECORD_SIZE - TAG_SIZE;

/** What happened. `pin`: power-up, the state found is written down again so that no torn record can win later. */
export const recordTypes = [
  'signature',
  'format',
  'pin',
  'passwordTry',
  'passwordRight',
  'store',
  'lifeCycle',
  'refillRequest',
  'refillCommit',
  'debit',
] as const;
export type RecordType = (typeof recordTypes)[number];
export type StateRecordType = Exclude<RecordType, 'signature'>;

export const FORMAT_VERSION = 1;

/** What an indicium was asked for; kept so that a repeated request can be compared and answered. */
export const debitDetail = P.struct({
  postage: mills24,
  mailingDate: u32,
  destination: u40,
  serviceId: u16,
  rateVersion: u32,
  flags: u8,
});
export type DebitDetail = P.UnwrapCoder<typeof debitDetail>;

export const NO_DETAIL: DebitDetail = {
  postage: 0 as DebitDetail['postage'],
  mailingDate: 0,
  destination: 0,
  serviceId: 0,
  rateVersion: 0,
  flags: 0,
};

const stateFields = {
  /** Secure clock, milliseconds; 0 where it was not trusted. */
  timeMs: u48,
  lifeCycle: oneOf(lifeCycleNames),
  /** Which generation of the store is the valid one, modulo 256; 0 before the first. */
  storeGeneration: u8,
  ascending: mills48,
  descending: mills48,
  refunded: mills48,
  /** Everything ever credited; the control sum (domain.md R3, R4). */
  credited: mills48,
  certificateAscending: mills48,
  certificateDescending: mills48,
  pieceCount: u32,
  zeroPieceCount: u32,
  certificatePieceCount: u32,
  refillSequence: u32,
  userTries: u8,
  officerTries: u8,
  /** The last transaction that was performed, and what it was if it was a debit. */
  requestId,
  /** Of the refill under way, or of the last one. */
  refillNonce: bytes(8),
  /** Frozen amount of the refill under way; 0 where there is none. */
  refillPending: mills48,
  detail: debitDetail,
} as const;

export const stateRecord = P.struct({
  type: oneOf(recordTypes),
  version: u8,
  sequence: u48,
  ...stateFields,
  /** Chain over all state records: the first 16 bytes of SHA-256 of the last head and this record without it. */
  auditHead: bytes(16),
  spare: P.magic(bytes(1), new Uint8Array(1)),
});
export type StateRecord = Omit<P.UnwrapCoder<typeof stateRecord>, 'spare'>;
/** The part of a state record that services change. */
export type MeterState = Omit<StateRecord, 'type' | 'version' | 'sequence' | 'auditHead'>;

export const signatureRecord = P.struct({
  type: oneOf(recordTypes),
  version: u8,
  sequence: u48,
  requestId,
  signature: bytes(64),
  certificateSerial: u32,
  originZip: u32,
  softwareId: bytes(6),
  keyId: bytes(8),
  spare: P.magic(bytes(26), new Uint8Array(26)),
});
export type SignatureRecord = Omit<P.UnwrapCoder<typeof signatureRecord>, 'spare'>;

export function encodeStateRecord(record: StateRecord): Uint8Array {
  return stateRecord.encode(record);
}

export function encodeSignatureRecord(
  record: Omit<SignatureRecord, 'type' | 'version'>,
): Uint8Array {
  const header = { type: 'signature' as const, version: FORMAT_VERSION };
  return signatureRecord.encode({ ...record, ...header });
}

/** Places that are read from a slot before its tag is checked, or written after the rest was hashed. */
const STATE_REQUEST_OFFSET = 70;
const SIGNATURE_REQUEST_OFFSET = 8;
const POSTAGE_OFFSET = 92;
export const AUDIT_HEAD_OFFSET = 111;

/** What a slot claims to be; nothing of it is believed before the tag was checked. */
export interface Claim {
  readonly type: RecordType | undefined;
  readonly sequence: number;
  readonly requestKey: string;
  /** Whether the state is the one right behind a debit, so that its registers are those of the indicium. */
  readonly holdsDebit: boolean;
}

export const requestKey = (counter: number, nonce: number): string => `${counter} ${nonce}`;

export function claimOf(slot: Uint8Array): Claim {
  const view = new DataView(slot.buffer, slot.byteOffset, RECORD_SIZE);
  const type = recordTypes[view.getUint8(0)];
  const at = type === 'signature' ? SIGNATURE_REQUEST_OFFSET : STATE_REQUEST_OFFSET;
  const postage = view.getUint16(POSTAGE_OFFSET, true) + view.getUint8(POSTAGE_OFFSET + 2);
  return {
    type,
    sequence: view.getUint16(2, true) + view.getUint32(4, true) * 0x1_0000,
    requestKey: requestKey(view.getUint32(at, true), view.getUint32(at + 4, true)),
    holdsDebit: type === 'debit' || (type === 'pin' && postage > 0),
  };
}
