/** A folder that is gone after the test. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** To be called within a test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tessera-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
