/**
 * The real meter for tests: the signed image on a board in memory, its clock standing still, made, licensed and refilled
 * through the driver once, and from then on started from what its flash held.
 */

import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import type { Board, BoardOptions } from '#emulator/board';
import type { ManualClock } from '#emulator/clock';
import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import { strictFlash } from '#emulator/flash-strict';
import { connectMemory } from '#emulator/ports/memory';
import type { KeyPair } from '#protocol/crypto';
import {
  type CertificateUsage,
  issueCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { issueLicence, type LicenceFields, ordinaryTerms } from '#protocol/documents/licence';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { issueRateTable, type RateTableFields } from '#protocol/documents/rate-table';
import {
  type RefillAuthorisation,
  readRefillRequest,
  signRefillAuthorisation,
} from '#protocol/documents/refill';
import { type Mills, mills } from '#protocol/mills';
import { nobleCrypto } from '#protocol/noble-crypto';
import type { Role } from '#protocol/state';
import { makeBoard, TEST_TIME_MS } from './board.ts';
import { seededRandom } from './seeded-random.ts';

/** Its signatures repeat, so that what a meter stores is the same in every run (test/cuts/ replays by a number). */
const issuerCrypto = nobleCrypto(seededRandom('keys and documents of the test meter'));
const pair = (): KeyPair => issuerCrypto.generateKeyPair();

export const authorityKeys = pair();
export const providerKeys = pair();
export const hostKeys: Readonly<Record<Role, KeyPair>> = { user: pair(), cryptoOfficer: pair() };
export const meterId = encodeMeterId({ model: 'TS01', serial: 42 });
/** The day that the clock of the board stands at. */
export const TODAY = 20260301;
export const FUNDS = mills(100_000);
export const DESCENDING_MAX = mills(500_000);
export const CERTIFICATE_DESCENDING_MAX = mills(200_000);

const text = (password: string): Uint8Array => new TextEncoder().encode(password);
/** Fresh copies: the meter and the driver wipe what they are given. */
export const passwords = {
  user: (): Uint8Array => text('password of user'),
  cryptoOfficer: (): Uint8Array => text('password of officer'),
};

export function certificate(
  usage: CertificateUsage,
  publicKey: Uint8Array,
  fields: Partial<{ subject: Uint8Array; validFrom: number; validTo: number; serial: number }> = {},
  issuer: KeyPair = authorityKeys,
): Uint8Array {
  const standard = { serial: 7, subject: meterId, validFrom: 20260101, validTo: 20301231 };
  return issueCompactCertificate(issuerCrypto, issuer, {
    ...standard,
    usage,
    publicKey,
    ...fields,
  });
}

export function licence(fields: Partial<LicenceFields> = {}, issuer = authorityKeys): Uint8Array {
  return issueLicence(issuerCrypto, issuer, {
    ...ordinaryTerms,
    certificateDescendingMax: CERTIFICATE_DESCENDING_MAX,
    validTo: 20301231,
    meterId,
    sequence: 1,
    licenceNumber: 5,
    originZip: 20260,
    providerId: 1,
    providerKey: providerKeys.publicKey,
    descendingMax: DESCENDING_MAX,
    postageMin: mills(160),
    postageMax: mills(90_000),
    issueDate: TODAY,
    ...fields,
  });
}

export const KEYED_IN = 9;

export function rateTable(
  fields: Partial<RateTableFields> = {},
  issuer = authorityKeys,
): Uint8Array {
  return issueRateTable(issuerCrypto, issuer, {
    version: 1,
    validFrom: 20260101,
    validTo: 20261231,
    rates: [
      { serviceId: 1, kind: 'fixed', minimum: mills(780), maximum: mills(780), steps: [] },
      {
        serviceId: KEYED_IN,
        kind: 'keyedIn',
        minimum: mills(200),
        maximum: mills(95_000),
        steps: [],
      },
    ],
    ...fields,
  });
}

/** What is asked of a meter for postage to be bought. */
export const purchase = (amount: Mills) =>
  ({ kind: 'purchase', account: 'postal', amount }) as const;

/** What the provider answers to a refill request. */
export function authorisation(
  request: Uint8Array,
  changes: Partial<RefillAuthorisation> = {},
  signer = providerKeys,
): Uint8Array {
  const read = readRefillRequest(request);
  if (!read.ok) throw new Error('that is no refill request');
  const { meterId: id, sequence, nonce, kind, account, amount, ascending, descending } = read.value;
  const answer = {
    meterId: id,
    sequence,
    nonce,
    kind,
    account,
    amount,
    requestedAmount: amount,
    ascending,
    descending,
  };
  return signRefillAuthorisation(issuerCrypto, signer.privateKey, {
    ...answer,
    reason: 'ok',
    available: amount,
    timeMs: TEST_TIME_MS,
    ...changes,
  });
}

export type Stage = 'blank' | 'keyed' | 'made' | 'registered' | 'refilled';

/** A meter that is switched on. */
export interface TestMeter extends AsyncDisposable {
  readonly board: Board;
  readonly clock: ManualClock;
  readonly flash: FlashDevice;
  /** A session; nobody is logged in. */
  session(role: Role): Promise<Meter>;
  /** A session with somebody logged in. */
  loggedIn(role: Role): Promise<Meter>;
  /** Asks in clear. */
  anonymous(): Promise<Meter>;
}

type Options = Partial<Omit<BoardOptions, 'clock' | 'flash'>> & { readonly flash?: FlashDevice };

function meterOn(options: Options): TestMeter {
  const { board, clock, flash } = makeBoard(options);
  const open: Meter[] = [];
  async function keep(opening: Promise<Meter>): Promise<Meter> {
    const meter = await opening;
    open.push(meter);
    return meter;
  }
  const link = () => memoryLink(connectMemory(board));
  const self: TestMeter = {
    board,
    clock,
    flash,
    session: (role) =>
      keep(
        openMeter(link(), {
          identity: hostKeys[role],
          role,
          trust: isCertified(flash) ? { authorityKey: authorityKeys.publicKey, meterId } : 'unmade',
        }),
      ),
    async loggedIn(role) {
      const meter = await self.session(role);
      await meter.logIn(passwords[role]());
      return meter;
    },
    anonymous: () => keep(openMeter(link())),
    async [Symbol.asyncDispose]() {
      for (const meter of open) await meter.close();
      await board[Symbol.asyncDispose]();
    },
  };
  return self;
}

const certifiedFlashes = new WeakSet<FlashDevice>();
const isCertified = (flash: FlashDevice): boolean => certifiedFlashes.has(flash);

async function advance(meter: TestMeter, stage: Stage): Promise<void> {
  const maker = await meter.session('cryptoOfficer');
  const born = await maker.initialize({
    meterId,
    authorityKey: authorityKeys.publicKey,
    userKey: hostKeys.user.publicKey,
    userPassword: passwords.user(),
    officerPassword: passwords.cryptoOfficer(),
  });
  if (stage === 'keyed') return;
  await maker.installCertificates({
    device: certificate('device', born.deviceKey),
    indicium: certificate('indicium', born.indiciumKey),
  });
  certifiedFlashes.add(meter.flash);
  if (stage === 'made') return;
  const officer = await meter.loggedIn('cryptoOfficer');
  await officer.register(licence());
  await officer.installRateTable(rateTable());
  if (stage === 'registered') return;
  const user = await meter.loggedIn('user');
  const { request } = await user.refillRequest(purchase(FUNDS));
  await user.refillCommit(authorisation(request));
}

const stored = new Map<Stage, Promise<Uint8Array>>();

/** A meter that is made on this very board, step by step from a blank one; {@link meterAt} is faster. */
export async function newMeter(stage: Stage, options: Options = {}): Promise<TestMeter> {
  const meter = meterOn(options);
  if (stage !== 'blank') await advance(meter, stage);
  return meter;
}

async function contentsAt(stage: Stage): Promise<Uint8Array> {
  await using meter = await newMeter(stage);
  return meter.flash.contents();
}

/** The flash of a meter at a stage of its life; each test gets its own. */
export async function flashAt(stage: Stage): Promise<FlashDevice> {
  const known = stored.get(stage) ?? contentsAt(stage);
  stored.set(stage, known);
  const flash = strictFlash(createMemoryFlash({ contents: await known }));
  if (stage !== 'blank' && stage !== 'keyed') certifiedFlashes.add(flash);
  return flash;
}

const GEOMETRY = { sectorSize: 4096, programUnit: 16 };

/** A part so small that few pieces fill it: two banks, three sectors of the security log, a ring of four with 64 slots. */
const SMALL_CARD = { ...GEOMETRY, size: 13 * 4096 };

let smallContents: Promise<Uint8Array> | undefined;

/** The flash of a meter with funds on a small part. */
export async function smallCard(): Promise<FlashDevice> {
  const make = async (): Promise<Uint8Array> => {
    const flash = strictFlash(createMemoryFlash({ geometry: SMALL_CARD }));
    await using meter = meterOn({ flash });
    await advance(meter, 'refilled');
    return flash.contents();
  };
  smallContents ??= make();
  return certifiedCopy(await smallContents);
}

/** A part of its own with these contents, of a meter that has its certificates. */
export function certifiedCopy(contents: Uint8Array, guard = strictFlash): FlashDevice {
  const geometry = { ...GEOMETRY, size: contents.length };
  const flash = guard(createMemoryFlash({ geometry, contents }));
  certifiedFlashes.add(flash);
  return flash;
}

/** A flash that holds a meter with its certificates, told so: a session trusts its authority then. */
export function knownCertified(flash: FlashDevice): FlashDevice {
  certifiedFlashes.add(flash);
  return flash;
}

/**
 * The flash of a meter that was brought on from a stage by what a test needs before: made once, each call gives its own.
 * @param use what is done with the meter
 */
export function flashAfter(
  stage: Stage,
  use: (meter: TestMeter) => Promise<void>,
): () => Promise<FlashDevice> {
  let made: Promise<Uint8Array> | undefined;
  const make = async (): Promise<Uint8Array> => {
    await using meter = await meterAt(stage);
    await use(meter);
    return meter.flash.contents();
  };
  return async () => {
    made ??= make();
    return certifiedCopy(await made);
  };
}

/** A meter at a stage of its life, switched on. */
export async function meterAt(
  stage: Stage,
  options: Omit<Options, 'flash'> = {},
): Promise<TestMeter> {
  return meterOn({ ...options, flash: await flashAt(stage) });
}

/** A meter with this flash, switched on: after a power cut, or on damaged contents. */
export const meterWith = (flash: FlashDevice, options: Omit<Options, 'flash'> = {}): TestMeter =>
  meterOn({ ...options, flash });
