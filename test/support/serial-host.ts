/**
 * A host in a process of its own, for the lane that unplugs a serial port while the host is busy: opens the port, and when
 * the first bytes come, computes until the device is gone. Then it tells what it noticed and what that cost.
 *
 * `node serial-host.ts driver PATH` or `node serial-host.ts package PATH`; the lines on standard output are `open`, `busy`,
 * and JSON.
 */

import { existsSync } from 'node:fs';
import { SerialPort } from 'serialport';
import { openLink } from '#driver/port';

/** How long it is watched after the device has gone. */
const WATCHED_MS = 3_000;

const [, , how, path = ''] = process.argv;
let isNoticed = false;

if (how === 'driver') {
  const link = await openLink(`serial:${path}`);
  link.onData(stayBusy);
  link.onClose(() => {
    isNoticed = true;
  });
} else {
  const port = new SerialPort({ path, baudRate: 115_200 });
  port.on('data', stayBusy);
  port.on('close', () => {
    isNoticed = true;
  });
  await new Promise((open) => port.once('open', open));
}
process.stdout.write('open\n');

function stayBusy(): void {
  process.stdout.write('busy\n'); // a pipe on Linux is written at once
  while (existsSync(path));
  const before = process.cpuUsage();
  const startMs = performance.now();
  setTimeout(() => {
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1_000;
    const wallMs = performance.now() - startMs;
    process.stdout.write(`${JSON.stringify({ isNoticed, cpuMs, wallMs })}\n`, () => process.exit());
  }, WATCHED_MS);
}
