/** The lanes: tests that need tools of Debian or the packed package; `npm run lanes` installs what is missing. */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/lanes/**/*.test.ts'],
    reporters: ['default', ['./tools/closing-line-reporter.ts', { script: 'lanes' }]],
    pool: 'forks',
    // One lane at a time: they start programs, build packages and measure.
    fileParallelism: false,
    testTimeout: 120_000,
    // Under continuous integration a test that passes at its second try is told as unsteady, and stops nobody's work.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    hookTimeout: 30_000,
  },
});
