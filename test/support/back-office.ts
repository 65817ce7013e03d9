/** An authority and a provider for tests, near each other, on a clock that stands still, and meters made of keys alone. */

import type { Dialect } from 'kysely';
import { type Authority, openAuthority } from '#authority/authority';
import type { AuthorityOptions } from '#authority/context';
import { defaultRates } from '#authority/default-rates';
import type { LicenceOrder } from '#authority/licences';
import { openDatabase } from '#cli/database';
import { nodeCrypto } from '#driver/node-crypto';
import type { KeyPair } from '#protocol/crypto';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { type IndiciumFields, indiciumCore, joinIndicium } from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import { makingStatement } from '#protocol/documents/making';
import {
  type RefillAuthorisation,
  type RefillRequest,
  signRefillRequest,
  verifyRefillAuthorisation,
} from '#protocol/documents/refill';
import type { Outcome } from '#protocol/http/refusal';
import { type Mills, mills } from '#protocol/mills';
import type { AuthorityLink, ProviderOptions } from '#provider/context';
import { openProvider, type Provider } from '#provider/provider';

/** 2027-03-01 12:00 UTC. */
export const NOON_MS = Date.UTC(2027, 2, 1, 12);
export const TODAY = 20270301;
export const DAY_MS = 86_400_000;

/** A clock that a test moves. */
export interface TestClock {
  timeMs: number;
}

/** The value of an outcome that must be one. */
export function granted<T>(outcome: Outcome<T, string>): T {
  if (!outcome.ok) throw new Error(`refused: ${outcome.error} ${outcome.detail}`);
  return outcome.value;
}

/** The name of a refusal; `ok` where it is none. */
export function refusalOf(outcome: Outcome<unknown, string>): string {
  return outcome.ok ? 'ok' : outcome.error;
}

export const memory = (): Dialect => openDatabase('sqlite::memory:');

export interface TestAuthority {
  readonly authority: Authority;
  readonly keys: KeyPair;
  readonly clock: TestClock;
}

/** An authority with the default rate table, valid this year. */
export async function makeAuthority(
  dialect = memory(),
  certificateRules?: AuthorityOptions['certificateRules'],
): Promise<TestAuthority> {
  const keys = nodeCrypto.generateKeyPair();
  const clock = { timeMs: NOON_MS };
  const authority = await openAuthority({
    dialect,
    crypto: nodeCrypto,
    now: () => clock.timeMs,
    keys,
    certificateRules,
  });
  const table = { validFrom: 20270101, validTo: 20271231, rates: defaultRates };
  granted(await authority.publishRateTable(table));
  return { authority, keys, clock };
}

/** A meter as far as signatures go. */
export interface TestMeter {
  readonly meterId: Uint8Array;
  readonly device: KeyPair;
  readonly indicium: KeyPair;
  readonly deviceCertificate: Uint8Array;
  readonly indiciumCertificate: Uint8Array;
  readonly certificateSerial: number;
}

/** A meter whose keys the authority has certified. */
export async function makeMeter(authority: Authority): Promise<TestMeter> {
  const { meterId } = granted(await authority.allotMeter({ model: 'TS01' }));
  const device = nodeCrypto.generateKeyPair();
  const indicium = nodeCrypto.generateKeyPair();
  const certificates = granted(await authority.certifyMeter(bornKeys(meterId, device, indicium)));
  const certificate = readCompactCertificate(certificates.indicium);
  if (!certificate.ok) throw new Error('a new certificate cannot be read');
  return {
    meterId,
    device,
    indicium,
    deviceCertificate: certificates.device,
    indiciumCertificate: certificates.indicium,
    certificateSerial: certificate.value.serial,
  };
}

/** What a device tells when its keys are born. */
export function bornKeys(meterId: Uint8Array, device: KeyPair, indicium: KeyPair) {
  const keys = { meterId, deviceKey: device.publicKey, indiciumKey: indicium.publicKey };
  return { ...keys, proof: nodeCrypto.sign(device.privateKey, makingStatement(keys)) };
}

export type LicenceTerms = Partial<Omit<LicenceOrder, 'meterId' | 'providerId'>>;

/** Registers a provider of this key, and licenses the meter for it. */
export async function license(
  authority: Authority,
  { meterId }: TestMeter,
  provider: KeyPair = nodeCrypto.generateKeyPair(),
  terms: LicenceTerms = {},
): Promise<Uint8Array> {
  const applicant = { name: 'Provider', publicKey: provider.publicKey };
  const { providerId } = granted(await authority.registerProvider(applicant));
  const { licence } = granted(
    await authority.grantLicence({
      meterId,
      originZip: 20260,
      providerId,
      descendingMax: mills(5_000_000),
      postageMin: mills(1),
      postageMax: mills(100_000),
      ...terms,
    }),
  );
  return licence;
}

