/** Ends a test run with the line that continuous integration counts, `N passed, N failed`, and its figures as JSON. */

import type { Reporter, TestModule } from 'vitest/node';

/** Options: the name of the npm script that runs, for the line of figures. */
export default class ClosingLineReporter implements Reporter {
  readonly #script: string;
  readonly #startMs = performance.now();

  constructor({ script }: { readonly script: string }) {
    this.#script = script;
  }

  onTestRunEnd(testModules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const unsteady: string[] = [];
    for (const testModule of testModules) {
      if (testModule.errors().length > 0) counts.failed += 1; // the file itself did not load
      for (const test of testModule.children.allTests()) {
        const { state } = test.result();
        if (test.diagnostic()?.flaky === true)
          unsteady.push(`${testModule.relativeModuleId} > ${test.fullName}`);
        if (state === 'passed' || state === 'failed' || state === 'skipped') counts[state] += 1;
      }
    }
    const figures = {
      script: this.#script,
      files: testModules.length,
      ...counts,
      unsteady: unsteady.length,
      durationMs: Math.round(performance.now() - this.#startMs),
    };
    for (const name of unsteady)
      process.stdout.write(`unsteady, passed at its second try: ${name}\n`);
    const closingLine = `${counts.passed} passed, ${counts.failed} failed`;
    process.stdout.write(`\n${closingLine}\n${JSON.stringify(figures)}\n`);
  }
}
