/** docs/http.md says what the servers do. */

import { expect, test } from 'vitest';
import { httpDocument } from '#tools/http-document';
import { readRepositoryFile } from '#tools/sources';

test('docs/http.md is made from the route tables as they are now', () => {
  expect(readRepositoryFile('docs/http.md')).toBe(httpDocument());
});
