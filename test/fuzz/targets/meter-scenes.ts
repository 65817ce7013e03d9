/** Where a meter is in its life and who is logged in when requests come, each with honest requests to begin with. */

import { nodeCrypto } from '#driver/node-crypto';
import { type CommandName, commandNames, commandOf, type RequestOf } from '#protocol/command';
import { encodeRequest } from '#protocol/dispatch';
import { issueAcknowledgement } from '#protocol/documents/inspection';
import { issueClockSetting, issueLockOrder } from '#protocol/documents/orders';
import { mills } from '#protocol/mills';
import type { Role } from '#protocol/state';
import { TEST_TIME_MS } from '#test/support/board';
import { letter } from '#test/support/mail';
import {
  authorisation,
  authorityKeys,
  certificate,
  hostKeys,
  KEYED_IN,
  licence,
  meterId,
  newMeter,
  passwords,
  providerKeys,
  purchase,
  rateTable,
  type Stage,
} from '#test/support/meter';
import { unsealedCpu } from './unsealed-cpu.ts';

export interface Scene {
  readonly name: string;
  /** Whose session is open when requests come; none where there is none. */
  readonly session: Role | undefined;
  readonly isLoggedIn: boolean;
  /** What the flash holds. */
  readonly contents: Uint8Array;
  /** What somebody honest might ask. */
  readonly requests: readonly Uint8Array[];
}

type Named<N extends CommandName> = readonly [N, RequestOf<N>];
const asked = <N extends CommandName>(...[name, request]: Named<N>): Uint8Array =>
  encodeRequest(name, request);

/** Every command whose request can be nothing or zeros. */
function plainRequests(): Uint8Array[] {
  return commandNames.flatMap((name) => {
    const { code, request } = commandOf(name);
    return [0, 1, 4, 8, 16].flatMap((size) => {
      try {
        request.decode(new Uint8Array(size));
        return [Uint8Array.of(code, ...new Uint8Array(size))];
      } catch {
        return []; // of another size
      }
    });
  });
}

const challenge = new Uint8Array(16).fill(7);

function ofUser(): Uint8Array[] {
  const pieces = [letter(1), letter(2, { serviceId: KEYED_IN, postage: mills(20_000) })];
  const order = { meterId, sequence: 3, action: 'lock', reason: 'ordered' } as const;
  const timeMs = TEST_TIME_MS;
  return [
    ...pieces.map((piece) => asked('createIndicium', piece)),
    asked('createIndicium', letter(2, { kind: 'redate', postage: mills(0), original: 1 })),
    asked('refillRequest', purchase(mills(50_000))),
    asked('inspectionReport', { challenge }),
    asked('acknowledgeInspection', {
      acknowledgement: issueAcknowledgement(nodeCrypto, authorityKeys, {
        meterId,
        challenge,
        logCount: 1,
        logHead: new Uint8Array(16),
        timeMs,
      }),
    }),
    asked('applyLockOrder', {
      order: issueLockOrder(nodeCrypto, authorityKeys, { ...order, timeMs }),
    }),
    asked('setClock', {
      setting: issueClockSetting(nodeCrypto, providerKeys, { meterId, challenge, timeMs }),
    }),
    asked('changePassword', {
      oldPassword: passwords.user(),
      newPassword: Buffer.from('another password'),
    }),
    asked('logIn', { password: passwords.user() }),
  ];
}

function ofOfficer(): Uint8Array[] {
  return [
    asked('register', { licence: licence({ sequence: 2 }) }),
    asked('installRateTable', { rateTable: rateTable({ version: 2 }) }),
    asked('resetUserPassword', {
      newPassword: Buffer.from('another password'),
      userKey: hostKeys.user.publicKey,
    }),
    asked('installCertificates', {
      device: certificate('device', hostKeys.user.publicKey),
      indicium: certificate('indicium', hostKeys.user.publicKey),
    }),
    asked('initialize', {
      meterId,
      authorityKey: authorityKeys.publicKey,
      userKey: hostKeys.user.publicKey,
      userPassword: passwords.user(),
      officerPassword: passwords.cryptoOfficer(),
    }),
    asked('logIn', { password: passwords.cryptoOfficer() }),
  ];
}

async function contentsOf(
  stage: Stage,
  further: (meter: Awaited<ReturnType<typeof newMeter>>) => Promise<unknown>,
): Promise<Uint8Array> {
  await using meter = await newMeter(stage, { cpu: unsealedCpu().cpu });
  await further(meter);
  return meter.flash.contents();
}

const asItIs = async (): Promise<void> => undefined;

export async function makeScenes(): Promise<readonly Scene[]> {
  const rich = await contentsOf('refilled', async (meter) => {
    const user = await meter.loggedIn('user');
    await user.createIndicium(letter(1));
  });
  let answer = new Uint8Array(0);
  const waiting = await contentsOf('refilled', async (meter) => {
    const user = await meter.loggedIn('user');
    const { request } = await user.refillRequest(purchase(mills(50_000)));
    answer = Uint8Array.from(authorisation(request));
  });
  const leaving = await contentsOf('refilled', async (meter) => {
    await (await meter.loggedIn('cryptoOfficer')).withdrawalRequest();
  });
  const plain = plainRequests();
  const user = [...plain, ...ofUser()];
  const officer = [...plain, ...ofOfficer()];
  const commit = asked('refillCommit', { authorisation: answer });
  const scene = (
    name: string,
    contents: Uint8Array,
    session: Role | undefined,
    isLoggedIn: boolean,
    requests: readonly Uint8Array[],
  ): Scene => ({ name, contents, session, isLoggedIn, requests });
  return [
    scene('user', rich, 'user', true, user),
    scene('officer', rich, 'cryptoOfficer', true, officer),
    scene('session', rich, 'user', false, user),
    scene('clear', rich, undefined, false, plain),
    scene('waiting', waiting, 'user', true, [...plain, commit]),
    scene('leaving', leaving, 'cryptoOfficer', true, officer),
    scene('made', await contentsOf('made', asItIs), 'cryptoOfficer', true, officer),
    scene('keyed', await contentsOf('keyed', asItIs), 'cryptoOfficer', false, officer),
    scene('blank', await contentsOf('blank', asItIs), 'cryptoOfficer', false, officer),
  ];
}
