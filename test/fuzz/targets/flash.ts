/** A flash that holds anything: a meter that is switched on over it tells its status, and never money that does not add up. */

import { createMemoryFlash } from '#emulator/flash';
import { strictFlash } from '#emulator/flash-strict';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import { makeBoard } from '#test/support/board';
import { newMeter } from '#test/support/meter';
import { rawHost } from '#test/support/raw-host';
import { hold, type Target } from '../target.ts';
import { createReader } from './reader.ts';
import { unsealedCpu } from './unsealed-cpu.ts';

const STATUS = encodeRequest('status', {});
let contents = new Uint8Array(0);
/** Places that are not erased, where a change matters. */
let used: readonly number[] = [];

/** Changes of some bytes each: where among what is used, how many, which. */
function changed(input: Uint8Array): Uint8Array {
  const reader = createReader(input);
  const result = contents.slice();
  while (!reader.isAtEnd) {
    const at = used[(reader.u16() * 16) % used.length] ?? 0;
    const [offset, size] = [reader.u8() % 32, reader.u8() % 64];
    const bytes = reader.bytes(size);
    result.set(bytes.subarray(0, Math.max(0, result.length - at - offset)), at + offset);
  }
  return result;
}

export const flashTarget: Target = {
  name: 'flash',
  scope: ['firmware/'],
  sizeMax: 200,
  share: 0.02,
  async seeds() {
    await using meter = await newMeter('refilled', { cpu: unsealedCpu().cpu });
    contents = Uint8Array.from(meter.flash.contents());
    used = [...contents.keys()].filter((at) => at % 16 === 0 && contents[at] !== 0xff);
    return [
      Uint8Array.of(0, 0, 0, 4, 1, 2, 3, 4),
      ...[1, 2, 3, 5, 8, 12, 20].map((place) =>
        Uint8Array.of(place, 0, 3, 2, 0xff, 0, place * 2, 0, 0, 1, 0),
      ),
    ];
  },
  run(input) {
    const flash = strictFlash(createMemoryFlash({ contents: changed(input) }));
    const { board } = makeBoard({ flash, cpu: unsealedCpu().cpu });
    hold(board.fault === undefined, 'whatever the flash holds, the board comes up');
    const message = rawHost(board).exchange('open', STATUS);
    const answer = message && decodeResponse('status', message.payload);
    hold(answer?.ok === true, 'a meter always tells its status');
    const { registers, registersValid, state } = answer.value;
    const { ascending, descending, withdrawn, credited, spoilageCredited } = registers;
    const isConserved = ascending + descending + withdrawn === credited + spoilageCredited;
    hold(isConserved || !registersValid, 'what is told as valid adds up');
    hold(registersValid || state === 'error', 'without registers nothing works');
    board.powerOff();
  },
};
