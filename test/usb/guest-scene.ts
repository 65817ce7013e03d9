/** How the script in the guest speaks, waits, and looks at the kernel's log. */

import { execFileSync } from 'node:child_process';
import { pause } from '#driver/abort';
import type { Said } from './settings.ts';

export function say(said: Said): void {
  process.stdout.write(`@${JSON.stringify(said)}\n`);
}

/** Does one step and tells how long it took; a step that fails ends the script. */
export async function step(name: string, work: () => Promise<unknown>): Promise<void> {
  const startMs = performance.now();
  try {
    const figures = await work();
    const durationMs = Math.round(performance.now() - startMs);
    say({ step: name, durationMs, ...(figures !== undefined && { figures }) });
  } catch (error) {
    const log = kernelLog()
      .filter((line) => !/unlink->seqnum|urb->status/.test(line))
      .slice(-30)
      .join('\n');
    process.stdout.write(`${(error as Error).stack}\n${log}\n`);
    say({ failure: `${name}: ${error}` });
    process.exit(1);
  }
}

const POLL_MS = 50;
const TIMEOUT_MS = 120_000;

/** Waits until something is so. @throws Error after two minutes */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const endMs = performance.now() + TIMEOUT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`${what} did not come about`);
    await pause(POLL_MS, undefined);
  }
}

export function check(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(what);
}

function kernelLog(): string[] {
  return execFileSync('dmesg', ['-r'], { encoding: 'utf8' }).split('\n').filter(Boolean);
}

/** Level 3 and below is an error; a lost connection is told as one by vhci itself, and is what an unplugging is here. */
const LEVEL = /^<(\d+)>/;
const UNPLUGGING = /vhci_hcd|usbip/;
const DEFECT = /\b(?:BUG|Oops|WARNING|KASAN|Call Trace|general protection|hung task)\b/;

/** What the kernel complains of, apart from the unpluggings. */
export function kernelErrors(): string[] {
  return kernelLog().filter((line) => {
    const level = Number(LEVEL.exec(line)?.[1] ?? 7) & 7;
    const isAboutUsb = /usb|hid|acm|lp\d|vhci/i.test(line);
    return DEFECT.test(line) || (level <= 3 && isAboutUsb && !UNPLUGGING.test(line));
  });
}
