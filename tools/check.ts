/** `npm run check`: types and walls (tsc), format and lint (Biome), dead code and undeclared packages (knip). */

import { run } from './run.ts';

const steps = [['tsc', '-b'], ['biome', 'check', '--error-on-warnings'], ['knip']] as const;

const startMs = performance.now();
const verdicts: Record<string, 'ok' | 'failed'> = {};
for (const [command, ...parameters] of steps)
  verdicts[command] = run(command, ...parameters) ? 'ok' : 'failed';

const durationMs = Math.round(performance.now() - startMs);
process.stdout.write(`${JSON.stringify({ script: 'check', ...verdicts, durationMs })}\n`);
process.exitCode = Object.values(verdicts).includes('failed') ? 1 : 0;
