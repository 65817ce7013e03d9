/** The boot ROM lets exactly the signed image run, and evaluates nothing of any other (requirements.md H2, A3). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { checkImage } from '#emulator/boot-rom';
import { createSecurityFuse } from '#emulator/security-fuse';
import { signImage } from '#protocol/documents/image-header';
import { ask, makeTestBoard } from '#test/support/board';
import { TEST_FIRMWARE, testImage, testImageKey } from '#test/support/test-firmware';

const image = testImage();
const { publicKey } = testImageKey;

function flipped(at: number, bit = 0): Uint8Array {
  const copy = image.slice();
  copy[at] = (copy[at] as number) ^ (1 << bit);
  return copy;
}

test('an image that is whole runs', () => {
  const check = checkImage(publicKey, 1, image);

  expect(check).toMatchObject({ ok: true, program: { form: 'source', source: TEST_FIRMWARE } });
  expect(makeTestBoard().board.fault).toBeUndefined();
});

/** Where the parts of an image begin: magic 4, version 1, image and security version 4 + 4, size 4, digest 32, … */
describe('refuses an image with one flipped bit in', () => {
  test.each([
    ['the magic', 0],
    ['the version of the header', 4],
    ['the version of the image', 5],
    ['the security version', 9],
    ['the size of the body', 13],
    ['the digest', 17],
    ['the last byte of the digest', 48],
    ['the key id', 49],
    ['the reserved bytes', 57],
    ['r of the signature', 64],
    ['s of the signature', 127],
    ['the first byte of the body', 128],
    ['the last byte of the body', image.length - 1],
  ])('%s', (_, at) => {
    expect(checkImage(publicKey, 0, flipped(at)).ok).toBe(false);
  });

  test('any place at all', () => {
    const anyBit = fc.tuple(fc.nat(image.length - 1), fc.nat(7));

    fc.assert(
      fc.property(anyBit, ([at, bit]) => {
        expect(checkImage(publicKey, 0, flipped(at, bit)).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

test.each([0, 1, 127, 128, 129, image.length - 1])('refuses an image cut to %d bytes', (size) => {
  expect(checkImage(publicKey, 0, image.subarray(0, size)).ok).toBe(false);
});

test('refuses an image with a byte behind it', () => {
  expect(checkImage(publicKey, 0, Buffer.concat([image, Buffer.of(0)])).ok).toBe(false);
});

test('refuses an image that another key signed', () => {
  const other = nodeCrypto.generateKeyPair();

  expect(checkImage(other.publicKey, 0, image).ok).toBe(false);
});

test.each([
  ['no point of the curve', Uint8Array.of(2, ...new Uint8Array(31).fill(0xff), 0)],
  ['nothing', Uint8Array.of()],
])('refuses every image where the fuses hold %s', (_, key) => {
  expect(checkImage(key, 0, image).ok).toBe(false);
});

test('refuses a signed body that is no UTF-8', () => {
  const versions = { imageVersion: 1, securityVersion: 1 };
  const body = Uint8Array.of(0x2f, 0x2f, 0xc0, 0xaf);

  const check = checkImage(publicKey, 0, signImage(nodeCrypto, testImageKey, versions, body));

  expect(check).toEqual({ ok: false, reason: 'Its body is not UTF-8.' });
});

test('a bad image leaves the board dead: lamp on error, no answer, nothing evaluated', () => {
  const marker = `${TEST_FIRMWARE}; hardware.flash.erase(0);`;
  const bad = testImage(marker);
  bad[bad.length - 1] = 0x20; // for the semicolon: the program stays the same

  const { board, flash } = makeTestBoard({ image: bad });
  board.tick();

  expect(board.fault).toMatchObject({ kind: 'imageRefused' });
  expect(board.indicator).toBe('error');
  expect(board.isPowered).toBe(true);
  expect(ask(board, 'ehello')).toEqual([]);
  expect(flash.counters.erases).toBe(0);
});

test('a board never goes back to an image of a lower security version', () => {
  const securityFuse = createSecurityFuse();
  makeTestBoard({ securityFuse, image: testImage(TEST_FIRMWARE, 3) });

  const older = makeTestBoard({ securityFuse, image: testImage(TEST_FIRMWARE, 2) });
  const same = makeTestBoard({ securityFuse, image: testImage(TEST_FIRMWARE, 3) });

  expect(older.board.fault?.message).toContain('security version is 2, below 3');
  expect(same.board.fault).toBeUndefined();
});

test('an image that does not come up burns no fuse', () => {
  const securityFuse = createSecurityFuse(1);

  const { board } = makeTestBoard({ securityFuse, image: testImage('throw new Error("no")', 9) });

  expect(board.fault?.kind).toBe('crashed');
  expect(securityFuse.value).toBe(1);
});
