/** The first step, and the first build, that is otherwise (docs/trace.md). */

import { beforeAll, describe, expect, test } from 'vitest';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import { type ImageFile, loadImage } from '#emulator/image-file';
import { type Candidate, compareCandidates, searchBuilds } from '#emulator/trace/bisect';
import type { Trace } from '#emulator/trace/event';
import { patchedImage } from '#test/support/image-patch';
import { recordedLife } from '#test/support/recorded-life';

let trace: Trace;
beforeAll(async () => {
  ({ trace } = await recordedLife());
});

const on = (name: string, image: ImageFile): Candidate => ({ name, image, cpu: createNodeVmCpu() });
/** Does the same as the image that was recorded. */
const harmless = (number: number): ImageFile => patchedImage([/^/, `/*${number}*/`]);
/** Says another number where it refuses. */
const wrong = (number: number): ImageFile =>
  patchedImage([/postageAboveMaximum:\{code:\d+/, `postageAboveMaximum:{code:${1_000 + number}`]);

describe('of two', () => {
  test('that do the same nothing is told', () => {
    const processors = compareCandidates(
      trace,
      { ...on('one', loadImage()), cpu: createNodeVmCpu() },
      { ...on('other', loadImage()), cpu: createQuickJsCpu() },
    );

    expect(processors).toMatchObject({ relation: 'same', first: undefined });
  });

  test('the one that leaves the trace is named, with its step', () => {
    const compared = compareCandidates(trace, on('old', harmless(1)), on('new', wrong(1)));

    expect(compared.relation).toBe('different');
    expect(compared.first).toMatchObject({ name: 'new', found: expect.stringMatching(/^ports\./) });
    expect(compared.verdicts.map(({ divergence }) => divergence?.step)).toEqual([
      undefined,
      compared.first?.step,
    ]);
  });

  test('that leave it alike it is not said that they are the same', () => {
    const compared = compareCandidates(trace, on('one', wrong(1)), on('other', wrong(1)));

    expect(compared.relation).toBe('unknown');
  });

  test('that leave it in the same step in other ways they are told apart', () => {
    const compared = compareCandidates(trace, on('one', wrong(1)), on('other', wrong(2)));

    expect(compared.relation).toBe('different');
  });
});

describe('of many builds', () => {
  const builds = (firstWrong: number): Candidate[] =>
    Array.from({ length: 8 }, (_, number) =>
      on(`build ${number}`, number < firstWrong ? harmless(number) : wrong(number)),
    );

  test.each([0, 5])('the first wrong one is number %i, in four replays', (firstWrong) => {
    const { firstBad, lastGood, tried } = searchBuilds(trace, builds(firstWrong));

    expect(firstBad?.name).toBe(`build ${firstWrong}`);
    expect(lastGood).toBe(firstWrong === 0 ? undefined : `build ${firstWrong - 1}`);
    expect(tried.length).toBeLessThanOrEqual(4);
  });

  test('none is wrong where the newest is right', () => {
    expect(searchBuilds(trace, builds(8))).toMatchObject({
      firstBad: undefined,
      lastGood: 'build 7',
    });
  });
});
