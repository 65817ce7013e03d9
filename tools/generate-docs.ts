/** `npm run docs`: writes the documents that are made from the code; with `--check`, tells which of them are stale. */

import { existsSync, writeFileSync } from 'node:fs';
import { generatedDocuments } from './generated-documents.ts';
import { readRepositoryFile, repositoryRoot } from './sources.ts';

const isCheck = process.argv.includes('--check');
const documents = generatedDocuments();
const stale = documents
  .filter(
    ({ path, text }) => !existsSync(repositoryRoot + path) || readRepositoryFile(path) !== text,
  )
  .map(({ path }) => path);

for (const { path, text } of documents)
  if (!isCheck && stale.includes(path)) writeFileSync(repositoryRoot + path, text);

if (isCheck && stale.length > 0) {
  process.stderr.write(`stale: ${stale.join(', ')}; run npm run docs\n`);
  process.exitCode = 1;
}
process.stdout.write(
  `${JSON.stringify({ script: 'docs', documents: documents.length, stale: stale.length })}\n`,
);
