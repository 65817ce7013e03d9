/** The tests that Stryker runs: of registers and journal alone, without an image that would have to be built for each mutant. */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/firmware/{registers,journal}*.test.ts'],
    testNamePattern: /^(?!the audit heads of a meter)/, // it needs an image
    pool: 'threads',
    testTimeout: 60_000,
  },
});
