/**
 * Our own code with a line changed, for tests that must notice it: bundles a source with replacements in whatever files it
 * draws in, and loads the bundle.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { repositoryRoot } from '#tools/sources';

/** One change: `from` stands in the file exactly once. */
export interface Change {
  /** From the root of the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** @throws Error where a change does not fit the code any more */
export async function importChanged<T>(entry: string, changes: readonly Change[]): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'changed-'));
  const made = new Set<Change>();
  try {
    const { outputFiles } = await build({
      absWorkingDir: repositoryRoot,
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      packages: 'bundle',
      external: ['esbuild', 'node:*'],
      banner: { js: REQUIRE },
      logLevel: 'silent',
      plugins: [changing(changes, made)],
    });
    const idle = changes.filter((change) => !made.has(change));
    if (idle.length > 0) throw new Error(`not in the bundle: ${idle.map(({ file }) => file)}`);
    const path = join(folder, 'changed.mjs');
    writeFileSync(path, outputFiles[0]?.contents ?? '');
    return (await import(pathToFileURL(path).href)) as T;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Packages of CommonJS ask for Node's modules in their own way. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

export function changing(changes: readonly Change[], made: Set<Change>): Plugin {
  return {
    name: 'changing',
    setup({ onLoad }) {
      for (const file of new Set(changes.map((change) => change.file))) {
        const filter = new RegExp(`/${file.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
        onLoad({ filter }, async ({ path }) => {
          if (path !== join(repositoryRoot, file)) return undefined;
          let contents = await readFile(path, 'utf8');
          for (const change of changes.filter((each) => each.file === file)) {
            if (contents.split(change.from).length !== 2)
              throw new Error(`${file} does not hold once: ${change.from}`);
            contents = contents.replace(change.from, () => change.to);
            made.add(change);
          }
          return { contents, loader: 'ts' };
        });
      }
    },
  };
}
