/**
 * The certificate services, each charged as a piece is (requirements.md B1, B3, B5, D1-D6; domain.md R5, R8, R48): debit first,
 * in one record with whatever else changes, then the answer, which a repeated request gets again.
 */

import { equalBytes, joinBytes } from '#protocol/bytes';
import { type CommandName, commandOf, type RequestOf } from '#protocol/command';
import type { RequestId } from '#protocol/command-layouts';
import {
  type CertificateService,
  certificateServices,
  chargeOf,
} from '#protocol/documents/certificate-services';
import { type Mills, mills } from '#protocol/mills';
import { ok, type Result, refuse } from '#protocol/result';
import { checkUnlocked, licenceOf } from './condition.ts';
import { commit, type Device, rateTablesOf, readDocuments, stamped, tableOf } from './device.ts';
import { twice } from './double-check.ts';
import { invariant } from './fault.ts';
import type { RecordedDebit } from './journal.ts';
import {
  type DebitDetail,
  EXTRA_SIZE,
  type MeterState,
  NO_DETAIL,
  type SignatureRecord,
} from './journal-record.ts';
import { charge, checkFresh, isSameValue } from './registers.ts';
import type { LogEntry } from './security-log.ts';
import type { StoreContent } from './store.ts';

const NOTHING = new Uint8Array(0);

/** How much of the digest over a request is kept. */
const DIGEST_SIZE = 8;

/** Commands of services that are charged: their requests name a transaction. */
type ChargedName = {
  [N in CommandName]: RequestOf<N> extends { readonly requestId: RequestId } ? N : never;
}[CommandName];

export interface Service<N extends ChargedName, T> {
  readonly command: N;
  readonly charge: CertificateService;
  /** Whether it can be done, beside funds, locks and licence; asked twice, and changes nothing. */
  readonly judge?: () => Result<unknown>;
  /** What else the record keeps, for the answer; asked after `judge` (see journal-record.ts). */
  readonly keep?: () => Partial<Pick<DebitDetail, 'mailingDate' | 'destination'>>;
  /** What of the store changes with the charge, and what is written down of it. */
  readonly change?: () => { readonly content: StoreContent; readonly entry?: LogEntry };
  /**
   * Gives the same for the same record, and may be called again after a power cut. It refuses only where a key that it needs
   * was taken away since.
   */
  readonly answer: (recorded: RecordedDebit) => Result<T>;
}

/**
 * Performs a charged service, or gives again what it gave.
 *
 * Refusals: those of the clock, locks, licence and rate table; `insufficientFunds` with what is missing; those of `judge`;
 * `requestIdReused` for another request under the same id; `requestForgotten`, `requestIdTooFar`.
 */
export function serve<N extends ChargedName, T>(
  device: Device,
  request: RequestOf<N>,
  service: Service<N, T>,
): Result<T> {
  const earlier = recordedOf(device, request, service);
  if (earlier !== undefined) return earlier;
  const next = twice(() => charged(device, request, service), isSameValue);
  if (!next.ok) return next;
  return service.answer(perform(device, next.value, service.change?.()));
}

/** What is on record of this request already; undefined where it is new. */
export function recordedOf<N extends ChargedName, T>(
  device: Device,
  request: RequestOf<N>,
  { command, answer }: Pick<Service<N, T>, 'command' | 'answer'>,
): Result<T> | undefined {
  const { counter, nonce } = idOf(request);
  const recorded = device.journal.find(counter, nonce);
  if (recorded === undefined) return undefined;
  const same = twice(() =>
    equalBytes(recorded.debit.detail.requestDigest, digestOf(device, command, request))
      ? ok(recorded)
      : refuse('requestIdReused'),
  );
  return same.ok ? answer(same.value) : same;
}

/** The registers once this service is charged; nothing is charged yet. */
function charged<N extends ChargedName, T>(
  device: Device,
  request: RequestOf<N>,
  service: Service<N, T>,
): Result<MeterState> {
  const fresh = checkFresh(device.journal.state, idOf(request));
  if (!fresh.ok) return fresh;
  const unlocked = checkUnlocked(device);
  if (!unlocked.ok) return unlocked;
  const price = priceOf(device, service.charge);
  if (!price.ok) return price;
  const judged = service.judge?.();
  if (judged?.ok === false) return judged;
  return charge(stamped(device), licenceOf(device), idOf(request), {
    ...detailOf(device, request, service, price.value),
    ...service.keep?.(),
  });
}

