/** What a meter is on USB: descriptors, requests and transfers (requirements.md F1, H4). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attachMeter } from '#test/support/usb-host';
import { echo, echoing, letters, report } from '#test/support/usb-server';
import { importDevice } from '#test/support/usbip-client';

describe('descriptors', () => {
  test.each<[string, number, number, number, number, string]>([
    ['device', 0x80, 0x0100, 0, 18, '12010002ef02014009120100000101020301'],
    ['device, its first eight bytes', 0x80, 0x0100, 0, 8, '12010002ef020140'],
    ['languages', 0x80, 0x0300, 0, 255, '04030904'],
    [
      'report',
      0x81,
      0x2200,
      0,
      255,
      '0600ff0901a10115002 6ff0075089540090281020903910 2c0'.replace(/ /g, ''),
    ],
    ['HID', 0x81, 0x2100, 0, 255, '092111010001221900'],
  ])('%s', async (_, type, value, index, length, hex) => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);

    const { status, data } = await client.read(type, 6, value, index, length);

    expect(status).toBe(0);
    expect(data.toString('hex')).toBe(hex);
  });

  test('a configuration that says its own size, whose parts fill it', async () => {
    const { server } = await echoing();
    using client = await importDevice(server.port);

    const { data } = await client.read(0x80, 6, 0x0200, 0, 1024);

    expect(data.readUInt16LE(2)).toBe(data.length);
    const kinds: number[] = [];
    for (let at = 0; at < data.length; at += data.readUInt8(at)) kinds.push(data.readUInt8(at + 1));
    expect(kinds).toEqual([2, 4, 0x21, 5, 5, 11, 4, 0x24, 0x24, 0x24, 0x24, 5, 4, 5, 5]);
    expect(data.readUInt8(4)).toBe(3);
  });

  test('whatever is asked, in whatever order, is answered or refused, and the device goes on', async () => {
    const { board, server } = await echoing();
    using client = await attachMeter(server.port);
    const anyRequest = fc.record({
      type: fc.constantFrom(0x80, 0x81, 0x82, 0xa1, 0xa2, 0xc0, 0x00, 0x01, 0x02, 0x21, 0x22, 0x5f),
      request: fc.nat(0xff),
      value: fc.nat(0xffff),
      index: fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 1, 2, 0x81, 0x03)),
      length: fc.nat(300),
    });

    await fc.assert(
      fc.asyncProperty(anyRequest, async ({ type, request, value, index, length }) => {
        const asks = (type & 0x80) !== 0;
        const answer = asks
          ? await client.read(type, request, value, index, length)
          : await client.write(type, request, value, index, new Uint8Array(length));
        expect([0, -32]).toContain(answer.status);
        expect(answer.actualLength).toBeLessThanOrEqual(length);
      }),
      { numRuns: 500 },
    );

    expect(board.fault).toBeUndefined();
    await client.write(0x00, 0x09, 1, 0);
    for (const endpoint of [0x81, 0x01]) await client.write(0x02, 1, 0, endpoint);
    expect(await echo(client, 'still here')).toBe('still here');
  });
});

describe('transfers', () => {
  test.each([0, 1, 63, 65, 128, 4096])(
    'of %i bytes to the HID endpoint are taken, and the meter never sees them',
    async (size) => {
      const { server } = await echoing();
      using client = await attachMeter(server.port);

      const data = letters('e'.padEnd(size, 'x')).subarray(0, size);
      const { status, actualLength } = await client.transfer({
        endpoint: 1,
        direction: 'out',
        data,
      });

      expect({ status, actualLength }).toEqual({ status: 0, actualLength: size });
      expect(await echo(client, 'first')).toBe('first');
    },
  );

  test('to the host without room for a report overflow, and cost only that report', async () => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);

    client.submit({ endpoint: 1, direction: 'out', data: report('elost') });
    const { status } = await client.transfer({ endpoint: 1, direction: 'in', length: 63 });

    expect(status).toBe(-75);
    expect(await echo(client, 'next')).toBe('next');
  });

  test('on the serial port come in pieces of any size', async () => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);

    client.submit({ endpoint: 3, direction: 'out', data: letters(`e${'abc'.repeat(100)}`) });
    const pieces: string[] = [];
    for (const length of [1, 64, 7, 128, 0, 200])
      pieces.push(
        (await client.transfer({ endpoint: 3, direction: 'in', length })).data.toString(),
      );

    expect(pieces.map(({ length }) => length)).toEqual([1, 64, 7, 128, 0, 100]);
    expect(pieces.join('')).toBe('abc'.repeat(100));
  });

  test.each([
    ['an endpoint that is not there', { endpoint: 9, direction: 'in', length: 64 }],
    ['the wrong way of an endpoint', { endpoint: 2, direction: 'out', data: letters('x') }],
  ] as const)('to %s stall', async (_, transfer) => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);

    expect((await client.transfer(transfer)).status).toBe(-32);
    expect(await echo(client, 'on')).toBe('on');
  });

  test('before the device is configured stall', async () => {
    const { server } = await echoing();
    using client = await importDevice(server.port);

    expect((await client.transfer({ endpoint: 1, direction: 'in', length: 64 })).status).toBe(-32);
  });

  test('at an endpoint that was halted stall until the halt is cleared', async () => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);
    await client.write(0x02, 3, 0, 0x81);

    const { status } = await client.transfer({ endpoint: 1, direction: 'in', length: 64 });
    await client.write(0x02, 1, 0, 0x81);

    expect(status).toBe(-32);
    expect(await echo(client, 'on')).toBe('on');
  });

  test('keep the line coding that was set, and refuse a short one', async () => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);
    const coding = Uint8Array.of(0x80, 0x25, 0, 0, 0, 0, 8);

    await client.write(0x21, 0x20, 0, 1, coding);
    const short = await client.write(0x21, 0x20, 0, 1, coding.subarray(1));

    expect(short.status).toBe(-32);
    expect((await client.read(0xa1, 0x21, 0, 1, 7)).data).toEqual(Buffer.from(coding));
  });
});

describe('unlinking', () => {
  test('takes a transfer back that waits: it is never answered', async () => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);
    const victim = client.submit({ endpoint: 1, direction: 'in', length: 64 });

    const { command, status } = await client.answer(client.unlink(victim));

    expect({ command, status }).toEqual({ command: 'unlinked', status: -104 });
    expect(await echo(client, 'all mine')).toBe('all mine');
    expect(client.unclaimed).not.toContain(victim);
  });

  test('of one that is done, or never was, is told so', async () => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);
    const done = client.submit({ endpoint: 1, direction: 'out', data: report('edone') });

    const statuses = [
      (await client.answer(client.unlink(done))).status,
      (await client.answer(client.unlink(4_000))).status,
    ];

    expect(statuses).toEqual([0, 0]);
  });

  test('in a race with its answer gives exactly one of both, whoever wins', async () => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);
    const tally = { answered: 0, unlinked: 0 };

    for (let round = 0; round < 200; round++) {
      const victim = client.submit({ endpoint: 1, direction: 'in', length: 64 });
      if (round % 2 === 0) client.submit({ endpoint: 1, direction: 'out', data: report('ex') });
      const { status } = await client.answer(client.unlink(victim));
      if (status === 0) {
        expect((await client.answer(victim)).status).toBe(0);
        tally.answered += 1;
      } else {
        expect(client.unclaimed).not.toContain(victim);
        tally.unlinked += 1;
      }
    }

    expect(tally).toEqual({ answered: 100, unlinked: 100 });
  });
});
