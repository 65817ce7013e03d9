/** Building the image: bundled, within its budget, signed, and only when something changed (requirements.md H2). */

import { spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkImage } from '#emulator/boot-rom';
import { findSecret } from '#emulator/secret-scan';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import { temporaryFolder } from '#test/support/temporary-folder';
import { buildImage, type ImageBuildOptions } from '#tools/image-build';
import { repositoryRoot } from '#tools/sources';

/** A repository with an image of two modules and a package. */
function smallRepository(): ImageBuildOptions {
  const root = temporaryFolder();
  const files = {
    'package.json': '{ "type": "module" }',
    'package-lock.json': '{}',
    'firmware/image.ts': `
      import { answer } from './answer.ts';
      import { twice } from 'twice';
      const entry: { powerOn: unknown } = { powerOn: () => ({ answer: twice(answer) }) };
      Object.assign(globalThis, { tessera: entry });`,
    'firmware/answer.ts': 'export const answer: number = 21;',
    'node_modules/twice/package.json':
      '{ "name": "twice", "type": "module", "exports": "./twice.js" }',
    'node_modules/twice/twice.js': 'export const twice = (value) => value * 2;',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return {
    root,
    entry: 'firmware/image.ts',
    outFolder: join(root, 'build/image'),
    imageVersion: 0x01_00_00,
    securityVersion: 4,
  };
}

const output = (options: ImageBuildOptions, name: string): Buffer =>
  readFileSync(join(options.outFolder, name));
const pemOf = (namedCurve: string): string =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({
    format: 'pem',
    type: 'pkcs8',
  }) as string;

test('the image passes the boot ROM with the key beside it, and its body is the bundle', async () => {
  const options = smallRepository();

  const { isNew, sizes } = await buildImage(options);

  const check = checkImage(output(options, 'image-key.bin'), 4, output(options, 'firmware.img'));
  expect(isNew).toBe(true);
  expect(check).toMatchObject({
    ok: true,
    header: { imageVersion: 0x01_00_00, securityVersion: 4 },
    program: { form: 'source', source: output(options, 'firmware.min.js').toString() },
  });
  expect(sizes.bodySize).toBe(output(options, 'firmware.min.js').length);
  expect(JSON.parse(output(options, 'sizes.json').toString())).toEqual(sizes);
  expect(Object.keys(sizes.packages).sort()).toEqual(['firmware', 'twice']);
  expect(sizes.sources).toEqual(['firmware/answer.ts', 'firmware/image.ts']);
});

test('the same image as bytecode passes the boot ROM of the engine it names', async () => {
  const options = smallRepository();

  const { sizes } = await buildImage(options);

  const [key, image] = ['image-key.bin', 'firmware.bytecode.img'].map((name) =>
    output(options, name),
  ) as [Buffer, Buffer];
  const { engine, bodySize } = sizes.bytecode;
  const check = checkImage(key, 4, image, engine);
  expect(check).toMatchObject({ ok: true, program: { form: 'bytecode', engine } });
  expect(bodySize).toBe(image.length - IMAGE_HEADER_SIZE);
});

describe('a second build', () => {
  test('does nothing where nothing changed', async () => {
    const options = smallRepository();
    const first = await buildImage(options);

    const second = await buildImage(options);

    expect(second).toEqual({ isNew: false, sizes: first.sizes });
  });

  test.each<[string, (options: ImageBuildOptions) => Partial<ImageBuildOptions>]>([
    ['a source', ({ root }) => change(root, 'firmware/answer.ts', 'export const answer = 22;')],
    ['the lock file', ({ root }) => change(root, 'package-lock.json', '{ }')],
    ['package.json', ({ root }) => change(root, 'package.json', '{"type":"module"}')],
    ['the version', () => ({ imageVersion: 0x01_00_01 })],
    ['the security version', () => ({ securityVersion: 5 })],
    ['the budget', () => ({ sizeMax: 1_000 })],
    ['the key', () => ({ signingKey: pemOf('prime256v1') })],
    ['the image itself', ({ outFolder }) => change(outFolder, 'firmware.img', '')],
    ['the image in bytecode', ({ outFolder }) => change(outFolder, 'firmware.bytecode.img', '')],
    ['the key beside it', ({ outFolder }) => change(outFolder, 'image-key.bin', '')],
    ['the list of sizes', ({ outFolder }) => change(outFolder, 'sizes.json', '{')],
  ])('builds anew where %s changed', async (_, changed) => {
    const options = smallRepository();
    await buildImage(options);

    const second = await buildImage({ ...options, ...changed(options) });

    expect(second.isNew).toBe(true);
    const image = output(options, 'firmware.img');
    expect(checkImage(output(options, 'image-key.bin'), 4, image).ok).toBe(true);
  });

  test('builds anew where a source is gone, and fails', async () => {
    const options = smallRepository();
    await buildImage(options);
    rmSync(join(options.root, 'firmware/answer.ts'));

    await expect(buildImage(options)).rejects.toThrow('answer.ts');
  });
});

function change(folder: string, path: string, text: string): Partial<ImageBuildOptions> {
  writeFileSync(join(folder, path), text);
  return {};
}

test('an image above its budget is refused with what each package takes', async () => {
  const options = { ...smallRepository(), sizeMax: 20 };

  await expect(buildImage(options)).rejects.toThrow(/above its budget of 20:\n +\d+ {2}firmware\n/);

  expect(existsSync(join(options.outFolder, 'firmware.img'))).toBe(false);
});

describe('the signing key', () => {
  test('is made once, for its owner only, where none is given', async () => {
    const options = smallRepository();
    await buildImage(options);
    const key = output(options, 'image-key.bin');
    const file = join(options.outFolder, 'development-key.pem');

    await buildImage({ ...options, imageVersion: 2 });

    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(output(options, 'image-key.bin')).toEqual(key);
  });

  test('is the same for two builds at the same time', async () => {
    const options = smallRepository();
    const other = { ...options, imageVersion: 2 };

    await Promise.all([buildImage(options), buildImage(other)]);

    const image = output(options, 'firmware.img');
    expect(checkImage(output(options, 'image-key.bin'), 0, image).ok).toBe(true);
  });

  test('that is given signs, and no other is made', async () => {
    const options = { ...smallRepository(), signingKey: pemOf('prime256v1') };

    await buildImage(options);

    const image = output(options, 'firmware.img');
    expect(checkImage(output(options, 'image-key.bin'), 0, image).ok).toBe(true);
    expect(existsSync(join(options.outFolder, 'development-key.pem'))).toBe(false);
  });

  test('is in neither form of the image', async () => {
    const signingKey = pemOf('prime256v1');
    const options = { ...smallRepository(), signingKey };
    const secret = Buffer.from(
      createPrivateKey(signingKey).export({ format: 'jwk' }).d as string,
      'base64url',
    );

    await buildImage(options);

    const images = {
      source: output(options, 'firmware.img'),
      bytecode: output(options, 'firmware.bytecode.img'),
    };
    expect(findSecret(secret, images)).toEqual([]);
    expect(findSecret(secret, { planted: Buffer.concat([images.source, secret]) })).toHaveLength(1);
  });

  test.each([
    ['of another curve', pemOf('secp256k1')],
    ['that is none', 'hunter2'],
    ['that is empty', ''],
  ])('%s is refused without being told', async (_, signingKey) => {
    const built = buildImage({ ...smallRepository(), signingKey });

    await expect(built).rejects.toThrow(/^The signing key of the image is no private key on P-256/);
  });
});

describe('the command', () => {
  const command = (...parameters: string[]) =>
    spawnSync(process.execPath, ['tools/build-image.ts', ...parameters], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    });

  test('explains itself', () => {
    const { status, stdout } = command('--help');

    expect(status).toBe(0);
    expect(stdout).toContain('TESSERA_IMAGE_KEY');
  });

  test('refuses what it does not know', () => {
    const { status, stderr } = command('--fast');

    expect(status).toBe(2);
    expect(stderr).toContain('--fast');
  });
});