/** What a service costs today, by the rate table that is valid now (B4, R30), where the licence allows it (R29). */
export function priceOf(device: Device, service: CertificateService): Result<Mills> {
  const table = tableOf(device);
  if (!table.ok) return table;
  const price = chargeOf(table.value, service);
  if (!price.ok) return price;
  return isLicensed(device, service) ? price : refuse('serviceNotLicensed');
}

function isLicensed(device: Device, service: CertificateService): boolean {
  const { services } = licenceOf(device);
  return services.length === 0 || services.includes(certificateServices[service]);
}

/** Whether the account that pays for it has what a service costs (P fig. 5, 504). */
export function checkFunds(device: Device, service: CertificateService): Result<undefined> {
  const price = priceOf(device, service);
  if (!price.ok) return price;
  const { state } = device.journal;
  const detail = { ...NO_DETAIL, postage: price.value };
  const paid = charge(state, licenceOf(device), state.requestId, detail);
  return paid.ok ? ok(undefined) : paid;
}

/** What the record keeps of a service. @param due what of its charge is still to be paid */
export function detailOf<N extends ChargedName>(
  device: Device,
  request: RequestOf<N>,
  { command, charge: service }: Pick<Service<N, unknown>, 'command' | 'charge'>,
  price: Mills,
  due: Mills = mills(0),
): DebitDetail {
  return {
    ...NO_DETAIL,
    kind: 'service',
    postage: price,
    serviceId: certificateServices[service],
    rateVersion: rateTablesOf(device).current?.version ?? 0,
    original: due,
    requestDigest: digestOf(device, command, request),
  };
}

/** Makes it so: one record with the charge and the store that goes with it; what is answered is what the flash gives back. */
export function perform(
  device: Device,
  next: MeterState,
  change: ReturnType<NonNullable<Service<never, unknown>['change']>> | undefined,
): RecordedDebit {
  if (change === undefined) commit(device, 'service', next);
  else {
    const { content, entry } = change;
    const documents = readDocuments(content);
    const storeGeneration = device.store.save(content, next.storeGeneration);
    commit(device, 'service', { ...next, storeGeneration }, entry);
    device.content = content;
    device.documents = documents;
  }
  const onRecord = device.journal.find(next.requestId.counter, next.requestId.nonce);
  invariant(
    onRecord !== undefined && onRecord.debit.certificatePieceCount === next.certificatePieceCount,
  );
  return onRecord;
}

/**
 * What a service signed, or bore, for this record: made and recorded once, before it leaves (B3).
 * @param make the signature of 64 bytes, and what else there is
 */
export function onceFor(
  { journal }: Device,
  { debit, signature }: RecordedDebit,
  make: () => { readonly signature: Uint8Array; readonly extra?: Uint8Array },
): Pick<SignatureRecord, 'signature' | 'extra'> {
  if (signature !== undefined) return signature;
  const made = make();
  const extra = new Uint8Array(EXTRA_SIZE);
  extra.set(made.extra ?? NOTHING);
  const record = {
    requestId: debit.requestId,
    signature: made.signature,
    certificateSerial: 0,
    originZip: 0,
    softwareId: new Uint8Array(6),
    keyId: new Uint8Array(8),
    extra,
  };
  journal.appendSignature(record);
  journal.sync();
  return record;
}

const idOf = (request: object): RequestId => (request as { requestId: RequestId }).requestId;

/** Of which service was asked for and of all that was asked but the request id. */
function digestOf<N extends ChargedName>(
  { crypto }: Device,
  command: N,
  request: RequestOf<N>,
): Uint8Array {
  const { code, request: layout } = commandOf(command);
  const asked = layout.encode({ ...request, requestId: { counter: 0, nonce: 0 } });
  return crypto.sha256(joinBytes(Uint8Array.of(code), asked)).slice(0, DIGEST_SIZE);
}

/** The time of a record as documents tell it. */
export const timeOf = ({ debit }: RecordedDebit): number => debit.timeMs;
