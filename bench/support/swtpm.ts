/** The software TPM of Debian, as something to compare an emulated meter with: its start, and one command there and back. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** TPM2_GetRandom of 16 bytes (TPM 2.0 Library, part 3): without a session, and answered at once. */
const GET_RANDOM = Buffer.from('8001' + '0000000c' + '0000017b' + '0010', 'hex');
const HEAD_SIZE = 10;
const TRIES_MAX = 2_000;

export interface Swtpm extends AsyncDisposable {
  /** One command there and back. @throws Error where it is refused */
  ask(): Promise<void>;
}

/** Started, and the first answer is here. */
export async function startSwtpm(): Promise<Swtpm> {
  await using resources = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'swtpm-'));
  resources.defer(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'socket');
  const parameters = ['socket', '--tpm2', '--tpmstate', `dir=${directory}`];
  const child = spawn(
    'swtpm',
    [...parameters, '--server', `type=unixio,path=${path}`, '--flags', 'startup-clear'],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  resources.defer(() => ended(child));
  const socket = await connected(path);
  resources.defer(() => void socket.destroy());
  const ask = async (): Promise<void> => {
    socket.write(GET_RANDOM);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    const isDone = answer.length > HEAD_SIZE && answer.readUInt32BE(6) === 0;
    if (!isDone) throw new Error(`swtpm refused: ${answer.toString('hex')}`);
  };
  await ask();
  const owned = resources.move();
  return { ask, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** It tells nobody when it listens. */
async function connected(path: string): Promise<Socket> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const socket = createConnection(path);
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return socket;
    await pause(1);
  }
  throw new Error('swtpm does not listen');
}
