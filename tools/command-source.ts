/** The source of the command table, for what no coder keeps: the comments of commands and fields. */

import { readRepositoryFile, repositoryFiles } from './sources.ts';

/** All files that declare commands and the layouts they share, one behind the other. */
export const commandSource = (): string =>
  repositoryFiles()
    .filter((path) => /^protocol\/(?:command|commands\/.*|command-layouts)\.ts$/.test(path))
    .map(readRepositoryFile)
    .join('\n');
