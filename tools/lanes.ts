/** `npm run lanes`: the tests that need tools of Debian; installs those that are missing, then runs test/lanes/. */

import { isInstalled, mustRun, run } from './run.ts';

/** Program → the Debian package it comes from. Only what test/lanes/ calls. */
const packageOf = {
  dmtxread: 'dmtx-utils',
  openssl: 'openssl',
} as const;

const missing = Object.entries(packageOf)
  .filter(([program]) => !isInstalled(program))
  .map(([, debianPackage]) => debianPackage);

if (missing.length > 0) {
  process.stdout.write(`The lanes need ${missing.join(', ')}: installing.\n`);
  if (!isInstalled('apt-get') || process.getuid?.() !== 0) {
    process.stderr.write(
      `failed: only root can install packages, and only with apt-get; install ${missing.join(' ')} and run this again.\n`,
    );
    process.exit(1);
  }
  mustRun('apt-get', 'update', '-qq');
  const quietly = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '-qq'];
  mustRun('env', ...quietly, '--no-install-recommends', ...missing);
}

mustRun('node', 'tools/build-image.ts', '--quiet');
const filters = process.argv.slice(2);
if (!run('vitest', 'run', '--config', 'vitest.lanes.config.ts', ...filters)) process.exitCode = 1;
