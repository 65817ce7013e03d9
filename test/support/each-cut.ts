/** A request with power cut at every operation of the flash that it brings about, and what is found afterwards. */

import { certifiedCopy, meterWith, type TestMeter } from './meter.ts';

/** Of the bytes of an operation, how many are written when power fails: a part by turns, and all. */
const PARTS = [0, 7, 60, 1_000] as const;
const ALL = 4_096;

/**
 * @param contents of the flash before
 * @param prepare what comes before the request and is not cut, as a log-in
 * @param perform the request
 * @param judge looks at the meter that comes up again; called at each of two power-ups
 * @param options of the board: with a crypto engine it goes ten times as fast
 * @returns how many operations there are
 */
export async function atEachCut<T>(
  contents: Uint8Array,
  prepare: (meter: TestMeter) => Promise<T>,
  perform: (prepared: T) => Promise<unknown>,
  judge: (meter: TestMeter, boot: number) => Promise<void>,
  options: Parameters<typeof meterWith>[1] = {},
): Promise<number> {
  const operations = await operationsOf(contents, prepare, perform, options);
  for (let half = 0; half < 2 * operations; half++) {
    const operation = half >> 1;
    const tornBytes = half % 2 === 1 ? ALL : (PARTS[operation % PARTS.length] as number);
    const flash = certifiedCopy(contents);
    await using cut = meterWith(flash, options);
    const prepared = await prepare(cut);
    flash.losePowerAfter(operation, { tornBytes });
    await perform(prepared).catch(() => undefined);
    if (cut.board.isPowered) throw new Error(`operation ${operation} of ${operations} was not cut`);
    flash.restorePower();
    for (let boot = 0; boot < 2; boot++) {
      flash.reseed(half + boot); // weak bits read otherwise
      await using meter = meterWith(certifiedCopy(flash.contents()), options);
      await judge(meter, boot);
    }
  }
  return operations;
}

async function operationsOf<T>(
  contents: Uint8Array,
  prepare: (meter: TestMeter) => Promise<T>,
  perform: (prepared: T) => Promise<unknown>,
  options: Parameters<typeof meterWith>[1],
): Promise<number> {
  const flash = certifiedCopy(contents);
  await using meter = meterWith(flash, options);
  const prepared = await prepare(meter);
  const trace = flash.traceOperations();
  await perform(prepared);
  return trace.operations.length;
}
