/** A weak bit in the type byte of a signature record: the record must never be taken for a state. */
import { expect, test } from 'vitest';
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

test('weak bit in the type of a signature record: registers are those of the debit, at every boot', () => {
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
  for (let seed = 0; seed < 60; seed += 1) {
    flash.restore(before);
    const journal = powerUp(flash);
    flash.losePowerAfter(1, { tear: 'weak', tornBytes: 0, seed });
    expect(() => charge(journal)).toThrow();
    for (let boot = 0; boot < 6; boot += 1) {
      flash.restorePower();
      const { ascending, descending } = powerUp(flash).state;
      if (ascending !== 1 || descending !== 999_999)
        wrong.push(`seed ${seed} boot ${boot}: ${ascending} / ${descending}`);
    }
  }
  expect(wrong).toEqual([]);
});
