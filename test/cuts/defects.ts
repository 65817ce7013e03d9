/** Firmware with a defect on purpose, in one place of one source: what the cuts must find. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { ImageFile } from '#emulator/image-file';
import { buildImage } from '#tools/image-build';
import { readRepositoryFile, repositoryRoot } from '#tools/sources';
import type { JournalModule } from './journal/steps.ts';

/** What stands in a source exactly once, and what takes its place. */
export type Edit = readonly [file: string, text: string, changed: string];

/** @throws Error where a text is not there exactly once: the source was changed, and the defect must follow */
function editing(edits: readonly Edit[]): Plugin {
  return {
    name: 'defect',
    setup(bundler) {
      for (const file of new Set(edits.map(([name]) => name)))
        bundler.onLoad({ filter: new RegExp(`/${file}$`) }, () => ({
          contents: edited(file, edits),
          loader: 'ts',
        }));
    },
  };
}

function edited(file: string, edits: readonly Edit[]): string {
  let source = readRepositoryFile(file);
  for (const [, text, changed] of edits.filter(([name]) => name === file)) {
    const pieces = source.split(text);
    if (pieces.length !== 2) throw new Error(`${text} is in ${file} ${pieces.length - 1} times`);
    source = pieces.join(changed);
  }
  return source;
}

/** The image of the repository with a defect; its own key has signed it. */
export async function defectiveImage(...edits: readonly Edit[]): Promise<ImageFile> {
  const outFolder = mkdtempSync(join(tmpdir(), 'defect-'));
  try {
    await buildImage({
      root: repositoryRoot,
      entry: 'firmware/image.ts',
      outFolder,
      imageVersion: 1,
      securityVersion: 1,
      plugins: [editing(edits)],
    });
    const read = (name: string): Uint8Array => Uint8Array.from(readFileSync(join(outFolder, name)));
    return { image: read('firmware.img'), imageKey: read('image-key.bin') };
  } finally {
    rmSync(outFolder, { recursive: true });
  }
}

/** The journal of the firmware with a defect. */
export async function defectiveJournal(...edits: readonly Edit[]): Promise<JournalModule> {
  const { outputFiles } = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ['firmware/journal.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    conditions: ['module', 'import'],
    logLevel: 'silent',
    plugins: [editing(edits)],
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error('the journal gave no output');
  const source = Buffer.from(output.contents).toString('base64');
  return (await import(`data:text/javascript;base64,${source}`)) as JournalModule;
}
