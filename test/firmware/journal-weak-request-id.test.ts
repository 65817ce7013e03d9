/** A weak bit in the request id of a record: what is found under a request id has that request id. */
import { expect, test } from 'vitest';
import { planCuts } from '#emulator/flash/cut-plan';
import { RECORD_SIZE } from '#firmware/journal-record';
import { powerUp, smallFlash } from '#test/support/firmware-flash';
import { charge, funded } from '#test/support/journal-use';

test('no record is found under a request id that it does not have', () => {
  const flash = smallFlash();
  const first = powerUp(flash);
  funded(first);
  const before = flash.snapshot();
  const wrong: string[] = [];
  let cuts = 0;
  const plan = planCuts(
    [
      { op: 'program', offset: 0, length: RECORD_SIZE },
      { op: 'program', offset: 0, length: RECORD_SIZE },
    ],
    ['weak'],
  );
  for (let number = 0; number < plan.count; number += 1) {
    const { operations, cut } = plan.at(number);
    const at = cut.tornBytes ?? 0;
    if (!(operations === 0 ? at >= 120 && at < 128 : at >= 8 && at < 16)) continue;
    for (let seed = 0; seed < 20; seed += 1) {
      flash.restore(before);
      const journal = powerUp(flash);
      flash.losePowerAfter(operations, { ...cut, seed });
      expect(() => charge(journal)).toThrow();
      cuts += 1;
      for (let boot = 0; boot < 6; boot += 1) {
        flash.restorePower();
        const live = powerUp(flash);
        for (let ask = 0; ask < 4; ask += 1)
          for (let bit = 0; bit < 32; bit += 1)
            for (const [counter, nonce] of [
              [(1 ^ (1 << bit)) >>> 0, 5],
              [1, (5 ^ (1 << bit)) >>> 0],
            ] as const) {
              const found = live.find(counter, nonce);
              if (found !== undefined)
                wrong.push(
                  `op ${operations} at ${at} seed ${seed} boot ${boot}: asked ${counter}/${nonce}, got ${found.debit.requestId.counter}/${found.debit.requestId.nonce}`,
                );
            }
      }
    }
  }
  expect(cuts).toBe(16 * 20);
  expect(wrong).toEqual([]);
});
