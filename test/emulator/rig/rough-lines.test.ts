/** Lines that treat bytes badly: each fault alone, by its seed, and for so long as was said (requirements.md F1, H4). */

import { describe, expect, test } from 'vitest';
import { pieceRequest } from '#driver/piece';
import { createRoughLines, type Roughness } from '#emulator/rig/rough-lines';
import { mills } from '#protocol/mills';
import { makeTestBoard } from '#test/support/board';
import { emulatedMeter } from '#testing/emulated-meter';
import { POSTAGE_SERVICE } from '#testing/made-meter';

const MAILING = { mailingDate: 20260301, destination: 0 };
const well: Roughness = {
  ...{ drop: 0, flip: 0, double: 0, delay: 0, delayMs: 1, split: 0 },
  direction: 'both',
  seed: 5,
  portions: 1_000,
};

/** What a board sends out of what it is told to echo, portion by portion. */
function echoes(roughness: Partial<Roughness>, portions: readonly string[]) {
  const { board } = makeTestBoard();
  const heard: string[] = [];
  const lines = createRoughLines(board, () => undefined);
  lines.onSend(1, (bytes) => heard.push(Buffer.from(bytes).toString('latin1')));
  lines.roughen(1, { ...well, ...roughness });
  for (const portion of portions) lines.receive(1, Buffer.from(portion));
  return { heard, lines };
}

describe('a line', () => {
  const three = ['echo a', 'echo b', 'echo c'];
  const [one] = echoes({}, ['echo a']).heard as [string];

  test('that is well carries what it is given', () => {
    const { heard, lines } = echoes({}, three);

    expect(heard).toHaveLength(3);
    expect(lines.counts(1)).toEqual({ dropped: 0, flipped: 0, doubled: 0, delayed: 0, split: 0 });
  });

  test.each<[Partial<Roughness>, readonly string[], object]>([
    [{ drop: 100, direction: 'toMeter' }, [], { dropped: 1 }],
    [{ drop: 100, direction: 'fromMeter' }, [], { dropped: 1 }],
    [{ double: 100, direction: 'fromMeter' }, [one, one], { doubled: 1 }],
    [{ split: 100, direction: 'fromMeter' }, [...one], { split: 1 }],
    [{ drop: 100, portions: 0 }, [one], { dropped: 0 }],
  ])('%o', (roughness, expected, counts) => {
    const { heard, lines } = echoes(roughness, ['echo a']);

    expect(heard).toEqual(expected);
    expect(lines.counts(1)).toMatchObject(counts);
  });

  test('turns one bit round, the same one for the same seed', () => {
    const bitsChanged = (text: string): number =>
      [...text].reduce(
        (sum, sign, at) =>
          sum +
          ((sign.charCodeAt(0) ^ one.charCodeAt(at)) >>> 0).toString(2).replaceAll('0', '').length,
        0,
      );

    const once = echoes({ flip: 100, direction: 'fromMeter' }, ['echo a']).heard;
    const again = echoes({ flip: 100, direction: 'fromMeter' }, ['echo a']).heard;

    expect(bitsChanged(once[0] as string)).toBe(1);
    expect(again).toEqual(once);
  });

  test('forgets its faults when it is mended, and after so many portions', () => {
    const { heard, lines } = echoes({ drop: 100, direction: 'toMeter', portions: 2 }, three);
    expect(heard).toHaveLength(1);

    lines.roughen(1, { ...well, drop: 100 });
    lines.mend(1);
    lines.receive(1, Buffer.from('echo d'));

    expect(heard).toHaveLength(2);
  });

  test('brings what is late later, unless it is forgotten', async () => {
    const { heard, lines } = echoes({ delay: 100, direction: 'toMeter' }, ['echo a']);
    expect(heard).toEqual([]);
    await expect.poll(() => heard).toEqual([one]);

    lines.roughen(1, { ...well, delay: 100, delayMs: 5 });
    lines.receive(1, Buffer.from('echo b'));
    lines.forget();
    lines.mend(1);
    lines.receive(1, Buffer.from('echo c'));

    expect(heard).toHaveLength(2);
  });
});

test.each<[string, Partial<Roughness>]>([
  ['split at every byte', { split: 100 }],
  ['doubled', { double: 100 }],
  ['with one portion in ten lost', { drop: 10, portions: 12 }],
  ['with one portion in ten damaged', { flip: 10, portions: 12 }],
])('a piece is charged once over a line that is %s', async (_, roughness) => {
  await using meter = await emulatedMeter({ lifeCycle: 'funded' });
  const user = await meter.logIn('user');
  meter.rig.lines.roughen(0, { ...well, ...roughness });

  const piece = { serviceId: POSTAGE_SERVICE, postage: mills(300), ...MAILING };
  await user.createIndicium(pieceRequest({ counter: 1, nonce: 2 }, piece), { timeoutMs: 1_000 });
  meter.rig.lines.mend(0);

  expect(await user.registers()).toMatchObject({ ascending: 300, pieceCount: 1 });
});
