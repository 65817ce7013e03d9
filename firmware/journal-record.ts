/**
 * The records of the journal: 256 bytes, of which the last 16 are the keyed tag that commits them (docs/flash.md;
 * architecture.md decision 5).
 *
 * A state record holds every register, the counters, the pending refill and the transaction that led to it, so that the
 * newest one is the whole truth. A signature record holds what an indicium needs beside its debit.
 */

import * as P from 'micro-packed';
import { pieceKinds, requestId } from '#protocol/command-layouts';
import { refillKinds } from '#protocol/documents/refill';
import { bytes, flags, mills24, mills48, oneOf, u8, u16, u32, u40, u48 } from '#protocol/fields';
import { mills } from '#protocol/mills';
import { accountNames, lifeCycleNames, lockReasonNames } from '#protocol/state';

export const RECORD_SIZE = 256;
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
  'withdrawal',
  'lock',
  'clock',
  'inspection',
  'note',
  'service',
] as const;
export type RecordType = (typeof recordTypes)[number];
export type StateRecordType = Exclude<RecordType, 'signature'>;

export const FORMAT_VERSION = 2;

/** What a debit is: none in a record that is no debit. `service`: of a certificate service. */
const debitKinds = ['none', ...pieceKinds, 'service'] as const;

/**
 * What an indicium was asked for, or a certificate service, whose charge is the postage; kept so that a repeated request can
 * be compared and answered.
 */
export const debitDetail = P.struct({
  kind: oneOf(debitKinds),
  postage: mills24,
  mailingDate: u32,
  destination: u40,
  serviceId: u16,
  rateVersion: u32,
  /**
   * Number of the piece that a correction or redate stands for; what is still due of a service; in a pin without a debit see
   * {@link denied}; else 0.
   */
  original: u32,
  /** The first bytes of SHA-256 over what was asked: a repeated request is the same in all of it. */
  requestDigest: bytes(8),
});
export type DebitDetail = P.UnwrapCoder<typeof debitDetail>;

export const NO_DETAIL: DebitDetail = {
  kind: 'none',
  postage: 0 as DebitDetail['postage'],
  mailingDate: 0,
  destination: 0,
  serviceId: 0,
  rateVersion: 0,
  original: 0,
  requestDigest: new Uint8Array(8),
};

/**
 * Of a pin: whatever reads as the signature of the last piece or service and was written before it, never counted. Not 0
 * where there was one.
 */
export const denied = ({
  pieceCount,
  certificatePieceCount,
}: Pick<MeterState, 'pieceCount' | 'certificatePieceCount'>): DebitDetail => ({
  ...NO_DETAIL,
  original: pieceCount || certificatePieceCount,
});

/** Locks that stay until somebody takes them off, lowest bit first. */
export const keptLockNames = ['locked', 'revoked', 'clockFault'] as const;

const stateFields = {
  /** The last trusted time of the secure clock, milliseconds; never falls. */
  timeMs: u48,
  lifeCycle: oneOf(lifeCycleNames),
  /** Which generation of the store is the valid one, modulo 256; 0 before the first. */
  storeGeneration: u8,
  ascending: mills48,
  descending: mills48,
  /** Everything ever bought. With the next one it is the control sum (domain.md R3, R4). */
  credited: mills48,
  spoilageCredited: mills48,
  withdrawn: mills48,
  settled: mills48,
  certificateAscending: mills48,
  certificateDescending: mills48,
  certificateCredited: mills48,
  certificateWithdrawn: mills48,
  pieceCount: u32,
  zeroPieceCount: u32,
  certificatePieceCount: u32,
  batchPieceCount: u32,
  batchAmount: mills48,
  /** Of refills and withdrawals together. */
  refillSequence: u32,
  /** Of the refill or withdrawal under way, or of the last one. */
  refillNonce: bytes(8),
  /** Frozen amount of the refill under way; 0 where there is none. */
  refillPending: mills48,
  refillKind: oneOf(refillKinds),
  refillAccount: oneOf(accountNames),
  userTries: u8,
  officerTries: u8,
  /** The last transaction that was performed. */
  requestId,
  locks: flags(keptLockNames),
  lockReason: oneOf(lockReasonNames),
  lockSequence: u32,
  /** When it was last inspected, refilled or registered. */
  contactMs: u48,
  /** When the last quality print was made. */
  qualityMs: u48,
  clockSetMs: u48,
  /** The day that the next two count for: days since 1970-01-01. */
  day: u16,
  dayPieces: u32,
  dayAmount: mills48,
  powerCount: u32,
  logCount: u32,
  logAcknowledged: u32,
  /** The chain that the security log has reached. */
  logHead: bytes(16),
  /** What the last transaction was if it was a debit. */
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

/** The state of a device that has never been used. */
export function blankState(): MeterState {
  const zero = mills(0);
  return {
    timeMs: 0,
    lifeCycle: 'blank',
    storeGeneration: 0,
    ascending: zero,
    descending: zero,
    credited: zero,
    spoilageCredited: zero,
    withdrawn: zero,
    settled: zero,
    certificateAscending: zero,
    certificateDescending: zero,
    certificateCredited: zero,
    certificateWithdrawn: zero,
    pieceCount: 0,
    zeroPieceCount: 0,
    certificatePieceCount: 0,
    batchPieceCount: 0,
    batchAmount: zero,
    refillSequence: 0,
    refillNonce: new Uint8Array(8),
    refillPending: zero,
    refillKind: 'purchase',
    refillAccount: 'postal',
    userTries: 0,
    officerTries: 0,
    requestId: { counter: 0, nonce: 0 },
    locks: { locked: false, revoked: false, clockFault: false },
    lockReason: 'none',
    lockSequence: 0,
    contactMs: 0,
    qualityMs: 0,
    clockSetMs: 0,
    day: 0,
    dayPieces: 0,
    dayAmount: zero,
    powerCount: 0,
    logCount: 0,
    logAcknowledged: 0,
    logHead: new Uint8Array(16),
    detail: NO_DETAIL,
  };
}

export const EXTRA_SIZE = 96;

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
  /** What else a service gave: a key that was born for another party, public and under seal; zeros of all others. */
  extra: bytes(EXTRA_SIZE),
  spare: P.magic(bytes(42), new Uint8Array(42)),
});
export type SignatureRecord = Omit<P.UnwrapCoder<typeof signatureRecord>, 'spare'>;
/** What is given to be written; without `extra` where there is none. */
export type SignatureContent = Omit<SignatureRecord, 'type' | 'version' | 'sequence' | 'extra'> &
  Partial<Pick<SignatureRecord, 'extra'>>;

