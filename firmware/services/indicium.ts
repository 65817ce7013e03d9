/**
 * What is printed: indicia, debit first, then sign; corrections and redates; reprints, test prints (requirements.md B3, B5,
 * C1, C5, C6; domain.md R5-R8, R10, R31, R33-R35, R37).
 */

import { equalBytes, joinBytes } from '#protocol/bytes';
import { commandOf, type RequestOf, type ResponseOf } from '#protocol/command';
import { SIGNATURE_SIZE } from '#protocol/crypto';
import { addDays, isDate, MAILING_DAYS_AHEAD_MAX } from '#protocol/documents/date';
import { DESTINATION_MAX } from '#protocol/documents/document-fields';
import { type IndiciumFlags, indiciumCore, joinIndicium } from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import type { Licence } from '#protocol/documents/licence';
import { isMailService, priceOf, type RateTable } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';
import { ok, type Result, refuse } from '#protocol/result';
import { checkLog, checkUnlocked, licenceOf } from '../condition.ts';
import { commit, type Device, nowMs, stamped, tableOf, today } from '../device.ts';
import { twice } from '../double-check.ts';
import { invariant } from '../fault.ts';
import type { RecordedDebit } from '../journal.ts';
import type { DebitDetail, MeterState, SignatureRecord, StateRecord } from '../journal-record.ts';
import { aside, checkFresh, debit, isSameValue } from '../registers.ts';
import { provedSigning } from '../self-test.ts';
import { INDICIUM_KEY_LABEL, withPrivateKey } from '../vault.ts';

type Request = RequestOf<'createIndicium'>;

const NO_FLAGS: IndiciumFlags = {
  redate: false,
  correction: false,
  reprint: false,
  test: false,
  certificateService: false,
};

/** How much of the digest over a request is kept. */
const DIGEST_SIZE = 8;

/** In which form a piece is told: it is charged for in the same way. */
interface Form<T> {
  readonly command: 'createIndicium' | 'createLiteIndicium';
  /** What else it takes. */
  readonly check: () => Result<undefined>;
  /** Gives the same for the same record, and records it before it leaves. */
  readonly give: (recorded: RecordedDebit) => T;
}

export function createIndicium(
  device: Device,
  request: Request,
): Result<ResponseOf<'createIndicium'>> {
  return createPiece(device, request, {
    command: 'createIndicium',
    check: () => ok(undefined),
    give: (recorded) => ({ indicium: recordedIndicium(device, recorded) }),
  });
}

export function createPiece<T>(device: Device, request: Request, form: Form<T>): Result<T> {
  const { counter, nonce } = request.requestId;
  const recorded = device.journal.find(counter, nonce);
  if (recorded !== undefined) return repeat(device, request, form, recorded);

  const next = twice(() => charged(device, request, form), isSameValue);
  if (!next.ok) return next;

  chargeFor(device, next.value);
  const onRecord = device.journal.find(counter, nonce); // what is signed is what the flash gives back
  invariant(onRecord !== undefined && onRecord.debit.pieceCount === next.value.pieceCount);
  return ok(form.give({ debit: onRecord.debit, signature: undefined }));
}

/** The registers once this piece is charged; nothing is charged yet. */
function charged(device: Device, request: Request, form: Form<unknown>): Result<MeterState> {
  const fresh = checkFresh(device.journal.state, request.requestId);
  if (!fresh.ok) return fresh;
  const unlocked = checkUnlocked(device);
  if (!unlocked.ok) return unlocked;
  const possible = form.check();
  if (!possible.ok) return possible;
  const detail = detailOf(device, request, form);
  if (!detail.ok) return detail;
  const before = stamped(device);
  return debit(before, licenceOf(device), request.requestId, detail.value, before.timeMs);
}

/** One record with the new registers; a correction or redate is written down in the security log with it (R33, R34). */
function chargeFor(device: Device, next: MeterState): void {
  const { kind, postage, mailingDate, original } = next.detail;
  const figures = { b: next.pieceCount, c: original };
  switch (kind) {
    case 'correction':
      commit(device, 'debit', next, { event: 'corrected', a: postage, ...figures });
      break;
    case 'redate':
      commit(device, 'debit', next, { event: 'redated', a: mailingDate, ...figures });
      break;
    case 'postage':
    case 'lite':
    case 'service':
    case 'none':
      device.journal.append('debit', next); // synced with the signature, before anything leaves
  }
}

