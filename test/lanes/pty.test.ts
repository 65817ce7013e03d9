/** A board as a serial line that other programs open (requirements.md H4; ports.md 1). Linux with perl. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Board } from '#emulator/board';
import { openPty, type PtyPort } from '#emulator/ports/pty';
import { ask, makeTestBoard } from '#test/support/board';
import { temporaryFolder } from '#test/support/temporary-folder';
import { repositoryRoot } from '#tools/sources';

beforeAll(() => {
  expect(process.platform).toBe('linux');
});

function lineOf(path = join(temporaryFolder(), 'meter')): { board: Board; line: PtyPort } {
  const { board } = makeTestBoard();
  const line = openPty(board, { path });
  onTestFinished(() => line[Symbol.asyncDispose]());
  return { board, line };
}

/** What a host says at the end: one JSON object on its standard output. */
async function hostSays(script: string, path: string): Promise<unknown> {
  const host = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const parts: Buffer[] = [];
  host.stdout.on('data', (part: Buffer) => parts.push(part));
  const [status] = await once(host, 'close');
  expect(status).toBe(0);
  return JSON.parse(Buffer.concat(parts).toString());
}

/** Opens the line with serialport, as the driver does, and sends requests one by one. */
const HOST = (requests: string): string => `
import { once } from 'node:events';
import { SerialPort } from 'serialport';
const port = new SerialPort({ path: process.argv[1], baudRate: 115200 });
await once(port, 'open');
const heard = [];
for (const request of ${requests}) {
  const size = request.length - 1;
  const parts = [];
  let count = 0;
  const answered = new Promise((resolve) => port.on('data', function take(part) {
    parts.push(part);
    count += part.length;
    if (count < size) return;
    port.off('data', take);
    resolve();
  }));
  port.write(request);
  await answered;
  heard.push(Buffer.concat(parts).toString('latin1'));
}
port.close();
await once(port, 'close');
process.stdout.write(JSON.stringify(heard));
`;

describe('a host with serialport', () => {
  test('exchanges all byte values, both ways', async () => {
    const { line } = lineOf();
    const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value)).toString('latin1');

    const heard = await hostSays(
      HOST(
        `[Buffer.concat([Buffer.from('e'), Buffer.from(Array.from({ length: 256 }, (_, i) => i))])]`,
      ),
      line.path,
    );

    expect(heard).toEqual([all]);
  });

  test('asks a thousand times and gets every answer, as often as it is started', async () => {
    const { line } = lineOf();

    for (let start = 0; start < 2; start += 1) {
      const heard = await hostSays(
        HOST(`Array.from({ length: 1000 }, (_, i) => Buffer.from('e' + i))`),
        line.path,
      );

      expect(heard).toEqual(Array.from({ length: 1000 }, (_, i) => String(i)));
    }
  });

  test('that is killed leaves the line to the next one', async () => {
    const { line } = lineOf();
    const script = `
      import { SerialPort } from 'serialport';
      const port = new SerialPort({ path: process.argv[1], baudRate: 9600 }, () => {
        port.write('ebefore the end', () => process.kill(process.pid, 'SIGKILL'));
      });`;
    const killed = spawn(process.execPath, ['--input-type=module', '-e', script, line.path], {
      cwd: repositoryRoot,
      stdio: 'inherit',
    });
    await once(killed, 'exit');

    expect(await hostSays(HOST(`[Buffer.from('enext')]`), line.path)).toEqual(['next']);
  });
});

test('the line is raw before anybody opens it', () => {
  const { line } = lineOf();

  const settings = execFileSync('stty', ['-a', '-F', line.path], { encoding: 'utf8' });

  for (const cooked of ['icanon', 'echo', 'isig', 'icrnl', 'ixon', 'opost', 'onlcr'])
    expect(settings).toMatch(new RegExp(`-${cooked}\\b`));
  expect(settings).toContain('speed 38400');
});

test('what the board says to nobody does not come back to it', () => {
  const { board, line } = lineOf();

  board.receive(2, Buffer.from('ehello\r\n'));

  expect(readlinkSync(line.path)).toBe(line.terminal);
  expect(ask(board, 'n')).toEqual(['receives=2 ticks=0']);
});

test('a host that never reads does not stop the board', () => {
  const { board, line } = lineOf();
  const host = openSync(line.path, constants.O_RDWR | constants.O_NOCTTY);
  onTestFinished(() => closeSync(host));

  for (let at = 0; at < 500; at += 1) board.receive(2, Buffer.alloc(4096, 'e'));

  expect(ask(board, 'estill here')).toEqual(['still here']);
  const first = Buffer.alloc(4095);
  expect(readSync(host, first)).toBeGreaterThan(0);
});

test('what waited for a slow host comes in order and whole, up to the bound', async () => {
  const { board, line } = lineOf();
  const host = openSync(line.path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(host));
  const sent = Array.from({ length: 10 }, (_, at) => Buffer.alloc(4000, 65 + at));

  for (const part of sent) board.receive(2, Buffer.concat([Buffer.from('e'), part]));

  const heard: Buffer[] = [];
  await expect
    .poll(() => {
      heard.push(readAvailable(host));
      return Buffer.concat(heard).length;
    })
    .toBe(40_000);
  expect(Buffer.concat(heard)).toEqual(Buffer.concat(sent));
});

function readAvailable(file: number): Buffer {
  const part = Buffer.alloc(4096);
  try {
    return part.subarray(0, readSync(file, part));
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' });
    return part.subarray(0, 0);
  }
}

describe('the path', () => {
  test('is a link that goes with the line, and no descriptor stays', async () => {
    const path = join(temporaryFolder(), 'meter');
    const before = readdirSync('/proc/self/fd').length;
    const { board } = makeTestBoard();

    const line = openPty(board, { path });
    expect(line.address).toBe(`serial:${path}`);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    await line[Symbol.asyncDispose]();

    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
    expect(existsSync(line.terminal)).toBe(false);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });

  test('that an emulator left behind is taken over', () => {
    const path = join(temporaryFolder(), 'meter');
    symlinkSync('/dev/pts/99999', path);

    const { line } = lineOf(path);

    expect(readlinkSync(path)).toBe(line.terminal);
  });

  test('that another emulator took over meanwhile is left to it', async () => {
    const path = join(temporaryFolder(), 'meter');
    const { board } = makeTestBoard();
    const first = openPty(board, { path });
    const { line: second } = lineOf(path);

    await first[Symbol.asyncDispose]();

    expect(readlinkSync(path)).toBe(second.terminal);
  });

  test.each<[string, (path: string) => void]>([
    ['a file', (path) => writeFileSync(path, 'mine')],
    ['a link to elsewhere', (path) => symlinkSync('/etc/hostname', path)],
  ])('that is %s is refused and left alone', (_, make) => {
    const path = join(temporaryFolder(), 'meter');
    make(path);
    const before = readdirSync('/proc/self/fd').length;

    expect(() => lineOf(path)).toThrow('it is not replaced');

    expect(lstatSync(path).isFile()).toBe(lstatSync(path).isSymbolicLink() === false);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });

  test('in a folder that does not exist is an error that leaks nothing', () => {
    const path = join(temporaryFolder(), 'none', 'meter');
    const before = readdirSync('/proc/self/fd').length;

    expect(() => lineOf(path)).toThrow('ENOENT');

    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });
});

test('without perl the reason is told', () => {
  const path = process.env['PATH'];
  onTestFinished(() => {
    process.env['PATH'] = path;
  });
  process.env['PATH'] = temporaryFolder();

  expect(() => lineOf()).toThrow('needs the command perl');
});
