/** The generated documents are what the code says now. */

import { existsSync } from 'node:fs';
import * as P from 'micro-packed';
import { describe, expect, test } from 'vitest';
import { bytes8, bytes16, flags, listOf, mills24, oneOf, rest, u16, u40 } from '#protocol/fields';
import { commandLayout, namedLayout } from '#tools/declared-layout';
import { generatedDocuments } from '#tools/generated-documents';
import { type Field, fieldsOf } from '#tools/layout';
import { markdownTable, withGenerated } from '#tools/markdown';
import { readRepositoryFile, repositoryFiles, repositoryRoot } from '#tools/sources';

test.each(generatedDocuments())('$path is fresh (npm run docs writes it)', ({ path, text }) => {
  expect(readRepositoryFile(path)).toBe(text);
});

test('every link from one file of the repository to another leads to it', () => {
  const pages = repositoryFiles().filter((file) => file.endsWith('.md'));

  const links = pages.flatMap((page) =>
    [...readRepositoryFile(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => ({
      page,
      target: new URL(link as string, `file:///${page}`).pathname.slice(1),
    })),
  );

  expect(links.filter(({ target }) => !existsSync(repositoryRoot + target))).toEqual([]);
  expect(links.length).toBeGreaterThan(3);
});

const short = ({ name, kind, size, extent }: Field): string => `${name} ${kind} ${size} ${extent}`;

describe('a layout is read back from its coder', () => {
  test('with the size of each field as it decodes', () => {
    const layout = P.struct({
      count: u16,
      postage: mills24,
      destination: u40,
      colour: oneOf(['red', 'blue']),
      isLocked: P.bool,
      locks: flags(['red', 'blue']),
      extras: listOf(u16, mills24),
      digest: P.bytes(32),
      secret: bytes8,
      certificate: bytes16,
      document: rest,
    });

    expect(fieldsOf(layout as P.CoderType<unknown>).map(short)).toEqual([
      'count number 2 fixed',
      'postage number 3 fixed',
      'destination number 5 fixed',
      'colour name 1 fixed',
      'isLocked boolean 1 fixed',
      'locks flags 1 fixed',
      'extras list 2 prefixed',
      'digest bytes 32 fixed',
      'secret bytes 1 prefixed',
      'certificate bytes 2 prefixed',
      'document bytes 0 rest',
    ]);
  });

  test('and a struct inside a struct as one field of its own fields', () => {
    const layout = P.struct({ id: P.struct({ counter: u16, nonce: u40 }), amount: mills24 });

    const [id, amount] = fieldsOf(layout as P.CoderType<unknown>);

    expect(short(id as Field)).toBe('id struct 7 fixed');
    expect(id?.fields.map(short)).toEqual(['counter number 2 fixed', 'nonce number 5 fixed']);
    expect(short(amount as Field)).toBe('amount number 3 fixed');
  });
});

describe('a declaration is found in its source', () => {
  const source = `
export const shared = P.struct({
  first: u8,
  /** Two
   * lines. */
  second: oneOf(['a, b', "c"]), // never this
});

export const commands = {
  go: command({
    code: 1,
    request: P.struct({ shared, size: bytes(8) }),
    response: shared,
  }),
};
`;

  test('with types and comments', () => {
    expect(namedLayout(source, 'shared')).toEqual([
      { name: 'first', type: 'u8', comment: '' },
      { name: 'second', type: `oneOf(['a, b', "c"])`, comment: 'Two lines.' },
    ]);
    expect(commandLayout(source, 'go', 'request')).toEqual([
      { name: 'shared', type: 'shared', comment: '' },
      { name: 'size', type: 'bytes(8)', comment: '' },
    ]);
    expect(commandLayout(source, 'go', 'response')).toBe('shared');
  });

  test('and what is not there is not invented', () => {
    expect(() => namedLayout(source, 'other')).toThrow('other is declared nowhere');
    expect(() => commandLayout(source, 'stop', 'request')).toThrow('stop declares no request');
  });
});

test('a table escapes the bars in its cells', () => {
  expect(markdownTable(['a', 'b'], [['1|2', '3']])).toBe('| a | b |\n| --- | --- |\n| 1\\|2 | 3 |');
});

test('only what stands between the marks is replaced', () => {
  const page = 'before\n<!-- generated: x -->\nold\n<!-- end of x -->\nafter';

  expect(withGenerated(page, 'x', 'new')).toBe(page.replace('old', '\nnew\n'));
  expect(() => withGenerated(page, 'y', 'new')).toThrow('no marks for y');
});
