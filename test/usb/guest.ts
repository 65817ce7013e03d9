/** The lane's script within the guest: the driver on what the kernel made of the emulated devices. */

import { readFileSync } from 'node:fs';
import { checkEmulateAttach } from './guest-attach.ts';
import { checkConformance } from './guest-conformance.ts';
import { checkCycles, checkReboots } from './guest-cycles.ts';
import { kernelErrors, say, step } from './guest-scene.ts';
import {
  beTheOther,
  checkDiscovery,
  checkGarbage,
  checkMeter,
  checkPrinter,
  checkRefill,
  checkTwoPrograms,
  checkUnplugging,
} from './guest-steps.ts';
import { attachAll } from './guest-usb.ts';
import type { GuestSettings } from './settings.ts';

/** Beside the script: the second program of one of its steps. */
const [, , first = '', taken = '', free = ''] = process.argv;
if (first === 'other') await beTheOther(taken, free);
else await runSteps(JSON.parse(readFileSync(first, 'utf8')) as GuestSettings);
process.exit(0);

async function runSteps(settings: GuestSettings): Promise<void> {
  await step('attach two meters and a printer', () => attachAll(settings));
  await step('devices are found, with rights and names by the udev rules', checkDiscovery);
  await step('hid: status, session, log-in, piece', () => checkMeter('hid', settings));
  await step('serial: status, session, log-in, piece', () => checkMeter('serial', settings));
  await step('hid: refill', () => checkRefill(settings));
  await step('serial: garbage of other programs is survived', () => checkGarbage(settings));
  await step('two programs at once, each on its interface', () => checkTwoPrograms(settings));
  await step('printer: a page through the kernel', () => checkPrinter(settings));
  await step('an unplugging is told on both ports', () => checkUnplugging(settings));
  await step(`${settings.reboots} power cuts within a piece, each charged once`, () =>
    checkReboots(settings),
  );
  await step(`${settings.cycles} times detached and attached`, () => checkCycles(settings));
  const kit = settings.conformance === 'life' ? 'a whole life' : 'a choice of checks';
  for (const way of ['hid', 'serial'] as const)
    await step(`${way}: the conformance kit, ${kit}`, () => checkConformance(way, settings));
  await step(
    'tessera emulate --attach: there, again after a restart, and gone',
    checkEmulateAttach,
  );
  await step('the kernel has no errors', () => {
    const errors = kernelErrors();
    if (errors.length > 0) throw new Error(errors.join(' | '));
    return Promise.resolve({ errors: 0 });
  });
  say({ done: true });
}
