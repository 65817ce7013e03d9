/** The targets with their probes. */

import { type InstrumentedBundle, instrumentedBundle } from '../engine/bundle.ts';
import type { Target } from '../target.ts';

export interface Loaded {
  readonly bundle: InstrumentedBundle;
  readonly targets: readonly Target[];
}

export async function loadTargets(): Promise<Loaded> {
  const bundle = await instrumentedBundle('test/fuzz/targets.ts');
  return { bundle, targets: bundle.exports['targets'] as readonly Target[] };
}
