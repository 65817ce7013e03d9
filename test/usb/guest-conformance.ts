/** The conformance kit in the guest, through the kernel's own files: a device on each port (docs/conformance.md). */

import { hexToBytes } from '@noble/hashes/utils.js';
import { checksOf } from '#cli/conformance/checks';
import { type CheckResult, runChecks } from '#cli/conformance/run';
import { createStation, type Station } from '#cli/conformance/station';
import { nodeCrypto } from '#driver/node-crypto';
import { openLink } from '#driver/port';
import { check, until } from './guest-scene.ts';
import { attachMeter, isGone, order, portOf, type Way } from './guest-usb.ts';
import { blankPlaces, type GuestSettings } from './settings.ts';

/** The guest computes many times as slowly as the computer that it is on. */
const TIMEOUT_MS = 20_000;
/**
 * Of each kind one: a reset, byte by byte, seventeen frames, fifty answers, who adds up; a session, a record that comes twice,
 * a piece charged once and reprinted.
 */
const CHOICE: readonly number[] = [101, 107, 109, 114, 121, 201, 203, 211, 215];
/** A HID interface fills its reports up, so that nothing comes byte by byte. */
const skippedOn: Readonly<Record<Way, readonly number[]>> = { hid: [107], serial: [] };

export async function checkConformance(way: Way, settings: GuestSettings): Promise<unknown> {
  const isLife = settings.conformance === 'life';
  const place = isLife ? blankPlaces[way] : 0;
  const station = stationAt(way, place, settings);
  if (isLife) await attachMeter(settings, place);
  const checks = isLife
    ? checksOf('life')
    : checksOf('use').filter(({ id }) => CHOICE.includes(id));
  const results = await runChecks(station, checks);
  const of = (outcome: CheckResult['outcome']) => results.filter((one) => one.outcome === outcome);
  const failed = of('failed').map(({ id, reason }) => `${id} ${reason}`);
  const skipped = of('skipped').map(({ id }) => id);

  check(failed.length === 0, failed.join(' | '));
  check(
    skipped.join() === skippedOn[way].join(),
    `skipped: ${of('skipped').map(({ id, reason }) => `${id} ${reason}`)}`,
  );
  check(of('passed').length === checks.length - skipped.length, 'not every check passed');
  const { figures } = results.find(({ id }) => id === 114) ?? {};
  return { passed: of('passed').length, skipped, ...figures };
}

function stationAt(way: Way, place: number, settings: GuestSettings): Station {
  const address = portOf(way, place);
  return createStation({
    address,
    openLink: () => openLink(address),
    crypto: nodeCrypto,
    timeoutMs: TIMEOUT_MS,
    async pause(timeMs) {
      await order(settings, { what: 'pass', place, timeMs: Math.ceil(timeMs) });
    },
    power: {
      off: async () => void (await order(settings, { what: 'powerOff', place })),
      async on() {
        await until('the meter out of /dev', () => isGone(place));
        await attachMeter(settings, place); // it has power again by itself
      },
    },
    ...(settings.conformance === 'choice' && {
      access: {
        user: {
          identity: {
            privateKey: hexToBytes(settings.userKey),
            publicKey: hexToBytes(settings.userPublicKey),
          },
          password: () => new TextEncoder().encode('password of user'),
        },
      },
      authorityKey: hexToBytes(settings.authorityKey),
    }),
  });
}
