/** From a blank device to a licensed meter: birth of the keys, certificates, licence, rate table (requirements.md G1, B4). */

import { equalBytes, wipe } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import { verifyCompactCertificate } from '#protocol/documents/compact-certificate';
import { dateOf } from '#protocol/documents/date';
import { verifyLicence } from '#protocol/documents/licence';
import { makingStatement } from '#protocol/documents/making';
import { decodeMeterId } from '#protocol/documents/meter-id';
import { verifyRateTable } from '#protocol/documents/rate-table';
import { ok, type Result, refuse } from '#protocol/result';
import { bornPair } from '../born-pair.ts';
import { checkLog } from '../condition.ts';
import { type Device, nowMs, rateTablesOf, saveStore, withDeviceKey } from '../device.ts';
import { twice } from '../double-check.ts';
import { invariant } from '../fault.ts';
import { changeAccountKind } from '../registers.ts';
import { isPublicKey } from '../self-test.ts';
import type { StoreContent } from '../store.ts';
import { grantAccess, INDICIUM_KEY_LABEL, isFitPassword } from '../vault.ts';

/** A rate table of this size and all else fit a bank of the store. */
const RATE_TABLE_SIZE_MAX = 4096;

export function initialize(
  device: Device,
  request: RequestOf<'initialize'>,
): Result<ResponseOf<'initialize'>> {
  const { crypto, keys, sessionKey } = device;
  const { meterId, authorityKey, userKey, userPassword, officerPassword } = request;
  invariant(sessionKey !== undefined);
  if (device.sessionRole !== 'cryptoOfficer') return refuse('wrongRole'); // the session's key becomes the officer's
  if (!isFitPassword(userPassword) || !isFitPassword(officerPassword))
    return refuse('passwordUnfit');
  if (decodeMeterId(meterId) === undefined) return refuse('fieldOutOfRange');
  if (!isPublicKey(crypto, authorityKey) || !isPublicKey(crypto, userKey))
    return refuse('fieldOutOfRange');

  const vaultKey = crypto.randomBytes(32);
  let content: StoreContent;
  try {
    const indicium = bornPair(crypto, vaultKey, INDICIUM_KEY_LABEL);
    content = {
      ...device.content,
      meterId,
      authorityKey,
      authorityCertificate: new Uint8Array(0),
      indiciumPublicKey: indicium.publicKey,
      sealedIndiciumKey: indicium.sealedKey,
      user: grantAccess(crypto, keys, 'user', userKey, userPassword, vaultKey),
      cryptoOfficer: grantAccess(
        crypto,
        keys,
        'cryptoOfficer',
        sessionKey,
        officerPassword,
        vaultKey,
      ),
    };
  } finally {
    wipe(vaultKey);
  }
  const deviceKey = device.content.devicePublicKey;
  const indiciumKey = content.indiciumPublicKey;
  const statement = makingStatement({ meterId, deviceKey, indiciumKey });
  const proof = withDeviceKey(device, (key, proved) => proved.sign(key, statement));
  saveStore(device, content, { lifeCycle: 'keyed' });
  return ok({ deviceKey, indiciumKey, proof });
}

export function installCertificates(
  device: Device,
  request: RequestOf<'installCertificates'>,
): Result<ResponseOf<'installCertificates'>> {
  const { content } = device;
  const { devicePublicKey, indiciumPublicKey } = content;
  const judged = judgeCertificates(device, request, devicePublicKey, indiciumPublicKey);
  if (!judged.ok) return judged;
  const { serial, ...certificates } = judged.value;
  const changes = { lifeCycle: 'made' } as const;
  saveStore(device, { ...content, ...certificates }, changes, { event: 'made', a: serial });
  return ok({});
}

interface JudgedCertificates
  extends Pick<StoreContent, 'deviceCertificate' | 'indiciumCertificate'> {
  /** Of the certificate of the indicium key. */
  readonly serial: number;
}

