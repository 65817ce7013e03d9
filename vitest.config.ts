import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/lanes/**', 'node_modules/**'],
    reporters: ['default', './tools/closing-line-reporter.ts'],
    pool: 'threads',
    testTimeout: 20_000,
  },
});
