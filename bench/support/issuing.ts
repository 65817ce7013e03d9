/** Candidates that issue one indicium after the other: in this process, on a file, behind TCP and behind a serial line. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Meter } from '#driver/meter';
import { pieceRequest } from '#driver/piece';
import { createMemoryFlash, DEFAULT_FLASH_GEOMETRY, type FlashDevice } from '#emulator/flash';
import { openFlashFile } from '#emulator/flash-file';
import type { Candidate } from './compare.ts';
import {
  type BoardKind,
  boardOn,
  deviceSecret,
  lineTo,
  POSTAGE,
  SERVICE,
  today,
  userAt,
} from './wealthy-meter.ts';

const OPERATIONS = 100;

/** Each with a request id of its own. @param meter with its user logged in */
export function issuing(name: string, baseline: string, meter: Meter): Candidate {
  const piece = { serviceId: SERVICE, postage: POSTAGE, mailingDate: today, destination: 0 };
  let counter = 0;
  return {
    name,
    baseline,
    operations: OPERATIONS,
    async run(operations) {
      for (let done = 0; done < operations; done++) {
        counter += 1;
        await meter.createIndicium(pieceRequest({ counter, nonce: 1 }, piece));
      }
    },
  };
}

/** The shortest request there is, one after the other: what the line and both ends of it cost, and how long each took. */
export function asking(name: string, baseline: string, meter: Meter): Candidate {
  return {
    name,
    baseline,
    operations: 4 * OPERATIONS,
    async run(operations, done) {
      for (let trip = 0; trip < operations; trip++) {
        await meter.version();
        done();
      }
    },
  };
}

async function inProcess(
  flash: FlashDevice,
  resources: AsyncDisposableStack,
  kind?: BoardKind,
): Promise<Meter> {
  const board = resources.use(boardOn(flash, kind));
  return resources.use(await userAt(lineTo(board)));
}

export function inMemory(
  contents: Uint8Array,
  resources: AsyncDisposableStack,
  kind: BoardKind,
): Promise<Meter> {
  return inProcess(createMemoryFlash({ contents }), resources, kind);
}

/** @param directory on the disk that is measured */
export function onFile(
  directory: string,
  contents: Uint8Array,
  resources: AsyncDisposableStack,
): Promise<Meter> {
  const path = join(directory, 'flash.bin');
  rmSync(path, { force: true });
  writeFileSync(path, contents, { mode: 0o600 });
  const flash = openFlashFile(path);
  resources.defer(() => flash.close());
  return inProcess(flash, resources);
}

/** A meter behind a port of an emulator that runs in a process of its own, on a file too. */
export async function inOtherProcess(
  directory: string,
  line: 'tcp' | 'serial',
  contents: Uint8Array,
  resources: AsyncDisposableStack,
): Promise<Meter> {
  writeBoard(directory, contents);
  const port = line === 'tcp' ? ['--tcp', '0'] : ['--pty', join(directory, 'tty')];
  const child = spawn(
    process.execPath,
    ['cli/main.ts', '--json', 'emulate', '--dir', directory, ...port],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  resources.defer(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  for await (const said of createInterface(child.stdout)) {
    const address = (JSON.parse(said) as Record<string, string>)[line];
    if (address !== undefined) return resources.use(await userAt(address));
  }
  throw new Error('the emulator ended before it was ready');
}

/** The directory of an emulated board (emulator/board-directory.ts) with a flash of our choice. */
function writeBoard(directory: string, contents: Uint8Array): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const record = {
    format: 1,
    flash: DEFAULT_FLASH_GEOMETRY,
    deviceSecret: Buffer.from(deviceSecret).toString('hex'),
    securityVersion: 0,
    isTampered: false,
  };
  writeFileSync(join(directory, 'flash.bin'), contents, { mode: 0o600 });
  writeFileSync(join(directory, 'board.json'), JSON.stringify(record), { mode: 0o600 });
}
