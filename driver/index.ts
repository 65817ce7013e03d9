/** The driver: what a program imports to use a meter (`tessera/driver`). */

export { dateOf } from '#protocol/documents/date';
export { formatMills, type Mills, mills, parseMills } from '#protocol/mills';
export type { Role } from '#protocol/state';
export { BatchError, type BatchReason, ListError } from './batch/batch-error.ts';
export { acceptPiece, reprintPiece, spoilPiece } from './batch/decisions.ts';
export {
  type CreateJobOptions,
  createJob,
  type Job,
  type JobDescription,
  type JobFigures,
  type JobLabel,
  type JobPiece,
  openJob,
} from './batch/job.ts';
export { type LabelPrinterOptions, labelPrinter } from './batch/label-printer.ts';
export type { ListPiece, ListProblem } from './batch/list.ts';
export { type ManifestRow, manifestCsv, manifestRows } from './batch/manifest.ts';
export type { PiecePrinter } from './batch/piece-printing.ts';
export type { PieceRecord, PieceState } from './batch/piece-state.ts';
export { type Progress, trackProgress } from './batch/progress.ts';
export { type JobFunds, type RunJobOptions, runJob } from './batch/run.ts';
export { JournalError } from './checked-lines.ts';
export {
  type DiscoverOptions,
  type Discovery,
  discoverPorts,
  type PortCandidate,
} from './discover.ts';
export { LinkError, type LinkStage, RefusedError } from './errors.ts';
export { type IssueOptions, issue, resume } from './issue.ts';
export {
  changeKeyFilePassword,
  createKeyFile,
  type KeyFile,
  KeyFileError,
  type KeyFileHeader,
  type KeyFileReason,
  openKeyFile,
  readKeyFileHeader,
} from './key-file.ts';
export type { Link } from './link/link.ts';
export { type MemoryEnd, memoryLink } from './link/memory.ts';
export { type LogInOptions, logIn } from './log-in.ts';
export {
  type HostIdentity,
  type Meter,
  type MeterPort,
  type OpenMeterOptions,
  openMeter,
  type ReconnectOptions,
} from './meter.ts';
export { nodeCrypto } from './node-crypto.ts';
export {
  openPendingJournal,
  type PendingEntry,
  type PendingJournal,
  type Piece,
} from './pending.ts';
export { openLink, type Port, parsePort } from './port.ts';
export { type Bitmap, createBitmap } from './print/bitmap.ts';
export { type EscposOptions, encodeEscpos } from './print/escpos.ts';
export { composeLabel, type LabelOptions, type LabelVariant } from './print/label.ts';
export {
  type PngOptions,
  previewPng,
  previewTerminal,
  type TerminalOptions,
} from './print/preview.ts';
export type { PrintOutcome } from './print/print-job.ts';
export {
  type OpenPrinterOptions,
  openPrinter,
  type Printer,
  type PrintOptions,
} from './print/printer.ts';
export { PrinterError, type PrintStage } from './print/printer-error.ts';
export {
  type PrinterProfile,
  type PrinterProfileName,
  printerProfiles,
} from './print/printer-profile.ts';
export type { PrinterStatus } from './print/printer-status.ts';
export type { ServiceName, Services } from './services.ts';
export type { CallOptions } from './session.ts';
export type { Trust } from './trust.ts';
