/** A weak bit in the type byte of a signature record: the record must never be taken for a state. */
import { expect, test } from 'vitest';
import { powerUp, smallFlash } from '#test/support/firmware-flash';
import { charge, funded } from '#test/support/journal-use';

test('weak bit in the type of a signature record: registers are those of the debit, at every boot', () => {
  const flash = smallFlash();
  const first = powerUp(flash);
  funded(first);
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
