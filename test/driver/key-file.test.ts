/** The key file of the user: under a password, checked, never overwritten (requirements.md F3). */

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  changeKeyFilePassword,
  createKeyFile,
  KeyFileError,
  openKeyFile,
  readKeyFileHeader,
} from '#driver/key-file';
import { nodeCrypto } from '#driver/node-crypto';
import { readGolden } from '#test/support/golden';
import { testMeterId } from '#test/support/imitation';
import { failureOf } from '#test/support/settle';

const pair = nodeCrypto.generateKeyPair();
const authorityKey = nodeCrypto.generateKeyPair().publicKey;
const content = { ...pair, role: 'user', meterId: testMeterId, authorityKey } as const;
const password = Buffer.from('correct horse');
const quick = { logCost: 14 };

let folder: string;
let count = 0;
const freshPath = () => join(folder, `${count++}.key`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'key-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function made(): Promise<string> {
  const path = freshPath();
  await createKeyFile(path, content, password, quick);
  return path;
}

test('what was put in comes out under the password, at the usual cost', async () => {
  const path = freshPath();

  await createKeyFile(path, content, password);
  using keyFile = await openKeyFile(path, password);

  expect(keyFile).toMatchObject(content);
});

test('a file of version 1 opens for ever', async () => {
  const path = freshPath();
  await writeFile(path, readGolden('key-file').bytes);

  using keyFile = await openKeyFile(path, Buffer.from('golden password'));

  expect(keyFile.privateKey).toEqual(new Uint8Array(32).fill(0x11));
  expect(keyFile).toMatchObject({ role: 'cryptoOfficer', meterId: testMeterId });
});

test('it tells whose it is without the password, and nothing of the key', async () => {
  const path = await made();

  const header = await readKeyFileHeader(path);

  const { privateKey, ...rest } = content;
  expect(header).toEqual(rest);
  expect((await readFile(path)).includes(Buffer.from(privateKey))).toBe(false);
});

test('the key is wiped when it is disposed of', async () => {
  const keyFile = await openKeyFile(await made(), password);

  keyFile[Symbol.dispose]();

  expect(keyFile.privateKey).toEqual(new Uint8Array(32));
});

test.skipIf(process.platform === 'win32')('only its owner may read it', async () => {
  const { mode } = await stat(await made());

  expect(mode & 0o777).toBe(0o600);
});

test('a file that is there stays as it is, and nothing is left beside it', async () => {
  const path = await made();
  const before = await readFile(path);

  const error = await failureOf(createKeyFile(path, content, password, quick));

  expect(error).toMatchObject({ reason: 'exists' });
  expect(await readFile(path)).toEqual(before);
  expect((await readdir(folder)).filter((name) => !/^\d+\.key$/.test(name))).toEqual([]);
});

test('two files of the same content share no salt, nonce or sealed byte', async () => {
  const [left, right] = await Promise.all([
    made().then((path) => readFile(path)),
    made().then((path) => readFile(path)),
  ]);

  expect(left.subarray(8, 36)).not.toEqual(right.subarray(8, 36));
  expect(left.subarray(-56)).not.toEqual(right.subarray(-56));
});

describe('the password', () => {
  test('can be changed: the new one opens, the old one does not', async () => {
    const path = await made();
    const changed = Buffer.from('battery staple');

    await changeKeyFilePassword(path, password, changed);

    using keyFile = await openKeyFile(path, changed);
    expect(keyFile).toMatchObject(content);
    expect(await failureOf(openKeyFile(path, password))).toMatchObject({ reason: 'passwordWrong' });
  });

  test('stays where the old one is wrong', async () => {
    const path = await made();

    const error = await failureOf(changeKeyFilePassword(path, Buffer.from('wrong one'), password));

    expect(error).toMatchObject({ reason: 'passwordWrong' });
    using keyFile = await openKeyFile(path, password);
    expect(keyFile.privateKey).toEqual(pair.privateKey);
  });

  test.each([0, 7, 1025])('of %i bytes is unfit', async (size) => {
    const error = await failureOf(
      createKeyFile(freshPath(), content, Buffer.alloc(size, 1), quick),
    );

    expect(error).toMatchObject({ reason: 'passwordUnfit' });
  });
});

describe('what is refused, and why', () => {
  const withByte = (at: number, value: number) => (file: Buffer) => {
    file[at] = value;
    return file;
  };
  const withFlippedBit = (at: number) => (file: Buffer) => withByte(at, (file[at] ?? 0) ^ 1)(file);
  /** As somebody would who knows the format: the checksum is right again. */
  const forged = (change: (file: Buffer) => Buffer) => (file: Buffer) => {
    const changed = change(file);
    const body = changed.subarray(0, -8);
    return Buffer.concat([body, nodeCrypto.sha256(body).subarray(0, 8)]);
  };

  test.each<[string, (file: Buffer) => Buffer, string]>([
    ['an empty file', () => Buffer.alloc(0), 'foreign'],
    ['another kind of file', () => Buffer.from('-----BEGIN PRIVATE KEY-----\n'), 'foreign'],
    ['a later version', withByte(4, 2), 'versionUnsupported'],
    ['version 0', forged(withByte(4, 0)), 'corrupted'],
    ['a truncated file', (file) => file.subarray(0, -1), 'corrupted'],
    ['a longer file', (file) => Buffer.concat([file, Buffer.alloc(1)]), 'corrupted'],
    ['a flipped bit in the sealed key', withFlippedBit(120), 'corrupted'],
    ['a cost that would take all memory', forged(withByte(5, 21)), 'corrupted'],
    ['a cost that protects nothing', forged(withByte(5, 1)), 'corrupted'],
    ['blocks of another size', forged(withByte(6, 255)), 'corrupted'],
    ['255 lanes', forged(withByte(7, 255)), 'corrupted'],
    ['no lane', forged(withByte(7, 0)), 'corrupted'],
    ['the role of nobody', forged(withByte(36, 0)), 'corrupted'],
    ['a flipped bit in the sealed key, forged', forged(withFlippedBit(120)), 'passwordWrong'],
    ['another role, forged', forged(withByte(36, 2)), 'passwordWrong'],
    ['another authority, forged', forged(withByte(80, 0xff)), 'passwordWrong'],
  ])('%s', async (_, change, reason) => {
    const path = await made();
    const file = await readFile(path);
    await writeFile(path, change(Buffer.from(file)));

    const error = await failureOf(openKeyFile(path, password));

    expect(error).toBeInstanceOf(KeyFileError);
    expect(error).toMatchObject({ reason, path });
  });

  test('a file that is not there', async () => {
    expect(await failureOf(openKeyFile(freshPath(), password))).toMatchObject({
      reason: 'missing',
    });
  });

  test('every flipped byte is noticed', async () => {
    const path = await made();
    const file = await readFile(path);

    for (let at = 0; at < file.length; at++) {
      await writeFile(
        path,
        file.map((byte, index) => (index === at ? byte ^ 0x40 : byte)),
      );
      expect(await failureOf(readKeyFileHeader(path))).toBeInstanceOf(KeyFileError);
    }
  });

  test('keys that are no pair are a bug of the caller', async () => {
    const wrong = { ...content, publicKey: authorityKey };

    expect(await failureOf(createKeyFile(freshPath(), wrong, password, quick))).toBeInstanceOf(
      RangeError,
    );
  });
});
