/** A weak bit in the request id of a record: what is found under a request id has that request id. */
import { expect, test } from 'vitest';
import { planCuts } from '#emulator/flash/cut-plan';
import type { Journal } from '#firmware/journal';
import { NO_DETAIL } from '#firmware/journal-record';
import { debit } from '#firmware/registers';
import { mills } from '#protocol/mills';
import { powerUp, smallFlash } from '#test/support/firmware-flash';

function charge(journal: Journal): void {
  const counter = journal.state.requestId.counter + 1;
  const next = debit(
    journal.state,
    { counter, nonce: 5 },
    { ...NO_DETAIL, postage: mills(counter) },
  );
  if (!next.ok) throw new Error(next.status);
  journal.append('debit', next.value);
  journal.appendSignature({
    requestId: { counter, nonce: 5 },
    signature: new Uint8Array(64).fill(counter),
    certificateSerial: 1,
    originZip: 2,
    softwareId: new Uint8Array(6),
    keyId: new Uint8Array(8),
  });
  journal.sync();
}

test('no record is found under a request id that it does not have', () => {
  const flash = smallFlash();
  const first = powerUp(flash);
  first.append('refillCommit', {
    ...first.state,
    descending: mills(1_000_000),
    credited: mills(1_000_000),
  });
  first.sync();
  const before = flash.snapshot();
  const wrong: string[] = [];
  let cuts = 0;
  const plan = planCuts(
    [
      { op: 'program', offset: 0, length: 144 },
      { op: 'program', offset: 0, length: 144 },
    ],
    ['weak'],
  );
  for (let number = 0; number < plan.count; number += 1) {
    const { operations, cut } = plan.at(number);
    const at = cut.tornBytes ?? 0;
    if (!(operations === 0 ? at >= 70 && at < 78 : at >= 8 && at < 16)) continue;
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
  console.log(cuts, wrong.length);
  expect(wrong.slice(0, 5)).toEqual([]);
});
