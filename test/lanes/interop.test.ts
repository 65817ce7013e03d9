/** OpenSSL judges what is written here, and is judged (docs/interop.md); the vectors are counted by `npm run interop`. */

import { describe, test } from 'vitest';
import { messageChecks } from '#test/interop/openssl/messages';
import { pathChecks } from '#test/interop/openssl/paths';
import { stampChecks } from '#test/interop/openssl/stamps';
import { openSslIn } from '#test/support/openssl';
import { temporaryFolder } from '#test/support/temporary-folder';

describe.each([
  ['time-stamps', stampChecks],
  ['messages and key files', messageChecks],
  ['chains', pathChecks],
] as const)('of %s', (_, checks) => {
  test.each(checks)('$name', async ({ holds }) => {
    await holds(openSslIn(temporaryFolder()));
  });
});
