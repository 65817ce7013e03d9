/**
 * Which keys each service uses, seen at the crypto engine of the board, and what the policy says (requirements.md A4, A6;
 * FIPS 140-3 area 9): a whole life through the driver, every service once.
 */

import { beforeAll, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { updateImage } from '#driver/update';
import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createMemoryFlash } from '#emulator/flash';
import { loadImage } from '#emulator/image-file';
import type { CryptoEngine } from '#hw/crypto-engine';
import { type CommandName, commandNames } from '#protocol/command';
import { certificateServices } from '#protocol/documents/certificate-services';
import { keyRenewalDocument } from '#protocol/documents/key-renewal';
import { issueClockSetting, issueLockOrder } from '#protocol/documents/orders';
import {
  signWithdrawalAuthorisation,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import type { Role } from '#protocol/state';
import { lineCertificate } from '#test/support/authority-line';
import { TEST_TIME_MS } from '#test/support/board';
import { useCredit } from '#test/support/credit';
import { letter } from '#test/support/mail';
import {
  authorisation,
  authorityKeys,
  certificate,
  certifiedCopy,
  hostKeys,
  licence,
  meterId,
  meterWith,
  passwords,
  providerKeys,
  purchase,
  rateTable,
  type TestMeter,
} from '#test/support/meter';
import { acknowledgement, inspected } from '#test/support/security-log';
import { useKeys } from '#test/support/security-services';
import { testImageKey } from '#test/support/test-firmware';
import { NEW, release, updatable, updatableParts } from '#test/support/update';
import {
  grantFor,
  holder,
  keyRequestIn,
  revocationOrder,
  servicesTable,
  transaction,
  x509For,
} from '#test/support/user-keys';
import type { ParameterName } from '#tools/policy/parameters';
import { accessOf } from '#tools/policy/services';

type Use = 'sign' | 'verify' | 'agree' | 'stretch';

/** What the crypto engine was given, `use key`: at power-up, and since it was last looked at. */
const atPowerUp = new Set<string>();
const heard = new Set<string>();
let ear = atPowerUp;
const hear = (use: Use, key: ArrayBuffer): ArrayBuffer => {
  ear.add(`${use} ${Buffer.from(key).toString('hex')}`);
  return key;
};

/** From here on what is heard is that of a service, until power comes on. */
function listen(): void {
  heard.clear();
  ear = heard;
}

function listening(): Cpu {
  const cpu = createNodeVmCpu();
  const through = (engine: CryptoEngine): CryptoEngine => ({
    ...engine,
    sign: (key) => engine.sign(hear('sign', key)),
    verify: (key, signature) => engine.verify(hear('verify', key), signature),
    agree: (key, other) => engine.agree(hear('agree', key), other),
    stretch: (password, salt, iterations) =>
      engine.stretch(hear('stretch', password), salt, iterations),
  });
  return {
    ...cpu,
    boot(program, hardware) {
      ear = atPowerUp; // a service that destroys keys ends in a restart, which is none of it
      const { cryptoEngine } = hardware;
      const engine = cryptoEngine && through(cryptoEngine);
      return cpu.boot(program, { ...hardware, cryptoEngine: engine });
    },
  };
}

/** The parameters that can be told apart at the crypto engine. */
const told = [
  'deviceKey',
  'indiciumKey',
  'userKeys',
  'ephemeralKey',
  'password',
  'imageKey',
  'authorityKey',
  'providerKey',
] as const satisfies readonly ParameterName[];
type Told = (typeof told)[number];

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** Of the image that is loaded, and of releases for the test. */
const imageKeys = [loadImage().imageKey, testImageKey.publicKey].map(hex);
/** The scalar that public keys are probed with (firmware/self-test.ts), in place of a key. */
const PROBE = `agree ${'00'.repeat(31)}01`;

/** By service: what it used, of all times that it was asked for. */
const seen = new Map<CommandName, Set<Told>>();
const own = { deviceKey: '', indiciumKey: '' };
/** Those that wait to take the place of the others. */
const pending = { deviceKey: '', indiciumKey: '' };
/** Public keys of the user. */
const ofUser = new Set<string>();

/** The same meter; each service that is asked of it is noted with what the engine was given meanwhile. */
function noting(meter: Meter): Meter {
  return new Proxy(meter, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...parameters: unknown[]) => {
        listen();
        const answer: unknown = await Reflect.apply(member, target, parameters);
        if (commandNames.includes(name as CommandName)) note(name as CommandName, answer);
        return answer;
      };
    },
  });
}

function note(name: CommandName, answer: unknown): void {
  if (name === 'initialize') Object.assign(own, keysOf(answer as Born));
  if (name === 'requestKey' || name === 'importKey')
    ofUser.add(hex(keyRequestIn((answer as { readonly request: Uint8Array }).request).publicKey));
  if (name === 'renewKeys') Object.assign(pending, keysOf(bornBy(answer)));
  const used = seen.get(name) ?? new Set<Told>();
  seen.set(name, used);
  for (const each of heard) {
    const parameter = parameterOf(each);
    if (parameter !== undefined) used.add(parameter);
  }
}

