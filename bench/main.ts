/** `npm run bench`: how fast the meter is on this machine, as ratios to a signature of node:crypto and a synced write. */

import { signBaseline, syncBaseline } from './support/baselines.ts';
import { compare } from './support/compare.ts';
import { report } from './support/report.ts';

const ROUNDS = 7;

using sync = syncBaseline('build/bench');
report('bench', await compare(ROUNDS, [signBaseline(), sync]));
