/** How a subcommand is run: it gives its exit code, and whatever it throws becomes one. */

import type { Output } from './output.ts';

export type Action = (output: Output) => Promise<number>;
export type Run = (action: Action) => Promise<void>;