/** The certificates of two keys of the meter, each later than the one that is held. */
export function judgeCertificates(
  { crypto, content, documents }: Device,
  { device, indicium }: RequestOf<'installCertificates'>,
  deviceKey: Uint8Array,
  indiciumKey: Uint8Array,
): Result<JudgedCertificates> {
  const { authorityKey, meterId: subject } = content;
  const { deviceCertificate, indiciumCertificate } = documents;
  const expected = [
    { usage: 'device', bytes: device, key: deviceKey, held: deviceCertificate },
    { usage: 'indicium', bytes: indicium, key: indiciumKey, held: indiciumCertificate },
  ] as const;
  let serial = 0;
  for (const { usage, bytes, key, held } of expected) {
    const certificate = twice(() => {
      const signed = verifyCompactCertificate(crypto, authorityKey, bytes, { usage, subject });
      if (!signed.ok) return signed;
      if (!equalBytes(signed.value.publicKey, key)) return refuse('keyMismatch');
      return signed.value.serial > (held?.serial ?? -1) ? signed : refuse('documentOutdated');
    });
    if (!certificate.ok) return certificate;
    serial = certificate.value.serial;
  }
  return ok({ deviceCertificate: device, indiciumCertificate: indicium, serial });
}

export function register(
  device: Device,
  request: RequestOf<'register'>,
): Result<ResponseOf<'register'>> {
  const { content, documents, crypto } = device;
  const licence = twice(() => {
    const signed = verifyLicence(crypto, content.authorityKey, request.licence);
    if (!signed.ok) return signed;
    if (!equalBytes(signed.value.meterId, content.meterId)) return refuse('documentForOtherMeter');
    const isNewer = signed.value.sequence > (documents.licence?.sequence ?? -1);
    return isNewer ? signed : refuse('documentOutdated');
  });
  if (!licence.ok) return licence;
  // the authorisation that is on its way is signed for the provider of the licence that is held now
  const { refillPending, contactMs, qualityMs, clockSetMs } = device.journal.state;
  if (refillPending > 0) return refuse('refillPending', refillPending);
  const { sequence, validTo, accountKind } = licence.value;
  const time = nowMs(device);
  if (time === 0) return refuse('clockNotTrusted');
  if (dateOf(time) > validTo) return refuse('documentNotValidNow');
  const kindBefore = documents.licence?.accountKind ?? accountKind;
  const account = changeAccountKind(device.journal.state, kindBefore, accountKind);
  if (!account.ok) return account;
  const room = checkLog(device);
  if (!room.ok) return room;
  const changes = {
    ...account.value,
    lifeCycle: 'registered',
    contactMs: contactMs === 0 ? time : contactMs, // another licence is no inspection (R25)
    qualityMs: qualityMs === 0 ? time : qualityMs,
    clockSetMs: clockSetMs === 0 ? time : clockSetMs, // as its maker set it
  } as const;
  const entry = { event: 'licensed', a: sequence } as const;
  saveStore(device, { ...content, licence: request.licence }, changes, entry);
  return ok({});
}

export function installRateTable(
  device: Device,
  request: RequestOf<'installRateTable'>,
): Result<ResponseOf<'installRateTable'>> {
  const { content, documents, crypto } = device;
  if (request.rateTable.length > RATE_TABLE_SIZE_MAX) return refuse('fieldOutOfRange');
  const newest = documents.nextRateTable ?? documents.rateTable;
  const table = twice(() => {
    const signed = verifyRateTable(crypto, content.authorityKey, request.rateTable);
    if (!signed.ok) return signed;
    return signed.value.version > (newest?.version ?? -1) ? signed : refuse('documentOutdated');
  });
  if (!table.ok) return table;
  const time = nowMs(device);
  if (time === 0) return refuse('clockNotTrusted');
  const { validFrom, validTo, version } = table.value;
  if (dateOf(time) > validTo) return refuse('documentNotValidNow');
  const room = checkLog(device);
  if (!room.ok) return room;
  const { rateTable } = request;
  const tables =
    validFrom > dateOf(time)
      ? { rateTable: tableInUse(device), nextRateTable: rateTable }
      : { rateTable, nextRateTable: new Uint8Array(0) };
  saveStore(device, { ...content, ...tables }, {}, { event: 'rateTable', a: version });
  return ok({});
}

/** The bytes of the table that counts today. */
function tableInUse(device: Device): Uint8Array {
  const { content, documents } = device;
  const { current } = rateTablesOf(device);
  return current !== undefined && current === documents.nextRateTable
    ? content.nextRateTable
    : content.rateTable;
}
