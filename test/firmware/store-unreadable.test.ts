/** A bank whose sectors give empty reads: a save must not be taken for good. */
import { expect, test } from 'vitest';
import { createMemoryFlash } from '#emulator/flash';
import { flashLayout } from '#firmware/flash-layout';
import { bornContent, openStore } from '#firmware/store';
import { crypto } from '#test/support/firmware-flash';

test('a save that cannot be read back is a fault, and the generation before it still loads', () => {
  const flash = createMemoryFlash({
    geometry: { size: 13 * 4096, sectorSize: 4096, programUnit: 16 },
    endurance: 3,
    wearFailure: 'readFails',
  });
  const store = openStore(flash, flashLayout(flash), crypto, new Uint8Array(32));
  const content = bornContent(new Uint8Array(33), new Uint8Array(60));
  let generation = 1;
  for (let save = 0; save < 6; save += 1) generation = store.save(content, generation);

  expect(() => store.save(content, generation)).toThrow('flashFailed');
  expect(() => store.load(generation)).not.toThrow();
});
