/** The health tests of the noise source (SP 800-90B 4.4; requirements.md A2). */

import { expect, test } from 'vitest';
import {
  createBiasedEntropy,
  createSeededEntropy,
  createStuckEntropy,
  deadEntropy,
} from '#emulator/entropy';
import {
  createTestedEntropy,
  PROPORTION_CUTOFF,
  PROPORTION_WINDOW,
  REPETITION_CUTOFF,
} from '#firmware/entropy';

/** A source that gives these samples and then no more. */
const scripted = (samples: readonly number[]) => ({
  read: (length: number) => Uint8Array.from(samples.slice(0, length)).buffer,
});

const counting = (length: number) => Array.from({ length }, (_, index) => index % 256);

test('a healthy source passes, for as long as it is read', () => {
  const tested = createTestedEntropy(createSeededEntropy(7));

  for (let reading = 0; reading < 50; reading++) expect(tested.read(4096)).toHaveLength(4096);
});

test.each([
  ['a stuck source', createStuckEntropy(0x5a)],
  ['a dead source', deadEntropy],
  ['a source that is nearly always the same', createBiasedEntropy(3, 250)],
])('%s is a fault', (_name, source) => {
  expect(() => createTestedEntropy(source).read(4096)).toThrow('entropyFailed');
});

test('repetition: one sample fewer than the cut-off passes, the cut-off does not', () => {
  const same = (times: number) => [1, ...Array.from({ length: times }, () => 7), 2];

  expect(() => createTestedEntropy(scripted(same(REPETITION_CUTOFF - 1))).read(42)).not.toThrow();
  expect(() => createTestedEntropy(scripted(same(REPETITION_CUTOFF))).read(43)).toThrow(
    'entropyFailed',
  );
});

test('proportion: one match fewer than the cut-off in a window passes, the cut-off does not', () => {
  const window = (matches: number) => {
    const others = PROPORTION_WINDOW - matches;
    const samples = Array.from({ length: PROPORTION_WINDOW }, () => 9);
    for (let each = 0; each < others; each++) samples[1 + each * 5] = counting(200)[each] ?? 0;
    return samples;
  };

  const passing = window(PROPORTION_CUTOFF - 10).map((sample, at) => (at > 500 ? at % 7 : sample));
  expect(passing.filter((sample) => sample === 9).length).toBeLessThan(PROPORTION_CUTOFF);
  expect(() => createTestedEntropy(scripted(passing)).read(PROPORTION_WINDOW)).not.toThrow();
  expect(() =>
    createTestedEntropy(scripted(window(PROPORTION_CUTOFF))).read(PROPORTION_WINDOW),
  ).toThrow('entropyFailed');
});

test('the tests go on from one reading to the next', () => {
  const halves = [Array.from({ length: 30 }, () => 5), Array.from({ length: 30 }, () => 5)];
  const tested = createTestedEntropy({
    read: () => Uint8Array.from(halves.shift() ?? []).buffer,
  });
  tested.read(30);

  expect(() => tested.read(30)).toThrow('entropyFailed');
});
