/** What hosts that do not keep to USB/IP cannot do (requirements.md F1, H4). */

import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { memoryLink } from '#driver/link/memory';
import { openMeter } from '#driver/meter';
import { meterAt } from '#test/support/meter';
import { attachMeter, usbEnd } from '#test/support/usb-host';
import { echo, echoing, letters, serving } from '#test/support/usb-server';
import { connectRaw, operation, type UsbipClient } from '#test/support/usbip-client';

/** Says something to a server, and waits until that ends the connection. */
async function dropped(port: number, bytes: Uint8Array): Promise<void> {
  const socket = await connectRaw(port);
  const closed = once(socket, 'close');
  socket.on('end', () => socket.destroy());
  socket.resume();
  socket.write(bytes);
  await closed;
}

describe('who does not keep to the protocol loses the connection, and nobody else does', () => {
  test.each<[string, Buffer]>([
    ['another version', Buffer.from('0106800500000000', 'hex')],
    ['an unknown operation', operation(0x8001)],
    ['another protocol', letters('GET / HTTP/1.1\r\n\r\n')],
    ['a transfer before an import', Buffer.alloc(48, 1)],
  ])('%s', async (_, bytes) => {
    const { server } = await echoing();
    using other = await attachMeter(server.port);

    await dropped(server.port, bytes);

    expect(await echo(other, 'still here')).toBe('still here');
  });

  const bad: [string, (client: UsbipClient) => void][] = [
    ['a size below zero', (client) => client.submit({ direction: 'in', length: -1 })],
    [
      'a size beyond all bounds',
      (client) => client.submit({ direction: 'in', length: 0x7fff_ffff }),
    ],
    ['an isochronous transfer', (client) => client.submit({ direction: 'in', packets: 1 })],
    ['endpoint 16', (client) => client.submit({ endpoint: 16, direction: 'in' })],
    ['another device', (client) => client.submit({ direction: 'in', deviceId: 7 })],
    ['an unknown command', (client) => client.socket.write(Buffer.alloc(48, 9))],
    [
      'the number of a transfer that waits',
      (client) => {
        for (let count = 0; count < 2; count++)
          client.submit({ endpoint: 1, direction: 'in', length: 64, sequence: 5 });
      },
    ],
    [
      'more waiting transfers than any system keeps',
      (client) => {
        for (let count = 0; count < 300; count++)
          client.submit({ endpoint: 1, direction: 'in', length: 64 });
      },
    ],
  ];
  test.each(bad)('%s', async (_, misbehave) => {
    const { server } = await echoing();
    const client = await attachMeter(server.port);

    misbehave(client);
    await client.closed;

    using next = await attachMeter(server.port);
    expect(await echo(next, 'still here')).toBe('still here');
  });

  test('any bytes at all change no register and stop nobody', async () => {
    await using meter = await meterAt('refilled');
    const server = await serving(meter.board);
    const statusBefore = await (await meter.anonymous()).status();
    const before = meter.flash.contents();

    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), fc.boolean(), async (noise, imports) => {
        const socket = imports
          ? (await attachMeter(server.port)).socket
          : await connectRaw(server.port);
        socket.resume();
        const closed = once(socket, 'close');
        socket.write(noise);
        socket.end();
        socket.on('end', () => socket.destroy());
        await closed;
        await expect.poll(() => server.connections).toBe(0);
      }),
      { numRuns: 60 },
    );

    expect(meter.flash.contents()).toEqual(before);
    const client = await attachMeter(server.port);
    await using anonymous = await openMeter(memoryLink(usbEnd(client, 'hid')));
    expect(await anonymous.status()).toEqual(statusBefore);
  });
});

describe('memory stays bounded', () => {
  /** Asks for a descriptor, 48 bytes; the answer has more than twice as many. */
  const asking = { direction: 'in', length: 255, setup: [0x80, 6, 0, 2, 0, 0, 255, 0] } as const;

  test('where a host asks and does not read: it is read no further, and gets all answers when it reads', async () => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);
    client.socket.pause();

    const numbers = Array.from({ length: 3_000 }, () => client.submit(asking));
    client.socket.resume();

    const answers = await Promise.all(numbers.map((number) => client.answer(number)));
    expect(answers.every(({ status, actualLength }) => status === 0 && actualLength > 100)).toBe(
      true,
    );
  });

  test('where a host never reads: what it asks stays in its own computer', async () => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);
    client.socket.pause();
    const asked = client.submit(asking);
    const requests = Buffer.alloc(48 * 1_000);
    for (let at = 0; at < requests.length; at += 48) {
      requests.writeUInt32BE(1, at);
      requests.writeUInt32BE(asked + 1 + at, at + 4);
      requests.writeUInt32BE(client.deviceId, at + 8);
      requests.writeUInt32BE(1, at + 12);
      requests.writeInt32BE(255, at + 24);
      requests.set(asking.setup, at + 40);
    }

    const floodSize = 1_000 * requests.length;
    for (let round = 0; round < 1_000; round++) client.socket.write(requests);
    let before = 0;
    await expect
      .poll(
        () => {
          const now = client.socket.writableLength;
          const isStill = now === before;
          before = now;
          return isStill;
        },
        { interval: 300, timeout: 20_000 },
      )
      .toBe(true);

    expect(client.socket.writableLength).toBeGreaterThan(floodSize / 2);
  });

  test('where a meter talks to nobody: 64 KiB wait, the rest is lost', async () => {
    const { server } = await echoing();
    using client = await attachMeter(server.port);

    for (let at = 0; at < 100; at++)
      await client.transfer({
        endpoint: 3,
        direction: 'out',
        data: letters(`e${'x'.repeat(4000)}`),
      });
    let size = 0;
    for (let last = 1; last > 0; size += last) {
      const number = client.submit({ endpoint: 3, direction: 'in', length: 65_536 });
      await client.read(0x80, 0, 0, 0, 2); // what comes before its answer has come
      last = client.unclaimed.includes(number) ? (await client.answer(number)).actualLength : 0;
    }

    expect(size).toBe(16 * 4000);
  });

  test('who connects and says nothing half-open is counted, and the rest are served', async () => {
    const { server } = await echoing();
    const silent = await Promise.all(Array.from({ length: 10 }, () => connectRaw(server.port)));
    onTestFinished(() => {
      for (const socket of silent) socket.destroy();
    });
    for (const socket of silent.slice(0, 5)) socket.end();

    using client = await attachMeter(server.port);

    expect(await echo(client, 'served')).toBe('served');
    await expect.poll(() => server.connections).toBe(6);
  });

  test('who says nothing for five seconds is sent away', { timeout: 20_000 }, async () => {
    const { server } = await echoing();
    const socket = await connectRaw(server.port);
    socket.resume();
    socket.on('end', () => socket.destroy());

    await once(socket, 'close');

    await expect.poll(() => server.connections).toBe(0);
  });
});
