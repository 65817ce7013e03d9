/** Port URLs: what is read, and what an error says about the rest (requirements.md F4). */

import { describe, expect, test } from 'vitest';
import { LinkError } from '#driver/errors';
import { openLink, parsePort } from '#driver/port';
import { failureOf } from '#test/support/settle';

describe('these are ports', () => {
  test.each([
    ['serial:/dev/ttyACM0', { kind: 'serial', path: '/dev/ttyACM0', baudRate: 115_200 }],
    ['serial:/dev/ttyUSB0?baud=9600', { kind: 'serial', path: '/dev/ttyUSB0', baudRate: 9_600 }],
    [
      'serial:/a path/with:colon',
      { kind: 'serial', path: '/a path/with:colon', baudRate: 115_200 },
    ],
    ['serial:COM3', { kind: 'serial', path: 'COM3', baudRate: 115_200 }],
    ['serial:\\\\.\\COM12', { kind: 'serial', path: '\\\\.\\COM12', baudRate: 115_200 }],
    ['hid:TS0123456789', { kind: 'hid', serialNumber: 'TS0123456789' }],
    ['tcp:localhost:7000', { kind: 'tcp', host: 'localhost', port: 7_000 }],
    ['tcp:127.0.0.1:1', { kind: 'tcp', host: '127.0.0.1', port: 1 }],
    ['tcp:[::1]:65535', { kind: 'tcp', host: '::1', port: 65_535 }],
  ])('%s', (url, port) => {
    expect(parsePort(url)).toEqual(port);
  });
});

describe('these are none, and the error says how to write one', () => {
  test.each([
    '',
    '/dev/ttyACM0',
    'usb:1',
    'serial:',
    'serial:ttyACM0',
    'serial:/dev/ttyACM0?baud=',
    'serial:/dev/ttyACM0?baud=1',
    'serial:/dev/ttyACM0?baud=99999999',
    'serial:/dev/ttyACM0?parity=even',
    'hid:',
    'hid:two words',
    'tcp:localhost',
    'tcp:localhost:',
    'tcp:localhost:0',
    'tcp:localhost:65536',
    'tcp:::1:7000',
    'tcp:a b:7000',
    'tcp://localhost:7000',
  ])('%j', async (url) => {
    const error = await failureOf(openLink(url));

    expect(error).toBeInstanceOf(LinkError);
    expect(error).toMatchObject({
      stage: 'open',
      address: url,
      advice: expect.stringContaining('tcp:HOST:PORT'),
    });
  });
});

describe('a serial port that cannot be opened says why', () => {
  test.skipIf(process.platform === 'win32').each([
    ['there is none', 'serial:/dev/no-such-port', /there is no port \/dev\/no-such-port/],
    ['it is a folder', 'serial:/', /no serial port/],
    ['it is no terminal', 'serial:/dev/null', /cannot be opened/],
  ])('%s', async (_, url, message) => {
    const error = await failureOf(openLink(url));

    expect(error).toMatchObject({ stage: 'open', message: expect.stringMatching(message) });
  });
});