/** What the certificate, the calendar, and the kind of the piece allow; nothing is charged yet. */
function detailOf(
  device: Device,
  request: Request,
  form: Pick<Form<unknown>, 'command'>,
): Result<DebitDetail> {
  const { indiciumCertificate } = device.documents;
  const { mailingDate, destination, serviceId, kind, original } = request;
  invariant(indiciumCertificate !== undefined);
  const date = today(device);
  if (!date.ok) return date;
  const { validFrom, validTo } = indiciumCertificate;
  if (date.value < validFrom || date.value > validTo) return refuse('certificateExpired');
  if (destination > DESTINATION_MAX) return refuse('fieldOutOfRange');
  if (!isDate(mailingDate)) return refuse('dateNotAllowed');
  if (mailingDate < date.value || mailingDate > addDays(date.value, MAILING_DAYS_AHEAD_MAX))
    return refuse('dateNotAllowed');
  const table = tableOf(device);
  if (!table.ok) return table;
  const allowed = checkKind(device, table.value, request);
  if (!allowed.ok) return allowed;
  return ok({
    kind: form.command === 'createLiteIndicium' ? 'lite' : kind,
    postage: request.postage,
    mailingDate,
    destination,
    serviceId,
    rateVersion: table.value.version,
    original,
    requestDigest: digestOf(device, request, form),
  });
}

function checkKind(device: Device, table: RateTable, request: Request): Result<undefined> {
  const { kind, original } = request;
  switch (kind) {
    case 'postage':
      return original === 0 ? checkPostage(device, table, request) : refuse('fieldOutOfRange');
    case 'correction':
      return checkCorrection(device, table, request);
    case 'redate':
      return checkRedate(device, request);
  }
}

/** R29: extras are services too. */
function areLicensed({ services }: Licence, { serviceId, extras }: Request): boolean {
  return services.length === 0 || [serviceId, ...extras].every((id) => services.includes(id));
}

/** R7, R8, R29, C6: the price is what the table says, within what the licence allows. */
function checkPostage(device: Device, table: RateTable, request: Request): Result<undefined> {
  const { postage, isConfirmed } = request;
  const licence = licenceOf(device);
  const { postageMin, postageMax, highValue } = licence;
  const price = priceOf(table, request);
  if (!price.ok) return price;
  if (!areLicensed(licence, request)) return refuse('serviceNotLicensed');
  if (postage === 0) return refuse('amountInvalid');
  if (postage < postageMin) return refuse('postageBelowMinimum', postageMin);
  if (postage > postageMax) return refuse('postageAboveMaximum', postageMax);
  const { minimum, maximum } = price.value;
  if (minimum === maximum && postage !== minimum) return refuse('postageNotRate', minimum);
  if (postage < minimum) return refuse('postageBelowMinimum', minimum);
  if (postage > maximum) return refuse('postageAboveMaximum', maximum);
  if (highValue > 0 && postage >= highValue && !isConfirmed)
    return refuse('confirmationNeeded', highValue);
  return ok(undefined);
}

/** R34: what an earlier piece of this meter lacked; any amount that one piece may cost. */
function checkCorrection(device: Device, table: RateTable, request: Request): Result<undefined> {
  const { postage, original, isConfirmed, serviceId } = request;
  const licence = licenceOf(device);
  const { postageMax, highValue } = licence;
  if (original === 0 || original > device.journal.state.pieceCount)
    return refuse('originalUnknown');
  if (!isMailService(table, serviceId)) return refuse('serviceUnknown');
  if (!areLicensed(licence, request)) return refuse('serviceNotLicensed');
  if (postage === 0) return refuse('amountInvalid');
  if (postage > postageMax) return refuse('postageAboveMaximum', postageMax);
  if (highValue > 0 && postage >= highValue && !isConfirmed)
    return refuse('confirmationNeeded', highValue);
  return checkLog(device);
}

/** R33: once for each piece that cost something, for nothing, and to a later date. */
function checkRedate(device: Device, request: Request): Result<undefined> {
  const { journal } = device;
  const { original, postage, mailingDate, serviceId } = request;
  if (postage !== 0) return refuse('amountInvalid');
  const debited = journal.findPiece(original);
  if (debited === undefined || !hasDate(debited)) return refuse('originalUnknown');
  if (journal.isRedated(original)) return refuse('redatedAlready');
  if (serviceId !== debited.detail.serviceId) return refuse('fieldOutOfRange');
  if (mailingDate <= debited.detail.mailingDate) return refuse('dateNotAllowed');
  return checkLog(device);
}

/** A lite indicium tells no date, and a redate is not redated. */
const hasDate = ({ detail: { kind } }: StateRecord): boolean =>
  kind !== 'redate' && kind !== 'lite';

/** Of all that was asked but the request id, and whether a high value was meant; of which command, but for the first one. */
function digestOf(
  { crypto }: Device,
  request: Request,
  { command }: Pick<Form<unknown>, 'command'>,
): Uint8Array {
  const asked = { ...request, requestId: { counter: 0, nonce: 0 }, isConfirmed: false };
  const { code, request: layout } = commandOf(command);
  const encoded = layout.encode(asked);
  const named = command === 'createIndicium' ? encoded : joinBytes(Uint8Array.of(code), encoded);
  return crypto.sha256(named).slice(0, DIGEST_SIZE);
}

/** The same request again: the recorded answer, or the signature that a power cut prevented. */
function repeat<T>(
  device: Device,
  request: Request,
  form: Form<T>,
  recorded: RecordedDebit,
): Result<T> {
  const ifSame = (): Result<RecordedDebit> =>
    equalBytes(recorded.debit.detail.requestDigest, digestOf(device, request, form))
      ? ok(recorded)
      : refuse('requestIdReused');
  const same = twice(ifSame);
  return same.ok ? ok(form.give(same.value)) : same;
}

