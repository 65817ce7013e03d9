/** The second implementation stands alone, and its vectors are those in the repository. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readRepositoryFile, repositoryFiles } from '#tools/sources';
import { importsOf } from '#tools/walls';
import { vectorText } from './vectors.ts';

test('no source of it imports anything of ours', () => {
  const sources = repositoryFiles().filter(
    (file) => /^test\/independent\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'),
  );

  const imports = sources.flatMap((file) => importsOf(readRepositoryFile(file)));

  expect(imports.filter((name) => !/^(?:node:(?:crypto|fs)|\.\/[a-z-]+\.ts)$/.test(name))).toEqual(
    [],
  );
  expect(sources.length).toBeGreaterThanOrEqual(5);
  expect(imports).toContain('node:crypto');
});

test('the vectors are fresh (node test/independent/make-vectors.ts writes them)', () => {
  const file = new URL('../golden/v01/channel.txt', import.meta.url);

  expect(readFileSync(file, 'utf8')).toBe(vectorText());
});
