/** What goes between the threads of a run. */

import type { LoopReport } from '../engine/loop.ts';

export interface Task {
  readonly target: string;
  readonly seed: number;
  readonly executions: number | undefined;
  readonly forMs: number | undefined;
  readonly kept: readonly Uint8Array[];
}

export type News =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly executions: number }
  | { readonly kind: 'report'; readonly report: LoopReport };

/** Memory that both sides see: a thread that hangs tells nothing any more. */
export interface Memory {
  /** Executions begun, and the size of the input of the last one. */
  readonly clock: Int32Array;
  readonly input: Uint8Array;
}

export const INPUT_SIZE_MAX = 65_536;
