/** Programs of Debian that scripts of the repository call, and how they come to be there. */

import { existsSync } from 'node:fs';
import { isInstalled, mustRun } from './run.ts';

/**
 * Installs the packages of programs that are missing; stops this process with a reason where that cannot be done.
 * @param packageOf program, or path of a file → the Debian package it comes from
 * @param why begins the sentence that names what is missing
 */
export function installMissing(packageOf: Readonly<Record<string, string>>, why: string): void {
  const missing = Object.entries(packageOf)
    .filter(([name]) => !(name.startsWith('/') ? existsSync(name) : isInstalled(name)))
    .map(([, debianPackage]) => debianPackage);
  if (missing.length === 0) return;

  process.stdout.write(`${why} ${missing.join(', ')}: installing.\n`);
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
