/**
 * Records ticks until it is killed: `node killed-recorder.ts FILE TICKS HOW`. It says when all of them were given to the
 * recorder; `busy` then does nothing any more, timers neither, and `idle` waits.
 */

import { writeSync } from 'node:fs';
import { writeTraceFile } from '#emulator/trace/trace-file';

const [, , path = '', ticks = '', how = ''] = process.argv;
const file = writeTraceFile(path, true);
for (let tick = 0; tick < Number(ticks); tick++) {
  file.write({ kind: 'tick', moment: { timeMs: tick, monotonicMs: tick } });
  file.write({ kind: 'end', error: undefined, quiet: '00' });
}
writeSync(1, 'written');
if (how === 'busy') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
setInterval(() => undefined, 1_000);
