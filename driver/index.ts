/** The driver: what a program imports to use a meter (`tessera/driver`). */

export { dateOf } from '#protocol/documents/date';
export { formatMills, type Mills, mills, parseMills } from '#protocol/mills';
export type { Role } from '#protocol/state';
export {
  type Account,
  accounts,
  addAccount,
  budgetsOf,
  changeAccount,
  checkCharge,
  newAccount,
  removeAccount,
} from './accounts/accounts.ts';
export { type Books, openBooks } from './accounts/books.ts';
export { DeskError, type DeskReason } from './accounts/desk-error.ts';
export { type Agreement, agreementOf, debitsIn, type LoggedDebit } from './accounts/postage-log.ts';
export {
  type ChargedTo,
  planJob,
  planPrint,
  reconcileJob,
  reconcileJobs,
  reconcilePrints,
} from './accounts/reconcile.ts';
export { addUser, changeUser, checkUser, type DeskRole, type DeskUser } from './accounts/users.ts';
export { BatchError, type BatchReason, ListError } from './batch/batch-error.ts';
export type { JobFunds, RatesChange } from './batch/before-charging.ts';
export type { BatchMeter } from './batch/charging.ts';
export { acceptPiece, reprintPiece, spoilPiece } from './batch/decisions.ts';
export { type CreateJobOptions, createJob, type Job, type JobPiece, openJob } from './batch/job.ts';
export type {
  JobDescription,
  JobFigures,
  JobLabel,
  JobQuote,
} from './batch/job-description.ts';
export { type LabelPrinterOptions, labelPrinter } from './batch/label-printer.ts';
export type { ListPiece, ListProblem } from './batch/list.ts';
export { type ManifestRow, manifestCsv, manifestRows } from './batch/manifest.ts';
export type { PiecePrinter } from './batch/piece-printing.ts';
export type { PieceRecord, PieceState } from './batch/piece-state.ts';
export { type Progress, trackProgress } from './batch/progress.ts';
export { type RunJobOptions, runJob } from './batch/run.ts';
export { JournalError } from './checked-lines.ts';
export {
  type AuthorityKeyOutcome,
  installAuthorityKeys,
  renewAuthorityKey,
} from './contact/authority-key.ts';
export { type ClockOutcome, setClock } from './contact/clock.ts';
export {
  type ContactEvent,
  type ContactOptions,
  type ContactReport,
  type ContactStep,
  contact,
  contactSteps,
  locksIn,
  type StepResults,
  warningsIn,
} from './contact/contact.ts';
export { type KeysOutcome, renewDueKeys, renewKeys } from './contact/device-keys.ts';
export { type Inspection, type InspectionOptions, inspect } from './contact/inspection.ts';
export type { AuthorityOffice, Offices, ProviderOffice } from './contact/offices.ts';
export { applyLatestOrder, applyOrder, type OrderOutcome } from './contact/orders.ts';
export {
  type AutoRefill,
  dueRefill,
  finishRefill,
  pendingRefill,
  type RefillOutcome,
  type RefillWish,
  refill,
} from './contact/refill.ts';
export { type PastRefill, refillHistory } from './contact/refill-history.ts';
export {
  type InstalledRates,
  type LicenceOutcome,
  renewLicence,
  renewRates,
} from './contact/renewal.ts';
export { exportLog, type LogPart, type LogRange, readLogRecords } from './contact/security-log.ts';
export {
  type DiscoverOptions,
  type Discovery,
  discoverPorts,
  type PortCandidate,
} from './discover.ts';
export type { Disk, LineFile, NewFile } from './disk.ts';
export { type IssuedEntry, issuedPiece, reprint } from './earlier-piece.ts';
export { LinkError, type LinkStage, RefusedError } from './errors.ts';
export { licenceOf, spendable } from './funds.ts';
export { openingWithEither, renewHostKey } from './host-key.ts';
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
export {
  type Address,
  type AddressField,
  type AddressProblem,
  addressLines,
  addressProblems,
} from './lists/address.ts';
export { type Cleansed, cleanse, duplicateKey } from './lists/cleanse.ts';
export type { EntryMail, EntryProblem, ListEntry, Override } from './lists/entry.ts';
export { type ImportOptions, type ImportReport, importList } from './lists/import-list.ts';
export { type ListCsvOptions, listCsv } from './lists/list-csv.ts';
export {
  type ListStore,
  type ListWriter,
  openListStore,
  type SavedList,
  type StoredEntry,
} from './lists/list-store.ts';
export { type ListField, type Mapping, mappingOf } from './lists/mapping.ts';
export { type OpenTableOptions, openTable } from './lists/open-table.ts';
export { type Table, TableError, type TableFormat, type TableRow } from './lists/table.ts';
export { type LogInOptions, logIn } from './log-in.ts';
export { type Mailing, mailingDateOf } from './mailing-date.ts';
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
  type PendingJournalOptions,
} from './pending.ts';
export type { Piece } from './piece.ts';
export { openLink, type Port, parsePort } from './port.ts';
export { type MeterRates, type PricedPiece, postageOf, ratesOf } from './price.ts';
export { type Bitmap, createBitmap } from './print/bitmap.ts';
export { encodeJob, type JobOptions } from './print/encode.ts';
export { type EscposOptions, encodeEscpos } from './print/escpos.ts';
export { composeFace, type Extras, type Face } from './print/face.ts';
export { composeLabel, type LabelOptions, type LabelVariant } from './print/label.ts';
export { LabelError, type LabelProblem } from './print/label-error.ts';
export { type Layout, type LayoutName, layoutNamed, layouts } from './print/layout.ts';
export { encodePdf, type PdfPage } from './print/pdf.ts';
export {
  type PngOptions,
  previewPng,
  previewTerminal,
  type TerminalOptions,
} from './print/preview.ts';
export type { PrintOutcome } from './print/print-job.ts';
export { type PaperLog, paperLog, printOnce } from './print/print-once.ts';
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
export { chartSvg } from './reports/chart.ts';
export { accountReport, spoilageReport, usageReport } from './reports/desk-reports.ts';
export { jobReport } from './reports/job-report.ts';
export { fundsReport, refillReport } from './reports/meter-reports.ts';
export type { Report, ReportChart, ReportColumn } from './reports/report.ts';
export { reportPdf } from './reports/report-pdf.ts';
export { reportCsv, reportRows, reportTable } from './reports/report-text.ts';
export type { ServiceName, Services } from './services.ts';
export type { CallOptions } from './session.ts';
export {
  type Claim,
  type ClaimedPiece,
  type ClaimState,
  type ClaimsOffice,
  claimedPieces,
  claimSpoiled,
  claimsOf,
  type PieceClaim,
  type SpoiledPieces,
} from './spoilage.ts';
export type { Trust } from './trust.ts';
export {
  type UpdatedMeter,
  type UpdateOptions,
  type UpdateOutcome,
  updateImage,
} from './update.ts';
export { type WatchOptions, watchPorts } from './watch-ports.ts';
export { ENVELOPE_MG, type Letter, ouncesToMg, SHEET_MG, weightOf } from './weight.ts';
export {
  fetchProof,
  handProof,
  ProofError,
  type WithdrawalAnswer,
  type WithdrawalProof,
  type WithdrawalStage,
  withdraw,
  withdrawalStage,
} from './withdrawal.ts';
