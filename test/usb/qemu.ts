/** Runs the guest and hands out what it says, line by line; ends it when its time is over. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BootFiles } from './kernel.ts';

const MEMORY_MIB = 768;

export interface GuestOptions extends BootFiles {
  readonly timeoutMs: number;
  /** A line that begins with `@`, without it. */
  readonly onSaid: (line: string) => void;
  /** All others: of kernel and programs. */
  readonly onNoise: (line: string) => void;
}

export type GuestEnd = 'ended' | 'timedOut';

/**
 * Software emulation always: where a virtual machine could use the processor itself is not known before it hangs, and the
 * smaller machine model of QEMU was seen to hang (ports.md 2.3).
 */
export async function runGuest(options: GuestOptions): Promise<GuestEnd> {
  const { kernel, initrd, timeoutMs, onSaid, onNoise } = options;
  const script = join(import.meta.dirname, 'guest.sh');
  const shared = 'local,id=files,path=/,security_model=none,readonly=on,multidevs=remap';
  const machine = [
    ...['-accel', 'tcg', '-M', 'q35', '-m', String(MEMORY_MIB), '-nodefaults', '-no-user-config'],
    ...['-display', 'none', '-serial', 'stdio', '-no-reboot', '-kernel', kernel, '-initrd', initrd],
    ...['-append', `console=ttyS0 quiet loglevel=0 panic=-1 tessera.run=${script}`],
    ...['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile='],
    ...['-fsdev', shared, '-device', 'virtio-9p-pci,fsdev=files,mount_tag=host'],
  ];
  const guest = spawn('nice', ['-n', '10', 'qemu-system-x86_64', ...machine], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => void guest.kill('SIGKILL');
  process.once('exit', kill); // a script that fails leaves no machine behind
  let end: GuestEnd = 'ended';
  const timer = setTimeout(() => {
    end = 'timedOut';
    kill();
  }, timeoutMs);
  for (const stream of [guest.stdout, guest.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      const at = line.indexOf('@{');
      if (at < 0) onNoise(line);
      else onSaid(line.slice(at + 1));
    });
  await once(guest, 'close');
  clearTimeout(timer);
  process.off('exit', kill);
  return end;
}
