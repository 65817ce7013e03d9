/** `npm run usb`: the driver on a real kernel, which has the emulated meters plugged in over USB/IP (requirements.md F1, H4). */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { repositoryRoot } from '#tools/sources';
import { startDevices } from './host.ts';
import { type BootFiles, prepareKernel } from './kernel.ts';
import { runGuest } from './qemu.ts';
import type { Said } from './settings.ts';

const HELP = `Usage: npm run usb [-- --short]

Boots Debian's stock kernel in QEMU, attaches two emulated meters and a printer of this computer to it over USB/IP, and
uses them there through /dev with the driver as it is: discovery, sessions, pieces, a refill, garbage, two programs at
once, unpluggings, power cuts, a page; the conformance kit on both ports, and
tessera emulate --attach. Installs what is missing with apt; downloads a kernel of 70 MB once.

Options:
  --short      3 attachments and 1 power cut, where it is 20 and 5; a choice of checks on a meter that works, where it
               is the whole life of a device on each port
  --help       this text
`;
const lengths = {
  long: { cycles: 20, reboots: 5, conformance: 'life', timeoutMs: 900_000 },
  short: { cycles: 3, reboots: 1, conformance: 'choice', timeoutMs: 240_000 },
} as const;
/** Beside the image, where the command looks for it. */
const scripts = join(repositoryRoot, 'build/guest');
/** CommonJS, WebAssembly, or files beside them; of these the guest loads commander and quickjs-wasi alone. */
const badlyBundled = [
  ...['commander', 'quickjs-wasi', 'zxing-wasm', 'bwip-js', 'opentype.js', 'fast-png'],
  ...['fastify', 'kysely', '@fontsource/*', 'escpos', 'escpos/*'],
];
/** A virtual machine may hang by itself; twice it does not. */
const TRIES = 2;
const NOISE_LINES_MAX = 200;

interface Outcome {
  readonly steps: number;
  readonly failures: readonly string[];
  readonly isDone: boolean;
  readonly starts: number;
}

/**
 * Few files, because the guest reads files slowly: the script, and the command `tessera`, whose parts are loaded when they are
 * asked for. What has a native part stays as it is installed, and so do packages that bundle badly.
 */
async function bundleScripts(): Promise<void> {
  rmSync(scripts, { recursive: true, force: true });
  await build({
    entryPoints: [
      { in: join(import.meta.dirname, 'guest.ts'), out: 'guest' },
      { in: join(repositoryRoot, 'cli/main.ts'), out: 'tessera' },
    ],
    outdir: scripts,
    splitting: true,
    absWorkingDir: repositoryRoot,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: ['serialport', '@serialport/*', 'node-hid', ...badlyBundled],
    logLevel: 'error',
  });
}

function tellBoot(durationMs: number): void {
  process.stdout.write(`${String(Math.round(durationMs)).padStart(6)} ms  the kernel boots\n`);
}

async function tryOnce(boot: BootFiles, length: keyof typeof lengths): Promise<Outcome> {
  const { timeoutMs, ...counts } = lengths[length];
  await using devices = await startDevices();
  mkdirSync(join(repositoryRoot, 'build/usb'), { recursive: true });
  const file = join(repositoryRoot, 'build/usb/guest.json');
  writeFileSync(file, JSON.stringify({ ...devices.settings, ...counts }));
  let steps = 0;
  let isDone = false;
  const failures: string[] = [];
  const noise: string[] = [];
  const startMs = performance.now();
  const end = await runGuest({
    ...boot,
    timeoutMs,
    onSaid(line) {
      const said = JSON.parse(line) as Said;
      if ('done' in said) isDone = true;
      else if ('failure' in said) failures.push(said.failure);
      else {
        if (steps === 0) tellBoot(performance.now() - startMs - said.durationMs);
        steps += 1;
        const figures = said.figures === undefined ? '' : `  ${JSON.stringify(said.figures)}`;
        process.stdout.write(`${String(said.durationMs).padStart(6)} ms  ${said.step}${figures}\n`);
      }
    },
    onNoise: (line) => noise.push(line),
  });
  if (end === 'timedOut') failures.push(`not over after ${timeoutMs} ms`);
  if (!isDone && failures.length === 0) failures.push('the guest ended before its end');
  if (failures.length > 0)
    process.stderr.write(`${noise.slice(-NOISE_LINES_MAX).join('\n')}\n${failures.join('\n')}\n`);
  return { steps, failures, isDone, starts: devices.starts.reduce((sum, count) => sum + count, 0) };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const startMs = performance.now();
  const boot = prepareKernel();
  await bundleScripts();
  const preparedMs = Math.round(performance.now() - startMs);
  process.stdout.write(
    `kernel ${boot.release}, ready after ${preparedMs} ms, downloaded ${boot.downloadedBytes} bytes\n`,
  );
  const length = values.short ? 'short' : 'long';
  let outcome = await tryOnce(boot, length);
  for (let tries = 1; tries < TRIES && outcome.steps === 0; tries++) {
    process.stdout.write('The guest did not begin: once more.\n');
    outcome = await tryOnce(boot, length);
  }
  const durationMs = Math.round(performance.now() - startMs);
  const { steps, failures, starts } = outcome;
  const figures = { script: 'usb', length, kernel: boot.release, steps, failed: failures.length };
  const { downloadedBytes } = boot;
  process.stdout.write(
    `${JSON.stringify({ ...figures, meterStarts: starts, downloadedBytes, preparedMs, durationMs })}\n`,
  );
  process.exitCode = outcome.isDone && failures.length === 0 ? 0 : 1;
}

await main();
