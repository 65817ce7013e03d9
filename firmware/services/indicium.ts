/** Create indicium: debit first, then sign (requirements.md B3, B5, C1; domain.md R5-R8, R31, R35). */

import { equalBytes } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import { addDays, isDate, MAILING_DAYS_AHEAD_MAX } from '#protocol/documents/date';
import { DESTINATION_MAX } from '#protocol/documents/document-fields';
import { type IndiciumFlags, indiciumCore, joinIndicium } from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import { rateOf } from '#protocol/documents/rate-table';
import { ok, type Result, refuse } from '#protocol/result';
import { type Device, stamped, today } from '../device.ts';
import { invariant } from '../fault.ts';
import type { RecordedDebit } from '../journal.ts';
import type { DebitDetail, SignatureRecord, StateRecord } from '../journal-record.ts';
import { checkFresh, debit } from '../registers.ts';
import { INDICIUM_KEY_LABEL, withPrivateKey } from '../vault.ts';

type Request = RequestOf<'createIndicium'>;

const NO_FLAGS: IndiciumFlags = {
  redate: false,
  correction: false,
  reprint: false,
  test: false,
  certificateService: false,
};

export function createIndicium(
  device: Device,
  request: Request,
): Result<ResponseOf<'createIndicium'>> {
  const { counter, nonce } = request.requestId;
  const recorded = device.journal.find(counter, nonce);
  if (recorded !== undefined) return repeat(device, request, recorded);

  const fresh = checkFresh(device.journal.state, request.requestId);
  if (!fresh.ok) return fresh;
  const detail = rated(device, request);
  if (!detail.ok) return detail;
  const next = debit(stamped(device), request.requestId, detail.value);
  if (!next.ok) return next;

  const charged = device.journal.append('debit', next.value);
  return ok({ indicium: issue(device, charged) });
}

/** R30, R31, R7: what the rate table, the licence, the certificate and the date allow; nothing is charged yet. */
function rated(device: Device, request: Request): Result<DebitDetail> {
  const { licence, rateTable, indiciumCertificate } = device.documents;
  const { serviceId, postage, mailingDate, destination } = request;
  invariant(licence !== undefined && indiciumCertificate !== undefined);
  const date = today(device);
  if (!date.ok) return date;
  const { validFrom, validTo } = indiciumCertificate;
  if (date.value < validFrom || date.value > validTo) return refuse('certificateExpired');
  if (destination > DESTINATION_MAX) return refuse('fieldOutOfRange');
  if (!isDate(mailingDate)) return refuse('dateNotAllowed');
  if (mailingDate < date.value || mailingDate > addDays(date.value, MAILING_DAYS_AHEAD_MAX))
    return refuse('dateNotAllowed');
  if (rateTable === undefined) return refuse('rateTableMissing');
  if (date.value < rateTable.validFrom || date.value > rateTable.validTo)
    return refuse('rateTableMissing');
  const rate = rateOf(rateTable, serviceId);
  if (rate === undefined) return refuse('serviceUnknown');
  if (postage === 0) return refuse('amountInvalid');
  if (postage < licence.postageMin) return refuse('postageBelowMinimum', licence.postageMin);
  if (postage > licence.postageMax) return refuse('postageAboveMaximum', licence.postageMax);
  if (rate.kind === 'fixed' && postage !== rate.minimum)
    return refuse('postageNotRate', rate.minimum);
  if (postage < rate.minimum) return refuse('postageBelowMinimum', rate.minimum);
  if (postage > rate.maximum) return refuse('postageAboveMaximum', rate.maximum);
  const rateVersion = rateTable.version;
  return ok({ postage, mailingDate, destination, serviceId, rateVersion, flags: 0 });
}

/** The same request again: the recorded answer, or the signature that a power cut prevented. */
function repeat(
  device: Device,
  request: Request,
  { debit: charged, signature }: RecordedDebit,
): Result<ResponseOf<'createIndicium'>> {
  const { postage, mailingDate, destination, serviceId } = charged.detail;
  const isSame =
    postage === request.postage &&
    mailingDate === request.mailingDate &&
    destination === request.destination &&
    serviceId === request.serviceId;
  if (!isSame) return refuse('requestIdReused');
  if (signature === undefined) return ok({ indicium: issue(device, charged) });
  return ok({ indicium: joinIndicium(coreOf(device, charged, signature), signature.signature) });
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
    flags: NO_FLAGS,
    keyId: maker.keyId,
  });
}

/** The image version behind two letters, as six bytes. */
function softwareIdOf(version: number): Uint8Array {
  return Uint8Array.of(0x54, 0x53, version >>> 24, version >>> 16, version >>> 8, version);
}

/** Signs a debit that is on record, and records the signature; both are durable before the answer leaves (R5). */
function issue(device: Device, charged: StateRecord): Uint8Array {
  const { crypto, journal, access, content, documents, image } = device;
  const { indiciumCertificate, licence } = documents;
  invariant(access !== undefined && indiciumCertificate !== undefined && licence !== undefined);
  invariant(equalBytes(indiciumCertificate.publicKey, content.indiciumPublicKey), 'storeDamaged');
  const maker: Maker = {
    certificateSerial: indiciumCertificate.serial,
    originZip: licence.originZip,
    softwareId: softwareIdOf(image.version),
    keyId: keyId(crypto, content.indiciumPublicKey),
  };
  const core = coreOf(device, charged, maker);
  const signature = withPrivateKey(
    crypto,
    access.vaultKey,
    INDICIUM_KEY_LABEL,
    content.sealedIndiciumKey,
    (privateKey) => crypto.sign(privateKey, core),
  );
  journal.appendSignature({ requestId: charged.requestId, signature, ...maker });
  journal.sync();
  return joinIndicium(core, signature);
}