interface Born {
  readonly deviceKey: Uint8Array;
  readonly indiciumKey: Uint8Array;
}
const keysOf = ({ deviceKey, indiciumKey }: Born) => ({
  deviceKey: hex(deviceKey),
  indiciumKey: hex(indiciumKey),
});

function bornBy(answer: unknown): Born {
  const read = keyRenewalDocument.read((answer as { readonly request: Uint8Array }).request);
  if (!read.ok) throw new Error(read.status);
  return read.value;
}

const publicKeyOf = (key: string): string => hex(nodeCrypto.publicKeyOf(Buffer.from(key, 'hex')));

function parameterOf(each: string): Told | undefined {
  const [use, key = ''] = each.split(' ') as [Use, string];
  if (use === 'verify') {
    if (key === hex(authorityKeys.publicKey)) return 'authorityKey';
    if (key === hex(providerKeys.publicKey)) return 'providerKey';
    return imageKeys.includes(key) ? 'imageKey' : undefined;
  }
  if (use !== 'sign') {
    if (atPowerUp.has(each) || each === PROBE) return undefined; // of a known answer
    if (use === 'stretch') return 'password';
    return ofUser.has(publicKeyOf(key)) ? 'userKeys' : 'ephemeralKey';
  }
  const publicKey = publicKeyOf(key);
  if ([own.deviceKey, pending.deviceKey].includes(publicKey)) return 'deviceKey';
  if (ofUser.has(publicKey)) return 'userKeys';
  return [own.indiciumKey, pending.indiciumKey].includes(publicKey) ? 'indiciumKey' : undefined;
}

/** A session of which every service is noted, the opening too. */
async function sessionOf(meter: TestMeter, role: Role): Promise<Meter> {
  listen();
  const session = await meter.session(role);
  note('openSession', undefined);
  return noting(session);
}

async function loggedIn(meter: TestMeter, role: Role): Promise<Meter> {
  const session = await sessionOf(meter, role);
  await session.logIn(passwords[role]());
  return session;
}

async function make(meter: TestMeter): Promise<void> {
  const maker = await sessionOf(meter, 'cryptoOfficer');
  const born = await maker.initialize({
    meterId,
    authorityKey: authorityKeys.publicKey,
    userKey: hostKeys.user.publicKey,
    userPassword: passwords.user(),
    officerPassword: passwords.cryptoOfficer(),
  });
  await maker.installCertificates({
    device: certificate('device', born.deviceKey),
    indicium: certificate('indicium', born.indiciumKey),
  });
}

async function load(meter: TestMeter): Promise<void> {
  const officer = await loggedIn(meter, 'cryptoOfficer');
  await officer.register(licence());
  await officer.installRateTable(rateTable());
  const newPassword = new TextEncoder().encode('another password');
  await officer.changePassword({ oldPassword: passwords.cryptoOfficer(), newPassword });
  await officer.changePassword({
    oldPassword: new TextEncoder().encode('another password'),
    newPassword: passwords.cryptoOfficer(),
  });
  await officer.resetUserPassword({
    newPassword: passwords.user(),
    userKey: new Uint8Array(0),
  });
  await officer.changeHostKey(hostKeys.cryptoOfficer.publicKey);
}

/** The meter has other keys afterwards, by which the rest is told. */
async function renew(meter: TestMeter): Promise<void> {
  const officer = await loggedIn(meter, 'cryptoOfficer');
  const born = bornBy(await officer.renewKeys());
  const { deviceKey, indiciumKey } = born;
  await officer.installRenewedKeys({
    device: certificate('device', deviceKey, { serial: 8 }),
    indicium: certificate('indicium', indiciumKey, { serial: 9 }),
  });
  Object.assign(own, keysOf(born));
}

async function work(meter: TestMeter): Promise<void> {
  const user = await loggedIn(meter, 'user');
  const { request } = await user.refillRequest(purchase(mills(50_000)));
  await user.refillCommit(authorisation(request));
  await user.createIndicium(letter(1));
  await user.reprintIndicium(letter(1).requestId);
  await user.testPrint(true);
  await user.resetBatch();
  await user.registers();
  await user.licence();
  await user.rateTables();
  await user.readLog(1);
  await user.logOut();
  await user.close();
}

