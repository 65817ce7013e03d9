/** How a meter of a test is made, licensed and refilled, by parties whose keys are in this file's seed: no secret is one. */

import { createHash } from 'node:crypto';
import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import { boardPorts } from '#emulator/board-ports';
import { connectMemory } from '#emulator/ports/memory';
import type { Rig } from '#emulator/rig/rig';
import type { KeyPair } from '#protocol/crypto';
import {
  type CertificateUsage,
  issueCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { issueLicence, ordinaryTerms } from '#protocol/documents/licence';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { issueRateTable } from '#protocol/documents/rate-table';
import { readRefillRequest, signRefillAuthorisation } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import { nobleCrypto } from '#protocol/noble-crypto';
import type { Role } from '#protocol/state';

/** `registered` has a licence and rates and no funds yet, `funded` has {@link FUNDS}. */
export const lifeCycles = ['blank', 'made', 'registered', 'funded'] as const;
export type LifeCycle = (typeof lifeCycles)[number];

/** 2026-03-01 12:00 UTC: the time that the clock stands at, unless told otherwise. */
export const START_TIME_MS = Date.UTC(2026, 2, 1, 12);
const ISSUE_DATE = 20260301;
const VALID_FROM = 20260101;
const VALID_TO = 20301231;
export const FUNDS = mills(100_000);
/** The service whose price the host names, from {@link POSTAGE_MIN} to {@link POSTAGE_MAX}. */
export const POSTAGE_SERVICE = 9;
const POSTAGE_MIN = mills(160);
const POSTAGE_MAX = mills(90_000);

/** Bytes that repeat: SHA-256 of a counter. */
function repeatingBytes(): (size: number) => Uint8Array {
  let block = 0;
  return (size) => {
    const blocks = Array.from({ length: Math.ceil(size / 32) }, () => {
      block += 1;
      return createHash('sha256').update(`parties of a test meter ${block}`).digest();
    });
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, size));
  };
}

const crypto = nobleCrypto(repeatingBytes());
const pair = (): KeyPair => crypto.generateKeyPair();
const text = (password: string) => (): Uint8Array => new TextEncoder().encode(password);

/** Whoever a meter of a test has to do with. */
export const parties = {
  meterId: encodeMeterId({ model: 'TS01', serial: 1 }),
  authority: pair(),
  provider: pair(),
  hosts: { user: pair(), cryptoOfficer: pair() } satisfies Record<Role, KeyPair>,
  /** Fresh copies: meter and driver wipe what they are given. */
  passwords: {
    user: text('password of user'),
    cryptoOfficer: text('password of officer'),
  } satisfies Record<Role, () => Uint8Array>,
  /** What the provider answers to a refill request: all that was asked for. */
  authorise(request: Uint8Array): Uint8Array {
    const read = readRefillRequest(request);
    if (!read.ok) throw new TypeError('that is no refill request');
    const { amount, timeMs } = read.value;
    const answer = { ...read.value, requestedAmount: amount, available: amount, timeMs };
    const signed = { ...answer, reason: 'ok' } as const;
    return signRefillAuthorisation(crypto, parties.provider.privateKey, signed);
  },
};

/** A session with a meter that has its certificates, or is yet to get them. */
export function openSession(rig: Rig, role: Role, lifeCycle: LifeCycle): Promise<Meter> {
  const { authority, meterId, hosts } = parties;
  return openMeter(memoryLink(connectMemory(rig.lines, boardPorts.memory)), {
    identity: hosts[role],
    role,
    trust: lifeCycle === 'blank' ? 'unmade' : { authorityKey: authority.publicKey, meterId },
  });
}

/** Leads a blank meter that is on through its life. */
export async function make(rig: Rig, lifeCycle: LifeCycle): Promise<void> {
  const steps = { made: install, registered: license, funded: refill } as const;
  for (const stage of lifeCycles.slice(1, lifeCycles.indexOf(lifeCycle) + 1))
    await steps[stage as keyof typeof steps](rig);
}

function certificate(usage: CertificateUsage, publicKey: Uint8Array): Uint8Array {
  const { authority, meterId: subject } = parties;
  const validity = { validFrom: VALID_FROM, validTo: VALID_TO };
  const fields = { serial: 7, subject, usage, publicKey, ...validity };
  return issueCompactCertificate(crypto, authority, fields);
}

async function install(rig: Rig): Promise<void> {
  const { authority, hosts, meterId, passwords } = parties;
  await using maker = await openSession(rig, 'cryptoOfficer', 'blank');
  const born = await maker.initialize({
    meterId,
    authorityKey: authority.publicKey,
    userKey: hosts.user.publicKey,
    userPassword: passwords.user(),
    officerPassword: passwords.cryptoOfficer(),
  });
  await maker.installCertificates({
    device: certificate('device', born.deviceKey),
    indicium: certificate('indicium', born.indiciumKey),
  });
}

async function license(rig: Rig): Promise<void> {
  const { authority, provider, meterId, passwords } = parties;
  await using officer = await openSession(rig, 'cryptoOfficer', 'made');
  await officer.logIn(passwords.cryptoOfficer());
  const licence = issueLicence(crypto, authority, {
    ...ordinaryTerms,
    meterId,
    sequence: 1,
    licenceNumber: 5,
    originZip: 20260,
    providerId: 1,
    providerKey: provider.publicKey,
    validTo: VALID_TO,
    descendingMax: mills(500_000),
    certificateDescendingMax: mills(200_000),
    postageMin: POSTAGE_MIN,
    postageMax: POSTAGE_MAX,
    issueDate: ISSUE_DATE,
  });
  await officer.register(licence);
  const range = { minimum: POSTAGE_MIN, maximum: POSTAGE_MAX };
  const rates = [{ serviceId: POSTAGE_SERVICE, kind: 'keyedIn', ...range, steps: [] }] as const;
  const table = { version: 1, validFrom: VALID_FROM, validTo: VALID_TO, rates };
  await officer.installRateTable(issueRateTable(crypto, authority, table));
}

async function refill(rig: Rig): Promise<void> {
  await using user = await openSession(rig, 'user', 'registered');
  await user.logIn(parties.passwords.user());
  const wish = { kind: 'purchase', account: 'postal', amount: FUNDS } as const;
  const { request } = await user.refillRequest(wish);
  await user.refillCommit(parties.authorise(request));
}