export function encodeStateRecord(record: StateRecord): Uint8Array {
  return stateRecord.encode(record);
}

export function encodeSignatureRecord(
  record: SignatureContent & Pick<SignatureRecord, 'sequence'>,
): Uint8Array {
  const header = { type: 'signature' as const, version: FORMAT_VERSION };
  return signatureRecord.encode({ extra: new Uint8Array(EXTRA_SIZE), ...record, ...header });
}

/** Places that are read from a slot before its tag is checked, or written after the rest was hashed. */
const STATE_REQUEST_OFFSET = 120;
const SIGNATURE_REQUEST_OFFSET = 8;
const PIECE_COUNT_OFFSET = 76;
const CERTIFICATE_PIECE_COUNT_OFFSET = 84;
const DEBIT_KIND_OFFSET = 192;
const ORIGINAL_OFFSET = 211;
export const AUDIT_HEAD_OFFSET = 223;

/** What a slot claims to be; nothing of it is believed before the tag was checked. */
export interface Claim {
  readonly type: RecordType | undefined;
  readonly sequence: number;
  readonly requestKey: string;
  /** The piece whose debit the state holds: one right behind it, so that its registers are those of the indicium. */
  readonly debitedPiece: number | undefined;
  /** The certificate service whose charge the state holds, in the same way. */
  readonly chargedService: number | undefined;
  /** The piece that this debit redates. */
  readonly redatedPiece: number | undefined;
  /** Whether its request had no signature when power came on: what reads as one later never was one. */
  readonly deniesSignature: boolean;
}

export const requestKey = (counter: number, nonce: number): string => `${counter} ${nonce}`;

export function claimOf(slot: Uint8Array): Claim {
  const view = new DataView(slot.buffer, slot.byteOffset, RECORD_SIZE);
  const type = recordTypes[view.getUint8(0)];
  const at = type === 'signature' ? SIGNATURE_REQUEST_OFFSET : STATE_REQUEST_OFFSET;
  const kind = debitKinds[view.getUint8(DEBIT_KIND_OFFSET)];
  const original = view.getUint32(ORIGINAL_OFFSET, true);
  const isPinned = type === 'pin' && kind !== 'none';
  const holdsService = type === 'service' || (isPinned && kind === 'service');
  const holdsDebit = type === 'debit' || (isPinned && !holdsService);
  return {
    type,
    sequence: view.getUint16(2, true) + view.getUint32(4, true) * 0x1_0000,
    requestKey: requestKey(view.getUint32(at, true), view.getUint32(at + 4, true)),
    debitedPiece: holdsDebit ? view.getUint32(PIECE_COUNT_OFFSET, true) : undefined,
    chargedService: holdsService ? view.getUint32(CERTIFICATE_PIECE_COUNT_OFFSET, true) : undefined,
    redatedPiece: holdsDebit && kind === 'redate' ? original : undefined,
    deniesSignature: type === 'pin' && (isPinned || original !== 0),
  };
}

/** Whether two readings of a slot claim the same: a weak bit may read otherwise the second time. */
export function isSameClaim(one: Claim, other: Claim): boolean {
  return (
    one.sequence === other.sequence &&
    one.type === other.type &&
    one.requestKey === other.requestKey &&
    one.debitedPiece === other.debitedPiece &&
    one.chargedService === other.chargedService &&
    one.redatedPiece === other.redatedPiece &&
    one.deniesSignature === other.deniesSignature
  );
}
