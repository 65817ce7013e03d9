/** A pseudo-terminal with a device at its other end, for tests of serial ports (Linux). */

import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { ReadStream } from 'node:tty';

export interface Pty {
  /** What the host opens. */
  readonly path: string;
  write(bytes: Uint8Array): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  /** The device goes away: the path vanishes and who has it open is hung up. May be called again. */
  unplug(): Promise<void>;
}

/** `ioctl(fd, TIOCSPTLCK, 0)`: Node has no call for it, and perl is in every Debian. */
const UNLOCK = 'my $no = pack("i", 0); ioctl(STDIN, 0x40045431, $no) or die "TIOCSPTLCK: $!"';

export function openPty(): Pty {
  const fd = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  execFileSync('perl', ['-e', UNLOCK], { stdio: [fd, 'inherit', 'inherit'] });
  const index = /tty-index:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  if (index === undefined) throw new Error('the number of the pseudo-terminal is not told');
  const path = `/dev/pts/${index}`;
  const keptOpen = makeRaw(path);
  const master = new ReadStream(fd);
  master.on('error', () => master.destroy());
  const closed = new Promise<void>((resolve) => master.once('close', () => resolve()));
  return {
    path,
    write: (bytes) => void master.write(bytes),
    onData: (listener) => void master.on('data', listener),
    unplug() {
      if (!master.destroyed) closeSync(keptOpen);
      master.destroy();
      return closed;
    },
  };
}

/** Without echo and line editing, as a port of a device is; kept open, so that it survives hosts that come and go. */
function makeRaw(path: string): number {
  execFileSync('stty', ['-F', path, 'raw', '-echo']);
  return openSync(path, constants.O_RDWR | constants.O_NOCTTY);
}