/** Keys of the user, one of which is made here and one elsewhere, and what the first one signs. */
async function certify(meter: TestMeter): Promise<void> {
  const maker = await loggedIn(meter, 'cryptoOfficer');
  await maker.installRateTable(servicesTable());
  await maker.register(licence({ sequence: 2, services: [...ALL_SERVICES, 314] }));
  const buyer = await loggedIn(meter, 'user');
  const wish = { kind: 'purchase', account: 'certificate', amount: mills(20_000) } as const;
  await buyer.refillCommit(authorisation((await buyer.refillRequest(wish)).request));
  const officer = await loggedIn(meter, 'cryptoOfficer');
  const { privateKey } = nodeCrypto.generateKeyPair();
  const { number } = await officer.importKey({ ...holder('sign'), privateKey });
  await officer.dropKey(number);
  const request = keyRequestIn((await officer.requestKey(holder('timeStamp'))).request);
  const x509 = x509For(request.publicKey);
  await officer.installKey({ requestId: transaction(), grant: grantFor(request, x509) });
  const user = await loggedIn(meter, 'user');
  const digest = nodeCrypto.sha256(new Uint8Array(3));
  await user.hashContent({ isFirst: true, data: new Uint8Array(3) });
  const digested = { isStreamed: true, digest } as const;
  const asked = { ...digested, requestId: transaction(), number: request.number };
  const stamped = await user.postmark({ ...asked, nonce: new Uint8Array(0) });
  await user.validatePostmark({
    ...stamped,
    isStreamed: false,
    digest,
    requestId: transaction(),
    certificate: x509,
  });
  await user.userKeys();
  await user.requestRevocation({ number: request.number, reason: 'superseded' });
  await user.revokeKey({ requestId: transaction(), order: revocationOrder(request) });
  await useKeys(await loggedIn(meter, 'cryptoOfficer'), () => loggedIn(meter, 'user'));
  await useCredit(await loggedIn(meter, 'cryptoOfficer'), () => loggedIn(meter, 'user'));
}

const ALL_SERVICES = [1, ...Object.values(certificateServices)].filter((id) => id !== 314);

/** What anybody may carry to a meter, and what it tells everybody. */
async function contact(meter: TestMeter): Promise<void> {
  const host = await sessionOf(meter, 'user');
  await host.acknowledgeInspection(acknowledgement(await inspected(host)));
  const order = { meterId, sequence: 1, action: 'unlock', reason: 'ordered' } as const;
  await host.applyLockOrder(
    issueLockOrder(nodeCrypto, authorityKeys, { ...order, timeMs: TEST_TIME_MS }),
  );
  for (const issuer of [authorityKeys, providerKeys]) {
    const { challenge } = await host.challengeClock();
    const setting = { meterId, challenge, timeMs: TEST_TIME_MS };
    await host.setClock(issueClockSetting(nodeCrypto, issuer, setting));
  }
  const anybody = noting(await meter.anonymous());
  await anybody.status();
  await anybody.condition();
  await anybody.version();
  await anybody.certificates();
  await anybody.selfTest();
  await anybody.authorityKey();
  await anybody.installAuthorityKey(lineCertificate(1));
}

async function update(meter: TestMeter): Promise<void> {
  const officer = await loggedIn(meter, 'cryptoOfficer');
  await officer.updateStatus();
  await updateImage(officer, release(NEW));
}

async function leave(meter: TestMeter): Promise<void> {
  const officer = await loggedIn(meter, 'cryptoOfficer');
  const { request } = await officer.withdrawalRequest();
  const read = withdrawalRequestDocument.read(request);
  if (!read.ok) throw new Error('that is no offer');
  const { registers: _, ...terms } = read.value;
  const agreed = { ...terms, verdict: 'agreed' } as const;
  await officer.withdrawalCommit(
    signWithdrawalAuthorisation(nodeCrypto, providerKeys.privateKey, agreed),
  );
  await noting(await meter.anonymous()).withdrawalReport();
}

beforeAll(async () => {
  const cpu = listening();
  await using blank = meterWith(createMemoryFlash(), { cpu });
  await make(blank);
  await using meter = meterWith(certifiedCopy(blank.flash.contents()), { cpu });
  await load(meter);
  await renew(meter);
  await work(meter);
  await certify(meter);
  await contact(meter);
  await using copy = meterWith(certifiedCopy(meter.flash.contents()), { cpu });
  await (await loggedIn(copy, 'cryptoOfficer')).zeroize();
  const flash = certifiedCopy(meter.flash.contents());
  await using old = updatable(await updatableParts({ flash }), { cpu });
  await update(old);
  await leave(meter);
});

/** Which the driver asks for by itself, and which use nothing that can be told apart here. */
const ofDriver: readonly CommandName[] = ['confirmSession', 'closeSession'];
/** What a service uses only where power failed before. */
const afterCut: Readonly<Partial<Record<CommandName, readonly Told[]>>> = {
  reprintIndicium: ['indiciumKey'],
};

test('every service was asked for', () => {
  expect([...seen.keys()].toSorted()).toEqual(
    commandNames.filter((name) => !ofDriver.includes(name)).toSorted(),
  );
});

test.each(commandNames.filter((name) => !ofDriver.includes(name)))(
  '%s uses the keys that the policy says, and no other',
  (name) => {
    const access = accessOf(name);
    const expected = told.filter(
      (parameter) => access[parameter]?.includes('E') && !afterCut[name]?.includes(parameter),
    );

    expect([...(seen.get(name) ?? [])].toSorted()).toEqual(expected.toSorted());
  },
);
