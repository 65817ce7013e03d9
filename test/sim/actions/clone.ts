/** Somebody who knows the secrets of a board copies a whole meter, and spends from the copy. */

import { RefusedError } from '#driver/errors';
import { openMeter } from '#driver/meter';
import { pieceRequest } from '#driver/piece';
import { dateOf } from '#protocol/documents/date';
import { mills } from '#protocol/mills';
import type { Action, Fault } from '../happening.ts';
import { startHost } from '../host.ts';
import { tryPasswords } from '../meter-access.ts';
import { createMeterDevice } from '../meter-device.ts';
import { createMeterLine } from '../meter-line.ts';
import { randomOf } from '../random.ts';
import { pieceRefusals } from '../refusals.ts';
import { streams } from '../streams.ts';
import { Violation } from '../violation.ts';
import type { Clone, World } from '../world.ts';

const PIECES_MAX = 5;
const KEYED_IN = 100;
const mayBeRefused: readonly unknown[] = pieceRefusals;

export const cloneMeter: Fault = {
  isFault: true,
  weight: 1,
  begin(world, random) {
    const desk = random.pick(world.desks);
    if (desk.stage !== 'registered' || world.clones.length > 0) return;
    const housing = desk.device.copy();
    const { time, trace, faults, alarm, seed, clones } = world;
    const parts = { time, trace, faults };
    const device = createMeterDevice({
      ...{ ...parts, name: 'clone', housing, alarm },
      image: world.defects.image ?? world.template.image,
      random: randomOf(seed, streams.clone),
      onDebit: () => undefined,
      onSend: (bytes) => line.fromDevice(bytes),
    });
    const line = createMeterLine({ ...parts, name: 'clone', toDevice: device.receive });
    const { current, other } = desk.passwords.user;
    const passwords = other === undefined ? [current] : [current, other];
    clones.push({ device, line, of: desk, passwords, isBusy: false });
    desk.isCloned = true;
    faults.count('meterCloned');
    device.switchOn();
  },
};

export const useClone: Action = {
  weight: 2,
  begin(world, random) {
    const [clone] = world.clones;
    const count = random.between(1, PIECES_MAX);
    const nonce = random.seed();
    if (clone !== undefined) void spend(world, clone, count, nonce);
  },
};

/** Charges pieces, on a line without faults, for as long as the money lasts. */
async function spend(world: World, clone: Clone, count: number, nonce: number): Promise<void> {
  if (clone.isBusy) return;
  clone.isBusy = true;
  try {
    await charge(world, clone, count, nonce);
  } catch (error) {
    const isStopped = error instanceof RefusedError && mayBeRefused.includes(error.status);
    if (!isStopped) world.alarm(new Violation('crash', `the clone: ${String(error)}`, error));
  }
  clone.isBusy = false;
}

async function charge(world: World, clone: Clone, count: number, nonce: number): Promise<void> {
  const host = startHost(randomOf(nonce), () => undefined);
  const { of: desk, device, line, passwords } = clone;
  await using meter = await openMeter(line.open(host), {
    crypto: host.crypto,
    identity: desk.identities.user,
    trust: { authorityKey: world.template.keys.authority.publicKey },
  });
  await tryPasswords(meter, passwords);
  const { requestCounter } = await meter.registers();
  for (let at = 1; at <= count; at += 1) {
    const requestId = { counter: requestCounter + at, nonce };
    const piece = { serviceId: KEYED_IN, postage: mills(200 + at), destination: 0 };
    const mailingDate = dateOf(world.time.nowMs);
    const { indicium } = await meter.createIndicium(
      pieceRequest(requestId, { ...piece, mailingDate }),
    );
    world.evidence.given(`clone ${nonce} ${at}`, indicium, device.witness, true);
  }
}