/** An indicium of the meter: a letter of 0.780, the first piece, unless told otherwise. */
export function signIndicium(
  { meterId, indicium, certificateSerial }: TestMeter,
  fields: Partial<IndiciumFields> = {},
): Uint8Array {
  const core = indiciumCore({
    certificateSerial,
    meterId,
    ascending: mills(780),
    postage: mills(780),
    mailingDate: TODAY,
    originZip: 20260,
    destination: 67_49_15,
    softwareId: new Uint8Array(6),
    descending: mills(99_220),
    rateCategory: 1,
    pieceCount: 1,
    serviceId: 1,
    flags: {
      redate: false,
      correction: false,
      reprint: false,
      test: false,
      certificateService: false,
    },
    keyId: keyId(nodeCrypto, indicium.publicKey),
    ...fields,
  });
  return joinIndicium(core, nodeCrypto.sign(indicium.privateKey, core));
}

/** A refill request of the meter: the first one, for 50.000 of a meter that is empty, unless told otherwise. */
export function signRequest(
  { meterId, device }: TestMeter,
  fields: Partial<RefillRequest> = {},
): Uint8Array {
  return signRefillRequest(nodeCrypto, device.privateKey, {
    meterId,
    sequence: 1,
    nonce: nodeCrypto.randomBytes(8),
    kind: 'purchase',
    account: 'postal',
    amount: mills(50_000),
    ascending: mills(0),
    descending: mills(0),
    pieceCount: 0,
    timeMs: NOON_MS,
    ...fields,
  });
}

export interface TestOffice extends TestAuthority {
  readonly provider: Provider;
  readonly providerKeys: KeyPair;
  readonly providerId: number;
  /** Opens another provider with the same identity. */
  readonly reopen: (
    dialect: Dialect,
    link?: AuthorityLink,
    options?: Pick<ProviderOptions, 'spoilageDays'>,
  ) => Promise<Provider>;
}

/** The authority as a provider in the same process reaches it. */
export function linkTo(authority: Authority): AuthorityLink {
  return {
    authorityKeys: async () => granted(await authority.authorityKeys({})),
    answerValueRequest: async (request) => granted(await authority.answerValueRequest(request)),
    certificate: async (which) => granted(await authority.certificate(which)),
    licence: async (which) => granted(await authority.licence(which)),
    deviceCertificates: async (which) => granted(await authority.deviceCertificates(which)),
    lockOrder: async (which) => granted(await authority.lockOrder(which)),
    answerSpoilageRequest: async (request) =>
      granted(await authority.answerSpoilageRequest(request)),
    takeWithdrawal: async (proof) => granted(await authority.takeWithdrawal(proof)),
    takeBatch: async (batch) => granted(await authority.takeBatch(batch)),
  };
}

/** A line to the authority that a test cuts: before the question arrives, or after the answer has left. */
export interface CutLink {
  cut: 'none' | 'before' | 'after';
  readonly link: AuthorityLink;
}

class LinkCut extends Error {
  override readonly name = 'LinkCut';
}

export function cuttable(authority: Authority): CutLink {
  const whole = linkTo(authority);
  const state: { cut: CutLink['cut'] } = { cut: 'none' };
  const methods = Object.entries(whole).map(([name, ask]) => [
    name,
    async (question: never) => {
      if (state.cut === 'before') throw new LinkCut('127.0.0.1:1 cannot be reached');
      const answer = await ask(question);
      if (state.cut === 'after') throw new LinkCut('the answer is lost');
      return answer;
    },
  ]);
  return Object.assign(state, { link: Object.fromEntries(methods) as AuthorityLink });
}

/**
 * An authority, and a provider that it has registered.
 * @param dialect the data base of the provider
 */
export async function makeOffice(
  dialect = memory(),
  ofAuthority: Dialect = memory(),
): Promise<TestOffice> {
  const base = await makeAuthority(ofAuthority);
  const { authority, keys, clock } = base;
  const providerKeys = nodeCrypto.generateKeyPair();
  const applicant = { name: 'Provider', publicKey: providerKeys.publicKey };
  const { providerId } = granted(await authority.registerProvider(applicant));
  const reopen: TestOffice['reopen'] = (other, link = linkTo(authority), more = {}) =>
    openProvider({
      ...more,
      dialect: other,
      crypto: nodeCrypto,
      now: () => clock.timeMs,
      keys: providerKeys,
      providerId,
      authorityKey: keys.publicKey,
      authority: link,
    });
  return { ...base, provider: await reopen(dialect), providerKeys, providerId, reopen };
}

