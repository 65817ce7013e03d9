/** What a refusal must leave alone: everything. */

import { expect } from 'vitest';
import type { TestMeter } from './meter.ts';

/** Refused by name, with what it counts; not a bit of the flash has changed, so that no register has moved. */
export async function expectRefused(
  { flash }: Pick<TestMeter, 'flash'>,
  ask: () => Promise<unknown>,
  status: string,
  detail = 0,
): Promise<void> {
  const before = flash.contents();
  await expect(ask()).rejects.toMatchObject({ status, detail });
  expect(Buffer.compare(flash.contents(), before)).toBe(0);
}
