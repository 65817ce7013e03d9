/** The meters that `tessera emulate` runs on this computer for this user, so that others find them (requirements.md F4, H4). */

import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of this user alone: what others write would be opened as a port. */
const folder = join(tmpdir(), `tessera-emulators-${process.getuid?.() ?? 'user'}`);

/** Tells others where a meter is, until disposed of. */
export function announce(addresses: readonly string[]): Disposable {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!isOurs()) return { [Symbol.dispose]: () => undefined };
  const file = join(folder, String(process.pid));
  writeFileSync(file, addresses.map((address) => `${address}\n`).join(''), { mode: 0o600 });
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

/** Port URLs of all that run. */
export function runningEmulators(): string[] {
  if (!isOurs()) return [];
  return readdirSync(folder)
    .filter(isRunning)
    .flatMap((name) => readLines(join(folder, name)));
}

function isOurs(): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return false;
  return process.getuid === undefined || stats.uid === process.getuid();
}

/** One that was killed left its file behind. */
function isRunning(name: string): boolean {
  const pid = Number(name);
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** None where it ended meanwhile. */
function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
