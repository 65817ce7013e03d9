/** The protocol: what a program imports to speak to a meter, imitate one, or verify evidence (`tessera/protocol`). */

export {
  type CommandName,
  commandNames,
  commandOf,
  commands,
  type RequestOf,
  type ResponseOf,
} from './command.ts';
export type { Condition, MeterStatus, Registers, RequestId } from './command-layouts.ts';
export type { Command } from './commands/declaration.ts';
export type { Crypto, Kem, KeyPair } from './crypto.ts';
export {
  type Answer,
  decodeResponse,
  dispatch,
  encodeRefusal,
  encodeRequest,
  encodeSuccess,
  type Handlers,
  type Situation,
} from './dispatch.ts';
export {
  type AuthorityKeyInTime,
  type AuthorityKeys,
  authorityKeysFrom,
  verifyCertificateInTime,
} from './documents/authority-chain.ts';
export { type AuthorityKey, verifyAuthorityKey } from './documents/authority-key.ts';
export {
  type CompactCertificate,
  readCompactCertificate,
  verifyCompactCertificate,
} from './documents/compact-certificate.ts';
export {
  type Indicium,
  type IndiciumFields,
  readIndicium,
  verifyIndicium,
} from './documents/indicium.ts';
export {
  type Acknowledgement,
  type InspectionReport,
  verifyAcknowledgement,
  verifyInspectionReport,
} from './documents/inspection.ts';
export { keyId } from './documents/key-id.ts';
export { type KeyRenewal, keyRenewalDocument } from './documents/key-renewal.ts';
export { type Evidence, readEvidence } from './documents/legacy-indicium.ts';
export { type Licence, verifyLicence } from './documents/licence.ts';
export { formatMeterId, type MeterId, parseMeterId } from './documents/meter-id.ts';
export { type ClockSetting, type LockOrder, verifyLockOrder } from './documents/orders.ts';
export { type PlausibilityFinding, plausible } from './documents/plausible.ts';
export { priceOf, type RateTable, rateOf, verifyRateTable } from './documents/rate-table.ts';
export { type LogRecord, verifyLogExport } from './documents/security-log.ts';
export { createFrameDecoder, encodeFrame, type FrameDecoder } from './frame.ts';
export {
  type ClientPending,
  clientConfirm,
  clientHello,
  type ServerIdentity,
  type ServerPending,
  type SessionKeys,
  serverAnswer,
  serverConfirm,
} from './handshake.ts';
export type { SuiteName } from './handshake-layout.ts';
export { type Assembler, createAssembler, encodeMessage, type Message } from './message.ts';
export { formatMills, type Mills, mills, parseMills } from './mills.ts';
export { nobleCrypto } from './noble-crypto.ts';
export { createRecordLayer, type RecordLayer } from './record.ts';
export { createResponder, type Responder, type ResponderOptions } from './responder.ts';
export type { Refusal, Result } from './result.ts';
export {
  type AccountKindName,
  type AccountName,
  type CallerName,
  type LifeCycleName,
  type LockName,
  type LockReasonName,
  lifeCycleNames,
  type Role,
  type StateName,
  stateNames,
  type WarningName,
} from './state.ts';
export {
  type Advice,
  isTransient,
  type RefusalName,
  type StatusName,
  statuses,
  statusName,
} from './status.ts';
export { type StatusEntry, statusEntry } from './status-text.ts';
