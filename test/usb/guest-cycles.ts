/** Again and again: power cuts in the middle of a piece, and a meter that is plugged in and out. */

import { LinkError } from '#driver/errors';
import { check, until } from './guest-scene.ts';
import {
  attachMeter,
  detach,
  frank,
  isGone,
  logIn,
  openUser,
  order,
  PIECE,
  type Way,
} from './guest-usb.ts';
import type { GuestSettings } from './settings.ts';

/** A piece programs the flash twice, debit and answer: power fails in the second and the first of them in turn. */
const OPERATIONS = 2;
const ways: readonly Way[] = ['hid', 'serial'];

/**
 * Each cut is a real unplugging: the program gets an error of the line, attaches again, connects again, and asks for the
 * same piece with the same number.
 */
export async function checkReboots(settings: GuestSettings): Promise<unknown> {
  let charged = 0;
  for (let round = 0; round < settings.reboots; round++) {
    const way = ways[round % ways.length] as Way;
    await using meter = await openUser(settings, way);
    await logIn(meter);
    const before = await meter.registers();
    const number = before.requestCounter + 1;
    await order(settings, { what: 'powerOffAfter', operations: (round + 1) % OPERATIONS });
    const error = await frank(meter, number).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    check(error instanceof LinkError, `power failed, and the driver said ${error}`);
    await until('the meter out of /dev', () => isGone(0));
    await attachMeter(settings, 0);
    await meter.reconnect();
    await logIn(meter);
    const between = await meter.registers();
    await frank(meter, number);
    const after = await meter.registers();

    check(after.ascending === before.ascending + PIECE, 'the piece was not charged once');
    if (between.ascending !== before.ascending) charged += 1;
  }
  return { chargedBeforeTheCut: charged };
}

export async function checkCycles(settings: GuestSettings): Promise<void> {
  for (let cycle = 0; cycle < settings.cycles; cycle++) {
    detach('1-2');
    await until('the meter out of /dev', () => isGone(1));
    await attachMeter(settings, 1);
    const way = ways[cycle % ways.length] as Way;
    await using meter = await openUser(settings, way, 1);
    check((await meter.status()).lifeCycle !== 'blank', 'another meter came back');
  }
}
