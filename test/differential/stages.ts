/** Meters for traces to begin with: how far they are in their lives, made once by the same host in the same way. */

import type { Cpu } from '#emulator/cpu/cpu';
import type { CommandName, RequestOf, ResponseOf } from '#protocol/command';
import { readRefillRequest, signRefillAuthorisation } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import type { Role } from '#protocol/state';
import { TEST_TIME_MS } from '#test/support/board';
import { createBench } from './bench.ts';
import {
  authority,
  certificate,
  hosts,
  licence,
  meterId,
  password,
  provider,
  rateTable,
  repeatingCrypto,
  signing,
} from './documents.ts';
import { createHost, type Host, type Known, unknown } from './host.ts';

/** Three of four traces begin with a meter that can produce value. */
export const stageNames = [
  'blank',
  'made',
  'refilled',
  'refilled',
  'refilled',
  'refilled',
] as const;
export type StageName = (typeof stageNames)[number];

export interface Stage {
  readonly contents: Uint8Array;
  readonly known: Known;
}

/** @param cpu whose work the flashes are; all the same for any other */
export function createStages(cpu: Cpu): (name: StageName) => Promise<Stage> {
  const made = new Map<StageName, Promise<Stage>>();
  return (name) => {
    const known = made.get(name) ?? makeStage(cpu, name);
    made.set(name, known);
    return known;
  };
}

async function makeStage(cpu: Cpu, name: StageName): Promise<Stage> {
  await using bench = createBench(cpu, { seed: 1, cryptoEngine: true });
  const host = createHost(repeatingCrypto('stages'), bench.apply, unknown());
  bench.apply({ op: 'powerOn' });
  if (name !== 'blank') make(host);
  if (name === 'refilled') load(host);
  return { contents: bench.flash.contents(), known: host.known };
}

/** @throws Error where it is refused: no trace could begin */
export function must<N extends CommandName>(
  host: Host,
  name: N,
  request: RequestOf<N>,
): ResponseOf<N> {
  const answer = host.ask(name, request);
  if (answer?.ok !== true) throw new Error(`${name} is answered by ${JSON.stringify(answer)}`);
  return answer.value;
}

/** Keys, certificates. */
export function make(host: Host): void {
  host.openSession('cryptoOfficer', hosts.cryptoOfficer);
  const { deviceKey, indiciumKey } = must(host, 'initialize', {
    meterId,
    authorityKey: authority.publicKey,
    userKey: hosts.user.publicKey,
    userPassword: password('user'),
    officerPassword: password('cryptoOfficer'),
  });
  Object.assign(host.known, { deviceKey, indiciumKey });
  must(host, 'installCertificates', {
    device: certificate('device', deviceKey),
    indicium: certificate('indicium', indiciumKey),
  });
}

export function logIn(host: Host, role: Role): void {
  host.openSession(role, hosts[role]);
  must(host, 'logIn', { password: password(role) });
}

/** Licence, rate table, funds. */
export function load(host: Host): void {
  logIn(host, 'cryptoOfficer');
  must(host, 'register', { licence: licence({ sequence: 1 }) });
  must(host, 'installRateTable', { rateTable: rateTable({ version: 1 }) });
  Object.assign(host.known, { licenceSequence: 1, rateVersion: 1 });
  logIn(host, 'user');
  refill(host, { kind: 'purchase', account: 'postal', amount: mills(100_000) });
}

/** By the user. */
export function refill(host: Host, wanted: RequestOf<'refillRequest'>): void {
  const read = readRefillRequest(must(host, 'refillRequest', wanted).request);
  if (!read.ok) throw new Error('that is no refill request');
  const { pieceCount: _, timeMs: __, ...answered } = read.value;
  must(host, 'refillCommit', {
    authorisation: signRefillAuthorisation(signing, provider.privateKey, {
      ...answered,
      requestedAmount: answered.amount,
      reason: 'ok',
      available: answered.amount,
      timeMs: TEST_TIME_MS,
    }),
  });
}
