/** Services that are charged once, whatever fails between, over the real image (requirements.md B3). */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askOnce, type Settled, settle, type Wish } from '#driver/charged';
import { LinkError } from '#driver/errors';
import { stamp } from '#driver/evidence/postmark/stamp';
import { readTimeStampToken } from '#driver/evidence/postmark/time-stamp';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import { meterWith, type TestMeter } from '#test/support/meter';
import { temporaryFolder } from '#test/support/temporary-folder';
import { charges, stampingCertificate, stampingFlash } from '#test/support/user-keys';

let meter: TestMeter;
let user: Meter;
beforeAll(async () => {
  meter = meterWith(await stampingFlash());
  user = await meter.loggedIn('user');
});
afterAll(() => meter[Symbol.asyncDispose]());

const wish = (text: string): Wish<'postmark'> => ({
  number: 1,
  isStreamed: false,
  digest: nodeCrypto.sha256(ascii(text)),
  nonce: new Uint8Array(0),
});

const noteFile = (): string => join(temporaryFolder(), 'note.json');
const pieces = async (): Promise<number> => (await user.registers()).certificatePieceCount;

/** The line breaks before the meter is asked, or once it has answered. */
function breaking(when: 'before' | 'behind'): Meter {
  const lost = new LinkError({ stage: 'request', address: 'test', what: 'lost', advice: 'Again.' });
  return {
    ...user,
    address: user.address,
    server: user.server,
    isOpen: true,
    async postmark(...parameters: Parameters<Meter['postmark']>) {
      if (when === 'behind') await user.postmark(...parameters);
      throw lost;
    },
  } as Meter;
}

describe('a service whose answer was lost', () => {
  test.each(['before', 'behind'] as const)(
    '%s the meter answered is asked for again, and is charged once',
    async (when) => {
      const file = noteFile();
      const before = await pieces();

      await expect(askOnce(breaking(when), file, 'postmark', wish('a'))).rejects.toThrow(LinkError);
      expect(existsSync(file)).toBe(true);
      const { signature } = await askOnce(user, file, 'postmark', wish('a'));

      expect(signature).toHaveLength(64);
      expect(await pieces()).toBe(before + 1);
      expect(existsSync(file)).toBe(false);
    },
  );

  test('is told where something else is asked for next, and both are charged', async () => {
    const file = noteFile();
    const before = await pieces();
    await expect(askOnce(breaking('behind'), file, 'postmark', wish('b'))).rejects.toThrow();
    const settled: Settled[] = [];

    await askOnce(user, file, 'postmark', wish('c'), { onSettled: (each) => settled.push(each) });

    expect(settled).toHaveLength(1);
    expect(settled[0]).toMatchObject({
      service: 'postmark',
      request: { digest: wish('b').digest },
    });
    expect(settled[0]?.response).toBeDefined();
    expect(await pieces()).toBe(before + 2);
  });

  test('is taken up at its own meter only', async () => {
    const file = noteFile();
    await expect(askOnce(breaking('behind'), file, 'postmark', wish('d'))).rejects.toThrow();
    const note = readFileSync(file, 'utf8');
    writeFileSync(file, note.replace(/"meter":"[^"]+"/, '"meter":"TS01-0000000043"'));

    expect(await settle(user, file)).toBeUndefined();
    await expect(askOnce(user, file, 'postmark', wish('e'))).rejects.toThrow(/of TS01-0000000043/);
    expect(existsSync(file)).toBe(true);
    writeFileSync(file, note);
    expect((await settle(user, file))?.response).toBeDefined();
  });
});

test('an answer that could not be kept is asked for again, and is charged once', async () => {
  const file = noteFile();
  const before = await pieces();
  const full = () => Promise.reject(new Error('the disk is full'));
  await expect(askOnce(user, file, 'postmark', wish('g'), { keep: full })).rejects.toThrow('full');
  const kept: Uint8Array[] = [];

  await askOnce(user, file, 'postmark', wish('g'), {
    keep: ({ signature }) => {
      kept.push(signature);
    },
  });

  expect(kept).toHaveLength(1);
  expect(await pieces()).toBe(before + 1);
  expect(existsSync(file)).toBe(false);
});

test.each([
  '',
  '{',
  '{"meter":"x"}',
  '{"meter":"TS01-0000000042","service":"toString","request":"00"}',
])('a damaged note, %j, is told as one, and nothing is asked', async (content) => {
  const file = noteFile();
  writeFileSync(file, content);
  const before = await pieces();

  await expect(askOnce(user, file, 'postmark', wish('h'))).rejects.toThrow(/is damaged/);

  expect(await pieces()).toBe(before);
  expect(readFileSync(file, 'utf8')).toBe(content);
});

test('a service that is refused leaves nothing behind', async () => {
  const file = noteFile();

  const asked = askOnce(user, file, 'postmark', { ...wish('e'), number: 9 });

  await expect(asked).rejects.toMatchObject({ status: 'keyUnknown' });
  expect(existsSync(file)).toBe(false);
});

test('content is sent behind what was unfinished, which would take it away', async () => {
  const file = noteFile();
  const content = ascii('x'.repeat(20_000));
  const key = { number: 1, certificate: stampingCertificate() };
  await expect(askOnce(breaking('before'), file, 'postmark', wish('f'))).rejects.toThrow();
  const { certificateDescending } = await user.registers();

  const token = await stamp(user, file, key, {
    digest: nodeCrypto.sha256(content),
    parts: [content.subarray(0, 9_000), content.subarray(9_000)],
  });

  expect(readTimeStampToken(token)?.policy).toMatch(/\.2$/);
  const after = (await user.registers()).certificateDescending;
  expect(certificateDescending - after).toBe(2 * charges.postmark);
});
