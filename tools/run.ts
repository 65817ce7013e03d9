/** Runs other programs for the scripts of the repository, with their output on ours. */

import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { repositoryRoot } from './sources.ts';

/** The programs of our own dependencies come first, Node 24 among them. */
const environment = {
  ...process.env,
  PATH: `${repositoryRoot}node_modules/.bin${delimiter}${process.env['PATH'] ?? ''}`,
};

/** Runs a program in the root of the repository to its end. */
export function run(command: string, ...parameters: readonly string[]): boolean {
  const { status, error } = spawnSync(command, parameters, {
    cwd: repositoryRoot,
    env: environment,
    stdio: 'inherit',
  });
  if (error !== undefined) process.stderr.write(`${command}: ${error.message}\n`);
  return status === 0;
}

/** Runs a program and stops this one where it fails. */
export function mustRun(command: string, ...parameters: readonly string[]): void {
  if (run(command, ...parameters)) return;
  process.stderr.write(`failed: ${[command, ...parameters].join(' ')}\n`);
  process.exit(1);
}

/** Whether a program can be found. */
export function isInstalled(command: string): boolean {
  const { status } = spawnSync('sh', ['-c', 'command -v "$0"', command], {
    env: environment,
    stdio: 'ignore',
  });
  return status === 0;
}
