/**
 * How much memory machines hold that are alive, and that were killed while somebody still held them, in bytes, as JSON:
 * `node --expose-gc killed-machines.ts`. In a process of its own, since the collector is shown to a whole process.
 */

import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import type { Hardware } from '#hw/hardware';
import { TEST_FIRMWARE } from './test-firmware.ts';

const MACHINES = 20;
const collect = (globalThis as unknown as { gc: () => void }).gc;
const cpu = createQuickJsCpu();
const source = `const large = new Uint8Array(2 << 20).fill(7); ${TEST_FIRMWARE}`;
const hardware = {
  indicator: { show: () => undefined },
  entropy: { read: (length: number) => new ArrayBuffer(length) },
} as unknown as Hardware;

function held(areKilled: boolean): number {
  collect();
  const before = process.memoryUsage().external;
  const machines = Array.from({ length: MACHINES }, () => {
    const running = cpu.boot({ form: 'source', source }, hardware);
    if (areKilled) running.kill();
    return running;
  });
  collect();
  const after = process.memoryUsage().external;
  for (const running of machines) running.kill(); // and until here all of them are held
  return after - before;
}

const alive = held(false);
const killed = held(true);
process.stdout.write(JSON.stringify({ alive, killed }));
