/** A meter that will not run out of funds: made, licensed and refilled once, then started from what its flash held. */

import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { type Board, type BoardOptions, createBoard } from '#emulator/board';
import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import { loadImage } from '#emulator/image-file';
import { connectMemory } from '#emulator/ports/memory';
import { ascii } from '#protocol/bytes';
import { oids, sequence } from '#protocol/der';
import { certificateServices } from '#protocol/documents/certificate-services';
import { issueCompactCertificate } from '#protocol/documents/compact-certificate';
import { addDays, dateOf } from '#protocol/documents/date';
import { DESCENDING_MAX, issueLicence, ordinaryTerms } from '#protocol/documents/licence';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { issueRateTable } from '#protocol/documents/rate-table';
import { readRefillRequest, signRefillAuthorisation } from '#protocol/documents/refill';
import { keyGrantDocument, keyRequestDocument, keyUsesOf } from '#protocol/documents/user-key';
import { mills } from '#protocol/mills';
import {
  distinguishedName,
  encodeCertificateContent,
  extension,
  signedStructure,
} from '#protocol/x509';

export const deviceSecret = nodeCrypto.randomBytes(32);
export const POSTAGE = mills(200);
export const SERVICE = 9;
export const today = dateOf(Date.now());
const DAY_MS = 86_400_000;

const [authority, provider, officer, user] = [0, 1, 2, 3].map(() =>
  nodeCrypto.generateKeyPair(),
) as [Keys, Keys, Keys, Keys];
type Keys = ReturnType<typeof nodeCrypto.generateKeyPair>;
const meterId = encodeMeterId({ model: 'TS01', serial: 1 });
const password = (): Uint8Array => new TextEncoder().encode('a password');
const trust = { authorityKey: authority.publicKey, meterId };

export type BoardKind = Required<Pick<BoardOptions, 'cryptoEngine'>> &
  Pick<BoardOptions, 'release'>;

const image = loadImage();

export function boardOn(flash: FlashDevice, kind: BoardKind = { cryptoEngine: true }): Board {
  const board = createBoard({ ...image, ...kind, deviceSecret, flash });
  board.powerOn();
  return board;
}

/** The user, logged in. */
export async function userAt(port: Parameters<typeof openMeter>[0]): Promise<Meter> {
  const meter = await openMeter(port, { identity: user, trust });
  await meter.logIn(password());
  return meter;
}

export const lineTo = (board: Board): ReturnType<typeof memoryLink> =>
  memoryLink(connectMemory(board));

async function make(board: Board): Promise<void> {
  await using maker = await openMeter(lineTo(board), {
    identity: officer,
    role: 'cryptoOfficer',
    trust: 'unmade',
  });
  const born = await maker.initialize({
    meterId,
    authorityKey: authority.publicKey,
    userKey: user.publicKey,
    userPassword: password(),
    officerPassword: password(),
  });
  const certificate = (usage: 'device' | 'indicium', publicKey: Uint8Array): Uint8Array =>
    issueCompactCertificate(nodeCrypto, authority, {
      serial: 1,
      subject: meterId,
      usage,
      validFrom: today,
      validTo: addDays(today, 365),
      publicKey,
    });
  await maker.installCertificates({
    device: certificate('device', born.deviceKey),
    indicium: certificate('indicium', born.indiciumKey),
  });
}

async function license(board: Board): Promise<void> {
  await using meter = await openMeter(lineTo(board), {
    identity: officer,
    role: 'cryptoOfficer',
    trust,
  });
  await meter.logIn(password());
  const licence = issueLicence(nodeCrypto, authority, {
    meterId,
    sequence: 1,
    licenceNumber: 1,
    originZip: 20260,
    providerId: 1,
    providerKey: provider.publicKey,
    ...ordinaryTerms,
    validTo: addDays(today, 365),
    // postage and certificate services from one register
    accountKind: 'combined',
    certificateDescendingMax: mills(0),
    descendingMax: mills(DESCENDING_MAX),
    postageMin: POSTAGE,
    postageMax: POSTAGE,
    issueDate: today,
  });
  await meter.register(licence);
  const { postmark, validation, certificate } = certificateServices;
  const price = { minimum: POSTAGE, maximum: POSTAGE, steps: [] };
  const rates = [
    { serviceId: SERVICE, kind: 'fixed', ...price },
    ...[postmark, validation, certificate].map(
      (serviceId) => ({ serviceId, kind: 'certificate', ...price }) as const,
    ),
  ] as const;
  const validity = { version: 1, validFrom: today, validTo: addDays(today, 365) };
  await meter.installRateTable(issueRateTable(nodeCrypto, authority, { ...validity, rates }));
}

async function refill(board: Board): Promise<void> {
  await using meter = await userAt(lineTo(board));
  const { request } = await meter.refillRequest({
    kind: 'purchase',
    account: 'postal',
    amount: mills(DESCENDING_MAX),
  });
  const asked = readRefillRequest(request);
  if (!asked.ok) throw new Error('the meter gave something that is no refill request');
  const { amount, timeMs } = asked.value;
  const answer = { ...asked.value, requestedAmount: amount, available: amount, timeMs };
  await meter.refillCommit(
    signRefillAuthorisation(nodeCrypto, provider.privateKey, { ...answer, reason: 'ok' }),
  );
}

let certified: Uint8Array | undefined;

/** The certificate of the meter's key for postmarks, which is its first. @throws Error where no meter was made yet */
export function stampCertificate(): Uint8Array {
  if (certified === undefined) throw new Error('no meter was made yet');
  return certified;
}

async function certifyStampKey(board: Board): Promise<void> {
  await using meter = await openMeter(lineTo(board), {
    identity: officer,
    role: 'cryptoOfficer',
    trust,
  });
  await meter.logIn(password());
  const holder = { organization: new Uint8Array(0), commonName: ascii('A Holder') };
  const { request } = await meter.requestKey({ ...holder, uses: keyUsesOf('timeStamp') });
  const asked = keyRequestDocument.read(request);
  if (!asked.ok) throw new Error('the meter gave something that is no key request');
  const { number, publicKey, uses } = asked.value;
  const serial = new Uint8Array(16).fill(0x11);
  const content = encodeCertificateContent({
    serial,
    issuer: distinguishedName({ ...holder, commonName: ascii('Tessera Authority') }),
    subject: distinguishedName(holder),
    fromMs: Date.now() - DAY_MS,
    toMs: Date.now() + 365 * DAY_MS,
    publicKey,
    extensions: [extension(oids.extendedKeyUsage, true, sequence(oids.timeStamping))],
  });
  const x509 = signedStructure(content, nodeCrypto.sign(authority.privateKey, content));
  const grant = keyGrantDocument.issue(nodeCrypto, authority, {
    meterId,
    number,
    publicKey,
    uses,
    certificateDigest: nodeCrypto.sha256(x509),
    serial,
    validFrom: addDays(today, -1),
    validTo: addDays(today, 365),
  });
  const { requestCounter } = await meter.registers();
  await meter.installKey({ requestId: { counter: requestCounter + 1, nonce: 1 }, grant });
  certified = x509;
}

/** What the flash of the meter holds. */
export async function wealthyFlash(): Promise<Uint8Array> {
  const flash = createMemoryFlash();
  await using board = boardOn(flash);
  await make(board);
  await license(board);
  await refill(board);
  await certifyStampKey(board);
  return flash.contents();
}