/** Sixteen bytes that name one request; the same for the same number. */
export const requestId = (number: number): Uint8Array => new Uint8Array(16).fill(number);

export interface CustomerOptions {
  /** Mills bought into the pool. */
  readonly pool?: number;
  /** Mills on the account. */
  readonly balance?: number;
  readonly creditMax?: number;
  /** What the licence of the meter has beside the ordinary. */
  readonly terms?: LicenceTerms;
}

/** Fills the pool, opens an account with money on it, licenses a new meter for this provider, and enrols it. */
export async function makeCustomer(
  {
    authority,
    provider,
    providerKeys,
  }: Pick<TestOffice, 'authority' | 'provider' | 'providerKeys'>,
  { pool = 1_000_000, balance = 200_000, creditMax = 0, terms = {} }: CustomerOptions = {},
): Promise<{ readonly customerId: number; readonly meter: TestMeter }> {
  const id = nodeCrypto.randomBytes(16);
  if (pool > 0) granted(await provider.buyValue({ requestId: id, amount: mills(pool) }));
  const applicant = { name: 'Customer', creditMax: mills(creditMax) };
  const { customerId } = granted(await provider.openAccount(applicant));
  if (balance > 0)
    granted(await provider.payIn({ customerId, requestId: id, amount: mills(balance) }));
  const meter = await makeMeter(authority);
  await license(authority, meter, providerKeys, terms);
  granted(await provider.enrolMeter({ customerId, certificate: meter.deviceCertificate }));
  return { customerId, meter };
}

/** What an authorisation says, if the provider signed it. */
export function readAnswer(
  { providerKeys }: Pick<TestOffice, 'providerKeys'>,
  outcome: Outcome<{ readonly authorisation: Uint8Array }, string>,
): RefillAuthorisation {
  const { authorisation } = granted(outcome);
  const read = verifyRefillAuthorisation(nodeCrypto, providerKeys.publicKey, authorisation);
  if (!read.ok) throw new Error(`the authorisation is not the provider's: ${read.status}`);
  return read.value;
}

/** The books of authority and provider, for the laws of money. */
export interface Books {
  readonly issued: Mills;
  readonly inPool: Mills;
  readonly forSpoilage: Mills;
  readonly sold: Mills;
  readonly refunded: Mills;
  readonly balance: Mills;
  readonly owed: Mills;
  readonly paidIn: Mills;
  readonly returned: Mills;
  /** Of all meters together. */
  readonly credited: Mills;
  readonly certificateCredited: Mills;
  readonly spoilageCredited: Mills;
  readonly settled: Mills;
  readonly withdrawn: Mills;
}

export async function booksOf(
  { authority, provider, providerId }: Pick<TestOffice, 'authority' | 'provider' | 'providerId'>,
  members: ReadonlyArray<{ readonly customerId: number; readonly meter: TestMeter }>,
): Promise<Books> {
  const { issuedTotal } = granted(await authority.providerAccount({ providerId }));
  const pool = granted(await provider.readPool({}));
  const customers = [];
  const meters = [];
  for (const { customerId, meter } of members) {
    customers.push(granted(await provider.readCustomer({ customerId })));
    meters.push(granted(await provider.readMeter({ meterId: meter.meterId })));
  }
  const sum = <T>(rows: readonly T[], one: (row: T) => number): Mills =>
    mills(rows.reduce((total, row) => total + one(row), 0));
  return {
    issued: issuedTotal,
    inPool: pool.descending,
    forSpoilage: pool.spoilage,
    sold: pool.ascending,
    refunded: pool.refunded,
    balance: sum(customers, ({ balance }) => balance),
    owed: sum(customers, ({ owed }) => owed),
    paidIn: sum(customers, ({ paidIn }) => paidIn),
    returned: sum(customers, ({ returned }) => returned),
    credited: sum(meters, ({ credited }) => credited),
    certificateCredited: sum(meters, ({ certificateCredited }) => certificateCredited),
    spoilageCredited: sum(meters, ({ spoilageCredited }) => spoilageCredited),
    settled: sum(meters, ({ settled }) => settled),
    withdrawn: sum(meters, (each) => each.withdrawn + each.certificateWithdrawn),
  };
}
