/**
 * Key pairs that do not fit together, when they are born and when they are loaded: in the image by itself, and by a crypto
 * engine that computes one of them wrongly (requirements.md A2; FIPS 140-3 IG 10.3.A).
 */

import { describe, expect, test } from 'vitest';
import type { EngineFault } from '#emulator/engine-fault';
import { createMemoryFlash } from '#emulator/flash';
import { type Bench, bench, expectStopped, initialize, logIn } from '#test/support/error-state';
import { patchedImage } from '#test/support/image-patch';
import { flashAt, type Stage } from '#test/support/meter';

/** Number that is told to the host and never reused. */
const PAIRWISE_CONSISTENCY = 33;

describe('a key pair that does not fit together', () => {
  const inconsistent = { name: 'selfTestFailed', detail: PAIRWISE_CONSISTENCY } as const;

  type Patch = readonly [pattern: RegExp, text: string];
  /** In the image by itself: the n-th public key that is computed from a private one is wrong. */
  const wrongPublicKey = (nth: number): Patch => [
    /publicKeyOf:(\w+)=>(\w+)\.getPublicKey\(\1\)/,
    `publicKeyOf:(n=>$1=>{const k=$2.getPublicKey($1);if(++n===${nth})k[9]^=1;return k})(0)`,
  ];
  /** The n-th signature is wrong. */
  const wrongSignature = (nth: number): Patch => [
    /([{,]sign:)\((\w+),(\w+)\)=>(\w+\.sign\(\3,\2,\w+\))/,
    `$1(n=>($2,$3)=>{const s=$4;if(++n===${nth})s[9]^=1;return s})(0)`,
  ];
  /** The same of a crypto engine, which computes the public key of a key that is made too. */
  const wrongAnswer = (call: EngineFault['call'], nth: number): EngineFault => {
    let calls = 0;
    const isOn = (): boolean => {
      calls += 1;
      return calls === nth;
    };
    return { call, answer: 'wrong', isOn };
  };

  /** Known answers come first; the ephemeral key of a session and its signature count as well. */
  test.each<[string, Stage, Patch | EngineFault, ((meter: Bench) => unknown) | undefined]>([
    ['the device key when it is born', 'blank', wrongPublicKey(2), undefined],
    ['the device key when it is born', 'blank', wrongAnswer('publicKey', 3), undefined],
    ['the device key when it is born, by its signature', 'blank', wrongSignature(2), undefined],
    [
      'the device key when it is born, by its signature',
      'blank',
      wrongAnswer('sign', 2),
      undefined,
    ],
    ['the indicium key when it is born', 'blank', wrongPublicKey(3), initialize],
    ['the indicium key when it is born', 'blank', wrongAnswer('publicKey', 6), initialize],
    ['the device key when it is loaded', 'refilled', wrongPublicKey(2), undefined],
    ['the device key when it is loaded', 'refilled', wrongAnswer('publicKey', 2), undefined],
    ['the device key when loaded, by its signature', 'refilled', wrongSignature(2), undefined],
    ['the device key when loaded, by its signature', 'refilled', wrongAnswer('sign', 2), undefined],
    ['the indicium key when it is loaded', 'refilled', wrongPublicKey(3), logIn],
    ['the indicium key when it is loaded', 'refilled', wrongAnswer('publicKey', 4), logIn],
    ['the indicium key when loaded, by its signature', 'refilled', wrongSignature(4), logIn],
    ['the indicium key when loaded, by its signature', 'refilled', wrongAnswer('sign', 4), logIn],
  ])('%s', async (_name, stage, wrong, act) => {
    const flash = stage === 'blank' ? createMemoryFlash() : await flashAt(stage);
    const options =
      'call' in wrong ? { cryptoEngine: wrong } : { ...patchedImage(wrong), cryptoEngine: false };
    await using meter = bench(flash, options);

    if (act !== undefined) expect(act(meter)).toBeUndefined();

    expectStopped(meter, inconsistent);
  });
});
