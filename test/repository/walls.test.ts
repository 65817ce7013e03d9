/** The walls between the folders stand: in the sources, in the project references, and in what the compiler refuses. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRepositoryFile, repositoryFiles, repositoryRoot } from '#tools/sources';
import { importsOf, isAllowed, targetOf, walls } from '#tools/walls';

const folders = Object.keys(walls);
const folderOf = (file: string): string => file.split('/')[0] as string;
const wallOf = (folder: string) => {
  const wall = walls[folder];
  if (wall === undefined) throw new Error(`${folder}/ is not in tools/walls.ts`);
  return wall;
};

test('no source imports what its folder may not', () => {
  const sources = repositoryFiles().filter((file) => /^[^/.]+\/.*\.ts$/.test(file));

  const arrows = sources.flatMap((file) =>
    importsOf(readRepositoryFile(file)).map((specifier) => ({ file, specifier })),
  );

  const forbidden = arrows.filter(
    ({ file, specifier }) => !isAllowed(wallOf(folderOf(file)), targetOf(file, specifier)),
  );
  expect(forbidden).toEqual([]);
  expect(arrows.length).toBeGreaterThan(50);
});

test.each([
  ['protocol/frame.ts', '#hw/flash', false],
  ['protocol/frame.ts', 'node:fs', false],
  ['protocol/frame.ts', 'fs', false],
  ['protocol/frame.ts', '@noble/hashes/sha2.js', true],
  ['hw/flash.ts', 'micro-packed', false],
  ['firmware/main.ts', '#protocol/mills', true],
  ['firmware/main.ts', '../protocol/mills.ts', false],
  ['firmware/services/refill.ts', '../journal.ts', true],
  ['driver/meter.ts', '#firmware/main', false],
  ['driver/print/escpos.ts', '../../hw/flash.ts', false],
  ['emulator/board.ts', '#firmware/main', false],
  ['provider/pool.ts', '#emulator/board', false],
  ['provider/pool.ts', '#driver/meter', true],
  ['authority/ledger.ts', '#driver/meter', false],
  ['cli/main.ts', '#test/support/world', false],
  ['cli/main.ts', '#firmware/main', false],
  ['test/firmware/boot.test.ts', '#firmware/main', true],
])('%s importing %s is allowed: %s', (file, specifier, allowed) => {
  expect(isAllowed(wallOf(folderOf(file)), targetOf(file, specifier))).toBe(allowed);
});

/** Every module that is evaluated with this one: values that are imported, not types, and not what is required later. */
function evaluatedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!file.endsWith('.ts')) return seen;
  const statement = /^(?:import|export)\s(?!type\s)(?:[^'";]*?from\s*)?['"]([^'"]+)['"]/gm;
  for (const [, specifier = ''] of readRepositoryFile(file).matchAll(statement)) {
    if (specifier.startsWith('#')) evaluatedWith(`${specifier.slice(1)}.ts`, seen);
    else if (specifier.startsWith('.')) evaluatedWith(join(dirname(file), specifier), seen);
    else seen.add(specifier);
  }
  return seen;
}

test('the image evaluates curve and cipher of noble on a board without a crypto engine only', () => {
  const slow = (modules: Set<string>): string[] =>
    [...modules].filter((name) => /^@noble\/(?:curves|ciphers)\//.test(name)).sort();

  const atStart = evaluatedWith('firmware/image.ts');

  expect(atStart).toContain('firmware/engine-crypto.ts');
  expect(slow(atStart)).toEqual([]);
  expect(slow(evaluatedWith('firmware/software-crypto.ts'))).toEqual([
    '@noble/ciphers/aes.js',
    '@noble/curves/nist.js',
  ]);
});

test('every form of import is seen', () => {
  const source = [
    "import { a } from 'one';",
    "import type {\n  B,\n  C,\n} from 'two';",
    "import * as d from 'three';",
    "import 'four';",
    "export { e } from 'five';",
    "export * from 'six';",
    "const f = await import('seven');",
    "// import from 'no import'",
    "const text = 'from';",
  ].join('\n');

  expect(importsOf(source)).toEqual(['one', 'two', 'three', 'four', 'five', 'six', 'seven']);
});

test.each(folders)('the project references of %s are its arrows in the table', (folder) => {
  const config = JSON.parse(readRepositoryFile(`${folder}/tsconfig.json`));
  const references = config.references.map(({ path }: { path: string }) => path.replace('../', ''));

  expect(references.sort()).toEqual([...wallOf(folder).folders].sort());
});

test.each(folders.filter((folder) => !wallOf(folder).node))(
  '%s sees no type of Node, no clock and no console',
  (folder) => {
    const config = JSON.parse(readRepositoryFile(`${folder}/tsconfig.json`));

    expect(config.compilerOptions.types ?? []).toEqual([]);
  },
);

/** The real project files around one small source for each arrow that could be drawn, all compiled in one go. */
describe('the compiler', () => {
  const copy = mkdtempSync(join(tmpdir(), 'walls-'));
  let complaints: string;

  beforeAll(() => {
    symlinkSync(join(repositoryRoot, 'node_modules'), join(copy, 'node_modules'));
    for (const file of ['package.json', 'tsconfig.json', 'tsconfig.base.json'])
      copyFileSync(join(repositoryRoot, file), join(copy, file));
    for (const folder of folders) {
      mkdirSync(join(copy, folder));
      copyFileSync(
        join(repositoryRoot, folder, 'tsconfig.json'),
        join(copy, folder, 'tsconfig.json'),
      );
      writeFileSync(join(copy, folder, 'brick.ts'), `export const brick = '${folder}';\n`);
      for (const other of folders.filter((name) => name !== folder))
        writeFileSync(
          join(copy, folder, `to-${other}.ts`),
          `import { brick } from '#${other}/brick';\nexport const loan: string = brick;\n`,
        );
    }
    complaints = compile(copy);
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  test.each(folders)('refuses exactly the arrows from %s that the table forbids', (folder) => {
    const refused = folders.filter((other) => complaints.includes(`${folder}/to-${other}.ts(`));

    const forbidden = folders.filter(
      (other) => other !== folder && !wallOf(folder).folders.includes(other),
    );
    expect(refused).toEqual(forbidden);
  });
});

/** What `tsc -b` prints; empty where everything compiles. */
function compile(directory: string): string {
  try {
    execFileSync(join(repositoryRoot, 'node_modules/.bin/tsc'), ['-b', '--pretty', 'false'], {
      cwd: directory,
      encoding: 'utf8',
    });
    return '';
  } catch (failure) {
    return String((failure as { stdout: string }).stdout);
  }
}
