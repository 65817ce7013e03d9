/** The files of the repository, for the tools that look at all of them. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository, with a slash at the end. */
export const repositoryRoot = fileURLToPath(new URL('../', import.meta.url));

/** Paths from the root of all files that are, or would be, committed; sorted. */
export function repositoryFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  return listed
    .split('\0')
    .filter((path) => path !== '' && existsSync(repositoryRoot + path))
    .sort();
}

/** Reads a file by its path from the root. */
export function readRepositoryFile(path: string): string {
  return readFileSync(repositoryRoot + path, 'utf8');
}
