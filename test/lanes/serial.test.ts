/** The driver on real serial ports of Linux, and the traps of the serialport package (requirements.md F1; ports.md 1.4, 1.5). */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Link } from '#driver/link/link';
import { openMeter } from '#driver/meter';
import { openLink } from '#driver/port';
import { encodeFrame } from '#protocol/frame';
import { ok } from '#protocol/result';
import { createImitation, type Imitation } from '#test/support/imitation';
import { identity, registers, trust } from '#test/support/imitation-host';
import { openPty, type Pty } from '#test/support/pty';
import { failureOf } from '#test/support/settle';

const folder = mkdtempSync(join(tmpdir(), 'serial-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ptys: Pty[] = [];
afterEach(async () => {
  for (const pty of ptys.splice(0)) await pty.unplug();
});

function plugIn(): Pty {
  const pty = openPty();
  ptys.push(pty);
  return pty;
}

interface Device {
  readonly pty: Pty;
  readonly url: string;
  readonly imitation: Imitation;
  /** Portions of bytes that the host sent. */
  readonly heard: Uint8Array[];
}

/** An imitated meter at a port; `distort` makes of each frame of the device what is put on the line. */
function plugInMeter(distort = (frame: Uint8Array): readonly Uint8Array[] => [frame]): Device {
  const pty = plugIn();
  const imitation = createImitation({
    services: { registers: () => ok(registers), register: () => ok({}) },
  });
  Object.assign(imitation.situation, { state: 'idle', caller: 'cryptoOfficer' });
  const line = imitation.connect();
  const heard: Uint8Array[] = [];
  pty.onData((bytes) => {
    heard.push(bytes);
    line.send(bytes);
  });
  line.onData((frame) => {
    for (const bytes of distort(frame)) pty.write(bytes);
  });
  return { pty, url: `serial:${pty.path}`, imitation, heard };
}

const closing = (link: Link) => new Promise<Error | undefined>((closed) => link.onClose(closed));

test('a whole conversation: handshake, a thousand requests, long ones of every byte', async () => {
  const { url, imitation } = plugInMeter();
  await using meter = await openMeter(url, { identity, trust });

  for (let count = 0; count < 1_000; count++) expect(await meter.registers()).toEqual(registers);
  await meter.register(Uint8Array.from({ length: 10_000 }, (_, at) => at & 0xff));

  expect(imitation.performed).toHaveLength(1_001);
});

describe('noise on the line', () => {
  test('that came before the port was opened is not heard', async () => {
    const { pty, url } = plugInMeter();
    const stale = encodeFrame(new Uint8Array(400)).subarray(0, 300);
    pty.write(stale);

    const link = await openLink(url);
    const heard: Uint8Array[] = [];
    link.onData((bytes) => heard.push(bytes));
    await using meter = await openMeter(link, { identity, trust });

    expect(await meter.registers()).toEqual(registers);
    expect(Buffer.concat(heard).includes(Buffer.from(stale.subarray(100)))).toBe(false);
  });

  test('that promises a long frame swallows the answer only until the line falls silent: nothing is resent', async () => {
    const promise = Uint8Array.of(0xaa, 0xe8, 0x03);
    const { url, heard } = plugInMeter((frame) => [promise, frame]);
    await using meter = await openMeter(url, { identity, trust });
    heard.length = 0;

    expect(await meter.registers()).toEqual(registers);

    const sent = Buffer.concat(heard);
    expect(sent.filter((byte) => byte === 0xaa)).toHaveLength(1);
  });

  test('of a program that looks for a modem reaches the device and does no harm', async () => {
    const { url, pty, imitation } = plugInMeter();
    const prober = await openLink(url);
    const arrived = new Promise<void>((resolve) => pty.onData(() => resolve()));
    await prober.send(Uint8Array.from(Buffer.from('AT\rAT+GCAP\rATZ\r')));
    await arrived;
    await prober.close();

    await using meter = await openMeter(url, { identity, trust });

    expect(await meter.registers()).toEqual(registers);
    expect(imitation.performed).toEqual(['registers']);
  });

  test('of any kind around the answers costs a resend at most', async () => {
    const noise = fc.uint8Array({ maxLength: 40 });
    const delimiters = fc.array(fc.constantFrom(0xaa, 0x00, 0x03, 0x20), { maxLength: 20 });
    const anyNoise = fc.oneof(
      noise,
      delimiters.map((bytes) => Uint8Array.from(bytes)),
    );

    await fc.assert(
      fc.asyncProperty(anyNoise, anyNoise, async (before, behind) => {
        let isNoisy = false;
        const { url, imitation } = plugInMeter((frame) => {
          const noisy = isNoisy ? [before, frame, behind] : [frame];
          isNoisy = false;
          return noisy;
        });
        await using meter = await openMeter(url, { identity, trust, timeoutMs: 250 });
        isNoisy = true;

        expect(await meter.registers()).toEqual(registers);
        expect(await meter.registers()).toEqual(registers);
        expect(imitation.performed).toHaveLength(2);
      }),
      { numRuns: 25 },
    );
  });
});

test('a port that is in use says so, and opens when it is free again', async () => {
  const { url } = plugInMeter();
  const first = await openLink(url);

  const error = await failureOf(openLink(url));
  await first.close();
  const second = await openLink(url);
  await second.close();

  expect(error).toMatchObject({
    stage: 'open',
    advice: expect.stringContaining('another program holds it'),
  });
});

describe('an unplugging', () => {
  test('of an idle port is noticed', async () => {
    const { url, pty } = plugInMeter();
    const link = await openLink(url);
    const closed = closing(link);

    await pty.unplug();

    expect(await closed).toBeInstanceOf(Error);
  });

  test('rejects the request under way, and reconnect finds the meter at its new place', async () => {
    const path = join(folder, 'meter');
    const before = plugInMeter();
    symlinkSync(before.pty.path, path);
    await using meter = await openMeter(`serial:${path}`, {
      identity,
      trust: { publicKey: before.imitation.keys.publicKey },
    });
    const under = failureOf(meter.registers());

    await before.pty.unplug();
    const lost = await under;
    rmSync(path);
    const after = plugIn();
    symlinkSync(after.path, path);
    const line = before.imitation.connect();
    after.onData((bytes) => line.send(bytes));
    line.onData((frame) => after.write(frame));
    await meter.reconnect();

    expect(lost).toMatchObject({ stage: 'request' });
    expect(await meter.registers()).toEqual(registers);
  });

  test('is noticed when the path leads to another device', async () => {
    const path = join(folder, 'swapped');
    const [old, next] = [plugIn(), plugIn()];
    symlinkSync(old.path, path);
    const link = await openLink(`serial:${path}`);
    const closed = closing(link);

    rmSync(path);
    symlinkSync(next.path, path);

    expect((await closed)?.message).toContain('is gone');
  });
});

interface Noticed {
  readonly isNoticed: boolean;
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Unplugs the port while a host in another process is busy with the first bytes, and asks it what it noticed. */
async function unplugWhileBusy(how: 'driver' | 'package'): Promise<Noticed> {
  const pty = openPty();
  const program = fileURLToPath(new URL('../support/serial-host.ts', import.meta.url));
  const host = spawn(process.execPath, [program, how, pty.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: host.stdout })[Symbol.asyncIterator]();
  await lines.next(); // it has opened the port

  pty.write(encodeFrame(new Uint8Array(20)));
  await lines.next(); // it is busy with the frame
  await pty.unplug();

  const { value } = await lines.next();
  return JSON.parse(value ?? '');
}

describe('an unplugging while the host is busy', () => {
  test('is noticed by the driver, which does not spin', async () => {
    const { isNoticed, cpuMs, wallMs } = await unplugWhileBusy('driver');

    expect(isNoticed).toBe(true);
    expect(cpuMs / wallMs).toBeLessThan(0.25);
  });

  test('is what the package alone does not notice, and spins: the watch of the driver is still needed', async () => {
    const { isNoticed, cpuMs, wallMs } = await unplugWhileBusy('package');

    expect(isNoticed).toBe(false);
    expect(cpuMs / wallMs).toBeGreaterThan(0.25);
  });
});
