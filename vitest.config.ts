/** The tests that need nothing but `npm ci`; the ones that need Debian's tools are in vitest.lanes.config.ts. */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/lanes/**', 'node_modules/**'],
    reporters: ['default', ['./tools/closing-line-reporter.ts', { script: 'test' }]],
    pool: 'threads',
    // By default one core is left idle, which on two is half of them.
    maxWorkers: '100%',
    // Nothing here waits for time to pass; exhaustive tests take a few seconds, more on a busy machine.
    testTimeout: 60_000,
    // Under continuous integration a test that passes at its second try is told as unsteady, and stops nobody's work.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    hookTimeout: 60_000,
  },
});
