/** Meters over USB/IP: found, taken, used, restarted and given back (requirements.md F1, H4). */

import { describe, expect, test } from 'vitest';
import { memoryLink } from '#driver/link/memory';
import { openMeter } from '#driver/meter';
import { pieceRequest } from '#driver/piece';
import { boardPorts } from '#emulator/board-ports';
import { plugMeter } from '#emulator/usb/meter-device';
import { listenUsbip } from '#emulator/usb/usbip-server';
import { mills } from '#protocol/mills';
import { makeTestBoard } from '#test/support/board';
import { authorityKeys, hostKeys, meterAt, meterId, TODAY } from '#test/support/meter';
import { failureOf } from '#test/support/settle';
import { attachMeter, usbEnd } from '#test/support/usb-host';
import { echo, echoing, letters, report, serving } from '#test/support/usb-server';
import { importDevice, listDevices } from '#test/support/usbip-client';

const piece = { serviceId: 1, postage: mills(780), mailingDate: TODAY, destination: 0 };

describe('a host finds', () => {
  test('every meter with its numbers and interfaces, and its own serial number', async () => {
    const server = await serving(makeTestBoard().board, makeTestBoard().board);

    const interfaces = [
      [0x03, 0, 0],
      [0x02, 0x02, 0],
      [0x0a, 0, 0],
    ];
    const numbers = { vendorId: 0x1209, productId: 0x0001, interfaces };
    expect(await listDevices(server.port)).toEqual([
      { busId: '1-1', ...numbers },
      { busId: '1-2', ...numbers },
    ]);

    const serialNumbers: string[] = [];
    for (const busId of ['1-1', '1-2']) {
      using client = await importDevice(server.port, busId);
      const { data } = await client.read(0x80, 6, 0x0303, 0x0409, 255);
      serialNumbers.push(data.subarray(2).toString('utf16le'));
    }
    expect(serialNumbers).toEqual(['METER0001', 'METER0002']);
  });

  test('nothing listed that another one has, and no way to take it', async () => {
    const { server } = await echoing();
    using _first = await importDevice(server.port);

    expect(await listDevices(server.port)).toEqual([]);
    await expect(importDevice(server.port)).rejects.toThrow('status 2');
    await expect(importDevice(server.port, '9-9')).rejects.toThrow('status 4');
  });

  test('the device again when the one that had it is gone, with nothing of what that one left', async () => {
    const { server } = await echoing();
    const first = await attachMeter(server.port);
    await first.transfer({ endpoint: 1, direction: 'out', data: report('eleft behind') });
    first[Symbol.dispose]();
    await expect.poll(() => server.connections).toBe(0);

    using second = await attachMeter(server.port);

    expect(await echo(second, 'mine')).toBe('mine');
  });
});

describe('a real meter', () => {
  test.each(['hid', 'serial'] as const)(
    'is used through %s: session, log-in, a signed indicium',
    async (way) => {
      await using meter = await meterAt('refilled');
      const server = await serving(meter.board);
      const client = await attachMeter(server.port);
      await using user = await openMeter(memoryLink(usbEnd(client, way)), {
        identity: hostKeys.user,
        trust: { authorityKey: authorityKeys.publicKey, meterId },
      });

      await user.logIn(new TextEncoder().encode('password of user'));
      await user.createIndicium(pieceRequest({ counter: 1, nonce: 1 }, piece));
      const { ascending, descending } = await user.registers();

      expect([ascending, descending]).toEqual([780, 99_220]);
    },
  );

  test('that restarts is unplugged: its last words arrive, then the connection ends, and it can be taken again', async () => {
    const { server } = await echoing();
    const client = await attachMeter(server.port);

    client.submit({ endpoint: 1, direction: 'out', data: report('z') });
    const { data } = await client.transfer({ endpoint: 1, direction: 'in', length: 64 });
    await client.closed;

    expect(data.toString('latin1')).toMatch(/^resetting\0+$/);
    using again = await attachMeter(server.port);
    expect(again.deviceId).not.toBe(client.deviceId);
    expect(await echo(again, 'back')).toBe('back');
  });

  test('that is switched off is unplugged at once, and on again is there again', async () => {
    const { board, server } = await echoing();
    const client = await attachMeter(server.port);

    board.powerOff();
    await client.closed;
    const whileOff = await listDevices(server.port);
    board.powerOn();

    expect(whileOff).toEqual([]);
    using again = await attachMeter(server.port);
    expect(await echo(again, 'on')).toBe('on');
  });

  test('that a host leaves unread does not end the farewell, and holds nobody up', async () => {
    const { board, server } = await echoing();
    const client = await attachMeter(server.port);
    await client.transfer({ endpoint: 3, direction: 'out', data: letters('enobody reads this') });

    board.powerOff();

    await client.closed;
  });
});

describe('the server', () => {
  test.each(['0.0.0.0', '192.0.2.1', 'example.org', '::'])(
    'does not listen on %s unless that is asked for',
    async (host) => {
      expect(String(await failureOf(listenUsbip({ host })))).toContain('other computers');
    },
  );

  test('ends with all its connections', async () => {
    const { board } = makeTestBoard();
    const server = await listenUsbip();
    const takeOff = plugMeter(board, server.addJack(), {
      serialNumber: 'METER0001',
      ports: boardPorts,
    });
    const client = await attachMeter(server.port);

    takeOff();
    await server[Symbol.asyncDispose]();

    await client.closed;
    await expect(importDevice(server.port)).rejects.toThrow();
  });
});