function recordedIndicium(
  device: Device,
  { debit: charged, signature }: RecordedDebit,
): Uint8Array {
  if (signature === undefined) return issue(device, charged);
  return joinIndicium(coreOf(device, charged, signature), signature.signature);
}

/** R35: the same indicium, and a note of it in the security log. */
export function reprintIndicium(
  device: Device,
  { requestId: { counter, nonce } }: RequestOf<'reprintIndicium'>,
): Result<ResponseOf<'reprintIndicium'>> {
  const recorded = device.journal.find(counter, nonce);
  if (recorded === undefined || !isFull(recorded.debit)) return refuse('originalUnknown');
  const room = checkLog(device);
  if (!room.ok) return room;
  const entry = { event: 'reprinted', b: recorded.debit.pieceCount } as const;
  const indicium = recordedIndicium(device, recorded);
  commit(device, 'note', aside(stamped(device), {}), entry);
  return ok({ indicium });
}

/** A lite indicium is had again by its own request. */
const isFull = ({ detail: { kind } }: StateRecord): boolean =>
  kind !== 'service' && kind !== 'lite';

/** C5, R37: shows how this meter prints and is worth nothing. */
export function testPrint(
  device: Device,
  { isQualityPrint }: RequestOf<'testPrint'>,
): Result<ResponseOf<'testPrint'>> {
  const date = today(device);
  if (!date.ok) return date;
  if (isQualityPrint) {
    const room = checkLog(device);
    if (!room.ok) return room;
    const next = aside(stamped(device), { qualityMs: nowMs(device) });
    commit(device, 'note', next, { event: 'qualityPrint' });
  }
  const { state } = device.journal;
  const core = indiciumCore({
    ...makerOf(device),
    meterId: device.content.meterId,
    ascending: state.ascending,
    postage: mills(0),
    mailingDate: date.value,
    destination: 0,
    descending: state.descending,
    rateCategory: 0,
    pieceCount: state.pieceCount,
    serviceId: 0,
    flags: { ...NO_FLAGS, test: true },
  });
  return ok({ indicium: joinIndicium(core, new Uint8Array(SIGNATURE_SIZE)) });
}

export function resetBatch(device: Device): Result<ResponseOf<'resetBatch'>> {
  const { batchPieceCount, batchAmount } = device.journal.state;
  if (batchPieceCount > 0) {
    const zeros = { batchPieceCount: 0, batchAmount: mills(0) };
    commit(device, 'note', aside(stamped(device), zeros));
  }
  return ok({ batchPieceCount, batchAmount });
}

type Maker = Pick<SignatureRecord, 'certificateSerial' | 'originZip' | 'softwareId' | 'keyId'>;

function coreOf(device: Device, charged: StateRecord, maker: Maker): Uint8Array {
  const { ascending, descending, pieceCount, detail } = charged;
  return indiciumCore({
    certificateSerial: maker.certificateSerial,
    meterId: device.content.meterId,
    ascending,
    postage: detail.postage,
    mailingDate: detail.mailingDate,
    originZip: maker.originZip,
    destination: detail.destination,
    softwareId: maker.softwareId,
    descending,
    rateCategory: detail.rateVersion,
    pieceCount,
    serviceId: detail.serviceId,
    flags: {
      ...NO_FLAGS,
      correction: detail.kind === 'correction',
      redate: detail.kind === 'redate',
    },
    keyId: maker.keyId,
  });
}

/** The image version behind two letters, as six bytes. */
function softwareIdOf(version: number): Uint8Array {
  return Uint8Array.of(0x54, 0x53, version >>> 24, version >>> 16, version >>> 8, version);
}

/** What an indicium tells of who made it; what is held now, for an indicium that is made now. */
function makerOf({ crypto, content, documents, image }: Device): Maker {
  const { indiciumCertificate, licence } = documents;
  invariant(indiciumCertificate !== undefined && licence !== undefined);
  invariant(equalBytes(indiciumCertificate.publicKey, content.indiciumPublicKey), 'storeDamaged');
  return {
    certificateSerial: indiciumCertificate.serial,
    originZip: licence.originZip,
    softwareId: softwareIdOf(image.version),
    keyId: keyId(crypto, content.indiciumPublicKey),
  };
}

/** Signs a debit that is on record, and records the signature; both are durable before the answer leaves (R5). */
function issue(device: Device, charged: StateRecord): Uint8Array {
  const { crypto, journal, access, content } = device;
  invariant(access !== undefined);
  const maker = makerOf(device);
  const core = coreOf(device, charged, maker);
  const signature = withPrivateKey(
    crypto,
    access.vaultKey,
    INDICIUM_KEY_LABEL,
    content.sealedIndiciumKey,
    (privateKey) => provedSigning(crypto, content.indiciumPublicKey).sign(privateKey, core),
  );
  journal.appendSignature({ requestId: charged.requestId, signature, ...maker });
  journal.sync();
  return joinIndicium(core, signature);
}
