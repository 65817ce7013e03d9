/**
 * A meter with a crypto engine gives the bytes of one without (requirements.md H1; ARCHITECTURE.md, decision 15): what was
 * asked of the one is asked of the other, and every byte that comes out, and all that is in flash, is the same.
 */

import { expect, test } from 'vitest';
import { pieceRequest } from '#driver/piece';
import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { mills } from '#protocol/mills';
import { makeBoard } from '#test/support/board';
import { toHex } from '#test/support/golden';
import { FUNDS, newMeter, passwords, purchase, type TestMeter, TODAY } from '#test/support/meter';

/** What crossed the boundary of an image, in order. */
type Crossing =
  | { readonly kind: 'powerOn' }
  | { readonly kind: 'received' | 'sent'; readonly port: number; readonly hex: string };

function recordingCpu(trace: Crossing[]): Cpu {
  const cpu = createNodeVmCpu();
  const cross = (kind: 'received' | 'sent', port: number, data: ArrayBuffer): void => {
    trace.push({ kind, port, hex: toHex(new Uint8Array(data)) });
  };
  return {
    ...cpu,
    boot(program, hardware) {
      trace.push({ kind: 'powerOn' });
      const ports = {
        send(port: number, data: ArrayBuffer): void {
          cross('sent', port, data);
          hardware.ports.send(port, data);
        },
      };
      const image = cpu.boot(program, { ...hardware, ports });
      return {
        algorithms: image.algorithms,
        machine: image.machine,
        tick: () => image.tick(),
        kill: () => image.kill(),
        receive(port, data) {
          cross('received', port, data);
          image.receive(port, data);
        },
      };
    },
  };
}

const PIECES = 20;

/** All that a meter does with keys: twenty pieces on either side of a power cut, and what stands around them. */
async function live(meter: TestMeter): Promise<void> {
  for (const half of [0, 1]) {
    meter.board.powerOff();
    meter.board.powerOn();
    const user = await meter.loggedIn('user');
    for (let piece = 0; piece < PIECES / 2; piece++) {
      const requestId = { counter: 1 + half * PIECES + piece, nonce: 5 };
      const wish = { serviceId: 1, postage: mills(780), mailingDate: TODAY, destination: piece };
      await user.createIndicium(pieceRequest(requestId, wish));
    }
    await user.refillRequest(purchase(mills(1_000)));
    expect((await user.registers()).descending).toBe(FUNDS - 780 * (PIECES / 2) * (half + 1));
    await user.inspectionReport(new Uint8Array(16).fill(half));
    await user.logOut();
    await (await meter.anonymous()).selfTest();
  }
  const officer = await meter.loggedIn('cryptoOfficer');
  const userKey = new Uint8Array(0); // as it is
  await officer.resetUserPassword({ newPassword: passwords.user(), userKey });
}

test('the same trace gives the same bytes with and without', async () => {
  const asked: Crossing[] = [];
  await using meter = await newMeter('refilled', { cpu: recordingCpu(asked), cryptoEngine: true });
  await live(meter);

  const repeated: Crossing[] = [];
  const { board, flash } = makeBoard({ cpu: recordingCpu(repeated), cryptoEngine: false });
  await using _ = board;
  for (const crossing of asked.slice(1)) {
    if (crossing.kind === 'powerOn') {
      board.powerOff();
      board.powerOn();
    } else if (crossing.kind === 'received')
      board.receive(crossing.port, Buffer.from(crossing.hex, 'hex'));
  }

  expect(asked.filter(({ kind }) => kind === 'sent').length).toBeGreaterThan(PIECES);
  expect(repeated).toEqual(asked);
  expect(toHex(flash.contents())).toBe(toHex(meter.flash.contents()));
});
