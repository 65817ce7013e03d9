/** The directory of a server is made whole or not at all, and what is damaged is refused with what to do. */

import { createPublicKey, randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { authorityRoutes } from '#authority/routes';
import { announceNextKey, rollOver } from '#cli/server/authority-keys';
import {
  createAuthorityDirectory,
  createProviderDirectory,
  DirectoryError,
  openAuthorityDirectory,
  openProviderDirectory,
} from '#cli/server/directory';
import { httpClient } from '#cli/server/http-client';
import { startAuthority, startProvider } from '#cli/server/start';
import { nodeCrypto } from '#driver/node-crypto';
import { mills } from '#protocol/mills';
import { providerRoutes } from '#provider/routes';
import { requestId } from '#test/support/back-office';

const root = mkdtempSync(join(tmpdir(), 'directory-'));
afterAll(() => rmSync(root, { recursive: true }));
const fresh = (): string => join(root, randomUUID());

test('what was made is opened again', async () => {
  const path = fresh();

  const made = await createAuthorityDirectory(path, nodeCrypto);

  expect(await openAuthorityDirectory(path)).toEqual(made);
  expect(readdirSync(path).sort()).toEqual([
    'database.sqlite',
    'key.pem',
    'settings.json',
    'token',
  ]);
  for (const name of readdirSync(path)) expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('the key is PKCS#8 as others read it', async () => {
  const path = fresh();
  const { keys } = await createAuthorityDirectory(path, nodeCrypto);

  const pem = readFileSync(join(path, 'key.pem'), 'latin1');

  expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n[^-]+\n-----END PRIVATE KEY-----\n$/);
  const { x } = createPublicKey(pem).export({ format: 'jwk' });
  expect(Buffer.from(x as string, 'base64url')).toEqual(Buffer.from(keys.publicKey.subarray(1)));
});

test('a directory with something in it is left alone', async () => {
  const path = fresh();
  mkdirSync(path);
  writeFileSync(join(path, 'precious'), 'x');

  await expect(createAuthorityDirectory(path, nodeCrypto)).rejects.toThrow('is not empty');

  expect(readdirSync(path)).toEqual(['precious']);
});

test('a provider that the authority does not register leaves nothing behind', async () => {
  const path = fresh();
  const register = () => Promise.reject(new Error('refused'));

  await expect(
    createProviderDirectory(path, {
      crypto: nodeCrypto,
      authorityKey: new Uint8Array(33).fill(2),
      authorityUrl: 'http://127.0.0.1:1',
      register,
    }),
  ).rejects.toThrow('refused');

  expect(existsSync(path)).toBe(false);
});

describe('a damaged directory is refused, with what to do', () => {
  test.each<[string, (path: string) => void, RegExp]>([
    [
      'no directory',
      (path) => rmSync(path, { recursive: true }),
      /is missing: make a new directory/,
    ],
    ['no settings', (path) => rmSync(join(path, 'settings.json')), /settings.json is missing/],
    ['no key', (path) => rmSync(join(path, 'key.pem')), /key.pem is missing/],
    ['no token', (path) => rmSync(join(path, 'token')), /token is missing/],
    ['no books', (path) => rmSync(join(path, 'database.sqlite')), /database.sqlite is missing/],
    [
      'settings cut off',
      (path) => writeFileSync(join(path, 'settings.json'), '{"kind":'),
      /settings.json is damaged/,
    ],
    [
      'other settings',
      (path) => writeFileSync(join(path, 'settings.json'), '{"kind":"provider"}'),
      /another kind of server/,
    ],
    [
      'a key cut off',
      (path) => writeFileSync(join(path, 'key.pem'), '-----BEGIN PRIVATE KEY-----\n'),
      /is not the key/,
    ],
    ['a token cut off', (path) => writeFileSync(join(path, 'token'), 'abcd'), /holds no token/],
    ['a key that others can read', (path) => chmodSync(join(path, 'key.pem'), 0o644), /chmod 600/],
    ['a token that others can read', (path) => chmodSync(join(path, 'token'), 0o640), /chmod 600/],
  ])('%s', async (_, damage, message) => {
    const path = fresh();
    await createAuthorityDirectory(path, nodeCrypto);
    damage(path);

    const opening = openAuthorityDirectory(path);

    await expect(opening).rejects.toThrow(DirectoryError);
    await expect(opening).rejects.toThrow(message);
  });

  test('the key of another', async () => {
    const [path, other] = [fresh(), fresh()];
    await createAuthorityDirectory(path, nodeCrypto);
    await createAuthorityDirectory(other, nodeCrypto);
    writeFileSync(join(path, 'key.pem'), readFileSync(join(other, 'key.pem')));

    await expect(openAuthorityDirectory(path)).rejects.toThrow(/is not the key/);
  });

  test('an authority where a provider is wanted', async () => {
    const path = fresh();
    await createAuthorityDirectory(path, nodeCrypto);

    await expect(openProviderDirectory(path)).rejects.toThrow(/another kind of server/);
  });
});

test('an authority and a provider start from their directories, trade, stop and start again', async () => {
  const [authorityPath, providerPath] = [fresh(), fresh()];
  const faults: unknown[] = [];
  const onFault = (fault: unknown) => faults.push(fault);
  const { token, keys } = await createAuthorityDirectory(authorityPath, nodeCrypto);
  await using authority = await startAuthority({ directory: authorityPath, port: 0, onFault });
  const operator = httpClient(authorityRoutes, { url: authority.url, token });
  const made = await createProviderDirectory(providerPath, {
    crypto: nodeCrypto,
    authorityKey: keys.publicKey,
    authorityUrl: authority.url,
    register: (publicKey) => operator.registerProvider({ name: 'Provider', publicKey }),
  });
  const start = () => startProvider({ directory: providerPath, port: 0, onFault });
  const order = { requestId: requestId(1), amount: mills(9_000) };
  {
    await using provider = await start();
    const client = httpClient(providerRoutes, { url: provider.url, token: made.token });
    await client.buyValue(order);
  }

  await using provider = await start();
  const client = httpClient(providerRoutes, { url: provider.url, token: made.token });

  expect(await client.readPool({})).toEqual({
    ascending: 0,
    descending: 9_000,
    spoilage: 0,
    refunded: 0,
    withdrawing: 0,
  });
  expect(await operator.providerAccount({ providerId: made.settings.providerId })).toMatchObject({
    issuedTotal: 9_000,
  });
  expect(faults).toEqual([]);
});

test('no key takes over on a day before the one of today began: nothing that it signed would count', async () => {
  const path = fresh();
  const made = await createAuthorityDirectory(path, nodeCrypto);
  const { secretFile } = await announceNextKey(made, nodeCrypto, 20260301);
  const secret = readFileSync(secretFile);
  const announced = await openAuthorityDirectory(path);

  const early = rollOver(announced, nodeCrypto, secret, 20260228);

  await expect(early).rejects.toThrow('is the clock right?');
  expect(await openAuthorityDirectory(path)).toEqual(announced);
  const { fields } = await rollOver(announced, nodeCrypto, secret, 20260301);
  expect(fields.sequence).toBe(2);
});
