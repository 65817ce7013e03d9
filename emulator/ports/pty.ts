/** A port of a board as a serial line: a pseudo-terminal at a path that stays the same (Linux; ports.md 1.1, 1.2). */

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { ReadStream } from 'node:tty';
import type { PortLines } from '../board.ts';

/** Bytes that wait for a host to read; what comes after them is lost, as on a wire. */
const UNREAD_SIZE_MAX = 64 * 1024;
/** How often a full terminal is tried again. */
const RETRY_MS = 5;
const PTMX = '/dev/ptmx';

/**
 * Node has no ioctl; perl is part of every Debian. Unlocks the terminal behind descriptor 3 (TIOCSPTLCK), and makes it
 * raw before anybody opens it: a fresh one echoes what the device sends back to the device.
 */
const UNLOCK_AND_MAKE_RAW = `use POSIX;
open(my $master, '+<&=', 3) or die "descriptor: $!\\n";
my $unlocked = pack('i', 0);
ioctl($master, 0x40045431, $unlocked) or die "unlock: $!\\n";
my $line = POSIX::Termios->new;
$line->getattr(3) or die "getattr: $!\\n";
$line->setiflag(0);
$line->setoflag(0);
$line->setlflag(0);
$line->setcflag(POSIX::CS8 | POSIX::CREAD | POSIX::CLOCAL);
$line->setispeed(POSIX::B38400);
$line->setospeed(POSIX::B38400);
$line->setcc(POSIX::VMIN, 1);
$line->setcc(POSIX::VTIME, 0);
$line->setattr(3, POSIX::TCSANOW) or die "setattr: $!\\n";`;

export interface PtyOptions {
  /** Where the line appears, as a symbolic link; an old link to a terminal there is replaced. */
  readonly path: string;
  /** The board's port; 2 by default. */
  readonly boardPort?: number;
}

export interface PtyPort extends AsyncDisposable {
  readonly path: string;
  /** `serial:PATH`, as a driver takes it. */
  readonly address: string;
  /** The terminal itself, `/dev/pts/N`. */
  readonly terminal: string;
}

/** @throws Error where this computer has no pseudo-terminals or no perl, or where something else is at the path */
export function openPty(board: PortLines, { path, boardPort = 2 }: PtyOptions): PtyPort {
  const link = resolve(path);
  checkReplaceable(link);
  using undo = new DisposableStack();
  const { master, terminal } = openMaster();
  undo.defer(() => closeSync(master));
  // Held open, so that the line outlives the hosts that open and close it.
  const slave = openSync(terminal, constants.O_RDWR | constants.O_NOCTTY);
  undo.defer(() => closeSync(slave));
  placeLink(link, terminal);
  undo.move();
  const writer = createWriter(master);
  const reader = new ReadStream(master);
  const disconnect = board.onSend(boardPort, writer.write);
  reader.on('data', (bytes: Buffer) => board.receive(boardPort, bytes));

  return {
    path: link,
    address: `serial:${link}`,
    terminal,
    async [Symbol.asyncDispose]() {
      disconnect();
      writer.stop();
      removeLink(link, terminal);
      const closed = new Promise<void>((done) => reader.once('close', done));
      reader.destroy();
      await closed;
      closeSync(slave);
    },
  };
}

function openMaster(): { readonly master: number; readonly terminal: string } {
  const master = openPtmx();
  try {
    const perl = spawnSync('perl', ['-e', UNLOCK_AND_MAKE_RAW], {
      stdio: ['ignore', 'ignore', 'pipe', master],
      encoding: 'utf8',
    });
    if (perl.error !== undefined)
      throw new Error('A serial line needs the command perl, which cannot be run.', {
        cause: perl.error,
      });
    if (perl.status !== 0)
      throw new Error(`The pseudo-terminal could not be prepared: ${perl.stderr.trim()}`);
    return { master, terminal: `/dev/pts/${terminalNumber(master)}` };
  } catch (error) {
    closeSync(master);
    throw error;
  }
}

function openPtmx(): number {
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
  try {
    if (process.platform !== 'linux') throw new Error(`this is ${process.platform}`);
    // Not blocking: where nobody reads, a full terminal shall not stop the board.
    return openSync(PTMX, O_RDWR | O_NOCTTY | O_NONBLOCK);
  } catch (cause) {
    throw new Error(`A serial line needs Linux with ${PTMX}; use TCP here.`, { cause });
  }
}

function terminalNumber(master: number): string {
  const info = readFileSync(`/proc/self/fdinfo/${master}`, 'latin1');
  const number = /^tty-index:\s*(\d+)$/m.exec(info)?.[1];
  if (number === undefined)
    throw new Error('The system does not tell the pseudo-terminal’s number.');
  return number;
}

/** Writes without ever waiting: libuv would block on a pseudo-terminal's master. */
function createWriter(master: number): { write(bytes: Uint8Array): void; stop(): void } {
  let unread: Uint8Array[] = [];
  let unreadSize = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    timer = undefined;
    for (let next = unread[0]; next !== undefined; next = unread[0]) {
      const count = writeSome(master, next);
      unreadSize -= count;
      if (count === next.length) unread.shift();
      else unread[0] = next.subarray(count);
      if (count === 0) {
        timer = setTimeout(flush, RETRY_MS).unref();
        return;
      }
    }
  }
  return {
    write(bytes) {
      if (unreadSize + bytes.length > UNREAD_SIZE_MAX) return;
      unread.push(bytes);
      unreadSize += bytes.length;
      if (timer === undefined) flush();
    },
    stop() {
      clearTimeout(timer);
      unread = [];
    },
  };
}

/** The number of bytes that the terminal took; 0 where it is full. */
function writeSome(master: number, bytes: Uint8Array): number {
  try {
    return writeSync(master, bytes);
  } catch (error) {
    if (isCode(error, 'EAGAIN')) return 0;
    throw error;
  }
}

function checkReplaceable(link: string): void {
  const stats = lstatSync(link, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSymbolicLink() || !readlinkSync(link).startsWith('/dev/pts/'))
    throw new Error(`${link} is something else than an old serial line; it is not replaced.`);
}

/** In one step, so that the path never leads nowhere. */
function placeLink(link: string, terminal: string): void {
  const next = `${link}.${process.pid}.new`;
  symlinkSync(terminal, next);
  renameSync(next, link);
}

/** Where another emulator has taken the path meanwhile, it is left alone. */
function removeLink(link: string, terminal: string): void {
  try {
    if (readlinkSync(link) === terminal) unlinkSync(link);
  } catch (error) {
    if (!isCode(error, 'ENOENT') && !isCode(error, 'EINVAL')) throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
