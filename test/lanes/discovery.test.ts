/** Which devices of a computer are listed as meters, with node-hid, serialport and udev on devices that umockdev makes up. */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hidUsage, usbIds } from '#protocol/usb';
import { temporaryFolder } from '#test/support/temporary-folder';
import { repositoryRoot } from '#tools/sources';

interface Device {
  readonly vendor?: number;
  readonly product?: number;
  readonly serial?: string;
  readonly page?: number;
}

const hex = (value: number, digits = 4): string =>
  value.toString(16).toUpperCase().padStart(digits, '0');

/** Two reports of 64 bytes without numbers, as emulator/usb/hid-function.ts describes them. */
const reportDescriptor = (page: number): string =>
  `06${hex(page & 0xff, 2)}${hex(page >> 8, 2)}0901A101150026FF00750895400901810209019102C0`;

/** A composite device in the form that umockdev reads: HID interface and serial port. */
function describe(place: number, device: Device): string {
  const { vendor = usbIds.vendor, product = usbIds.meter, serial, page = hidUsage.page } = device;
  const [id, model] = [hex(vendor), hex(product)];
  const usb = `/devices/pci0000:00/usb1/1-${place + 1}`;
  const hid = `${usb}/1-${place + 1}:1.0/0003:${id}:${model}.000${place}`;
  const event = [
    `HID_ID=0003:0000${id}:0000${model}`,
    'HID_NAME=Tessera Meter',
    `HID_UNIQ=${serial ?? ''}`,
  ];
  const named = serial === undefined ? [] : [`E: ID_SERIAL_SHORT=${serial}`];
  return [
    ...[`P: ${usb}`, 'E: DEVTYPE=usb_device', 'E: SUBSYSTEM=usb', `A: idVendor=${id}\\n`],
    ...[`A: idProduct=${model}\\n`, 'A: bcdDevice=0100\\n', 'A: manufacturer=Tessera\\n', ''],
    ...[`P: ${usb}/1-${place + 1}:1.0`, 'E: DEVTYPE=usb_interface', 'E: SUBSYSTEM=usb'],
    ...['A: bInterfaceNumber=00\\n', '', `P: ${hid}`, 'E: SUBSYSTEM=hid'],
    ...[...event.map((line) => `E: ${line}`), `H: report_descriptor=${reportDescriptor(page)}`, ''],
    ...[
      `P: ${hid}/hidraw/hidraw${place}`,
      `N: hidraw${place}`,
      'E: SUBSYSTEM=hidraw',
      'L: device=../..',
    ],
    ...[`E: DEVNAME=/dev/hidraw${place}`, ''],
    ...[`P: ${usb}/1-${place + 1}:1.1/tty/ttyACM${place}`, `N: ttyACM${place}`],
    ...[`E: DEVNAME=/dev/ttyACM${place}`, 'E: SUBSYSTEM=tty', `E: ID_VENDOR_ID=${id}`],
    ...[`E: ID_MODEL_ID=${model}`, ...named, ''],
  ].join('\n');
}

interface Found {
  readonly ports: readonly { readonly url: string; readonly serialNumber?: string }[];
  readonly problems: readonly string[];
}

function found(...devices: readonly Device[]): Found {
  const tree = join(temporaryFolder(), 'devices.umockdev');
  writeFileSync(tree, devices.map((device, place) => describe(place, device)).join('\n'));
  const run = spawnSync(
    'umockdev-run',
    [
      ...(devices.length > 0 ? ['-d', tree] : []),
      '--',
      process.execPath,
      'test/lanes/discovering.ts',
    ],
    { cwd: repositoryRoot, encoding: 'utf8' },
  );
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout) as Found;
}

const urls = ({ ports }: Found): string[] => ports.map(({ url }) => url);

test('a meter is listed by its serial number and as a serial port', () => {
  expect(found({ serial: 'METER0001' })).toEqual({
    ports: [
      { url: 'hid:METER0001', manufacturer: 'Tessera', serialNumber: 'METER0001' },
      {
        url: 'serial:/dev/ttyACM0',
        serialNumber: 'METER0001',
        vendorId: '1209',
        productId: '0001',
      },
    ],
    problems: [],
  });
});

test('two meters are told apart', () => {
  const both = found({ serial: 'METER0001' }, { serial: 'METER0002' });

  expect(urls(both).toSorted()).toEqual([
    ...['hid:METER0001', 'hid:METER0002', 'serial:/dev/ttyACM0', 'serial:/dev/ttyACM1'],
  ]);
});

test.each<[string, Device]>([
  ['of another vendor', { vendor: 0x1050, serial: 'KEY' }],
  ['of another product', { product: 0x0002, serial: 'PRINTER' }],
  ['with another usage', { page: 0xf1d0, serial: 'TOKEN' }],
  ['without a serial number', {}],
])('a HID device %s is no meter that can be named', (_, device) => {
  expect(
    urls(found(device, { serial: 'METER0001' })).filter((url) => url.startsWith('hid:')),
  ).toEqual(['hid:METER0001']);
});

test('a computer with foreign devices alone has no HID port, and no problem', () => {
  const { ports, problems } = found({ vendor: 0x1050, serial: 'KEY' });

  expect(ports.map(({ url }) => url)).toEqual(['serial:/dev/ttyACM0']);
  expect(problems).toEqual([]);
});
