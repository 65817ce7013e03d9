/** The steps in the guest, each on the files of devices that the kernel made. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { hexToBytes } from '@noble/hashes/utils.js';
import { pause } from '#driver/abort';
import { discoverPorts } from '#driver/discover';
import type { Link } from '#driver/link/link';
import { openMeter } from '#driver/meter';
import { openLink } from '#driver/port';
import { mills } from '#protocol/mills';
import { check, until } from './guest-scene.ts';
import {
  attachMeter,
  frank,
  isGone,
  logIn,
  namesOf,
  openUser,
  order,
  PIECE,
  portOf,
  printerPath,
  type Way,
} from './guest-usb.ts';
import type { GuestSettings } from './settings.ts';

/** Of plugdev and all who sit at the computer: read and write for owner and group. */
const MODE = 0o660;
const UNPLUGGED_MS = 3_000;
/** More than a hundred reports take. */
const NOISE_MS = 1_000;

export async function checkDiscovery(): Promise<unknown> {
  const { ports, problems } = await discoverPorts();
  const found = ports.map(({ url, serialNumber, vendorId }) => [url, serialNumber, vendorId ?? '']);
  for (const place of [0, 1]) {
    const serialNumber = `METER000${place + 1}`;
    const tty = realpathSync(namesOf(place)[1]);
    for (const wanted of [
      [`hid:${serialNumber}`, serialNumber, ''],
      [`serial:${tty}`, serialNumber, '1209'],
    ])
      check(
        found.some((each) => JSON.stringify(each) === JSON.stringify(wanted)),
        `${wanted} is not among ${JSON.stringify(found)}`,
      );
    for (const name of namesOf(place))
      check((statSync(name).mode & 0o777) === MODE, `${name} has other rights`);
  }
  check(problems.length === 0, String(problems[0]));
  return { ports: found.length };
}

/** Pieces so far, whatever came before. */
export async function checkMeter(way: Way, settings: GuestSettings): Promise<unknown> {
  await using anonymous = await openMeter(portOf(way));
  const { lifeCycle } = await anonymous.status();
  await anonymous.close();
  await using meter = await openUser(settings, way);
  await logIn(meter);
  const before = await meter.registers();
  const { indicium } = await frank(meter, before.requestCounter + 1);
  const after = await meter.registers();

  check(after.ascending === before.ascending + PIECE, 'the piece was not charged');
  check(indicium.length > 100, 'the indicium is short');
  return { lifeCycle, indicium: indicium.length };
}

export async function checkRefill(settings: GuestSettings): Promise<void> {
  const wish = { kind: 'purchase', account: 'postal', amount: mills(10_000) } as const;
  await using meter = await openUser(settings, 'hid');
  await logIn(meter);
  const before = await meter.registers();
  const { request } = await meter.refillRequest(wish);
  const { authorisation = '' } = await order(settings, {
    what: 'authorise',
    request: Buffer.from(request).toString('hex'),
  });
  await meter.refillCommit(hexToBytes(authorisation));
  const after = await meter.registers();

  check(after.descending === before.descending + 10_000, 'the refill did not arrive');
}

/** What ModemManager and other programs send to a port that they do not know, and worse. */
export async function checkGarbage(settings: GuestSettings): Promise<void> {
  const noise = [
    ...['AT\r', 'ATE1 E0\r', 'AT+GCAP\r', '~\0x\xf0~', '\xaa\xff\x03', '\r\n'.repeat(300)],
    '\xaa'.repeat(5_000),
  ];
  const tty = await open(namesOf(0)[1], 'r+');
  for (const text of noise) await tty.write(Buffer.from(text, 'latin1'));
  await tty.close();
  const link = await openLink(portOf('hid'));
  for (const text of noise) await link.send(Buffer.from(text, 'latin1'));
  await pause(NOISE_MS, undefined); // reports that were not sent yet are dropped by a close
  await link.close();

  for (const way of ['serial', 'hid'] as const) await checkMeter(way, settings);
}

/** What the second program does: tries the interface that is taken, then asks on the other one until it is told to stop. */
export async function beTheOther(taken: string, free: string): Promise<void> {
  const error = await openMeter(taken).then(
    () => 'no error',
    (reason: Error) => reason.message,
  );
  process.stdout.write(`hid: ${error}\n`);
  await using meter = await openMeter(free, { timeoutMs: 8_000 });
  let isOver = false;
  process.stdin.on('data', () => {
    isOver = true;
  });
  let count = 0;
  for (; !isOver; count += 1) await meter.status();
  process.stdout.write(`${count} answers\n`);
}

/** While this program works on the HID interface, a second one is kept out of it, and served on the serial port. */
export async function checkTwoPrograms(settings: GuestSettings): Promise<unknown> {
  await using meter = await openUser(settings, 'hid');
  await logIn(meter);
  const script = process.argv[1] ?? '';
  const other = spawn(process.execPath, [script, 'other', portOf('hid'), portOf('serial')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  other.stdout.on('data', (part) => {
    said += part;
  });
  await until('the second program', () => said.includes('hid: '));
  const before = await meter.registers();
  for (let piece = 1; piece <= 20; piece++) await frank(meter, before.requestCounter + piece);
  const after = await meter.registers();
  const ended = once(other, 'exit');
  other.stdin.write('enough\n');
  const [code] = await ended;
  const answers = Number(/(\d+) answers/.exec(said)?.[1] ?? 0);

  check(said.includes('another program uses this meter'), said);
  check(after.ascending === before.ascending + 20 * PIECE, 'twenty pieces were not charged');
  check(
    code === 0 && answers > 0,
    `the second program ended with ${code} after ${answers} answers`,
  );
  return { pieces: 20, answersOfTheOther: answers };
}

export async function checkPrinter(settings: GuestSettings): Promise<void> {
  const { pages } = await order(settings, { what: 'countPages' });
  const printer = await open(printerPath() ?? '', 'w');
  await printer.write(Buffer.from('\x1b@A page through usblp\n\x1dV\x00', 'latin1'));
  await printer.close();

  await until(
    'the page',
    async () => (await order(settings, { what: 'countPages' })).pages > pages,
  );
}

export async function checkUnplugging(settings: GuestSettings): Promise<unknown> {
  const links = [await openLink(portOf('hid')), await openLink(portOf('serial'))];
  const startMs = performance.now();
  const closings = links.map((link: Link) => {
    const { promise, resolve } = Promise.withResolvers<number>();
    link.onClose((reason) => {
      check(reason !== undefined, 'closed without a reason');
      resolve(Math.round(performance.now() - startMs));
    });
    return promise;
  });
  await order(settings, { what: 'powerOff', place: 0 });
  const [hidMs = 0, serialMs = 0] = await Promise.all(closings);
  await until('the meter out of /dev', () => isGone(0));
  await attachMeter(settings, 0);

  check(Math.max(hidMs, serialMs) < UNPLUGGED_MS, `told after ${hidMs} and ${serialMs} ms`);
  return { hidMs, serialMs };
}
