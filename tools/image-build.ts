/** Builds the firmware image: bundles it, holds it to its budget, signs it (requirements.md H2; runtimes.md 2, trap 5). */

import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, version as bundlerVersion, type Metafile, type Plugin } from 'esbuild';
import { nodeCrypto } from '#driver/node-crypto';
import { compileForQuickJs } from '#emulator/cpu/quickjs-compiler';
import { quickJsEngine } from '#emulator/cpu/quickjs-engine';
import { wipe } from '#protocol/bytes';
import { type KeyPair, PRIVATE_KEY_SIZE } from '#protocol/crypto';
import { encodeBytecodeBody } from '#protocol/documents/image-body';
import { type ImageVersions, signImage } from '#protocol/documents/image-header';

/** Bytes of the minified body. */
const IMAGE_SIZE_MAX = 215_000;

const IMAGE = 'firmware.img';
const BYTECODE_IMAGE = 'firmware.bytecode.img';
const BODY = 'firmware.min.js';
const KEY = 'image-key.bin';
const SIZES = 'sizes.json';
const DEVELOPMENT_KEY = 'development-key.pem';

/** Sources that decide how an image is made. */
const BUILDERS = [
  import.meta.filename,
  join(import.meta.dirname, '../emulator/cpu/quickjs-compiler.ts'),
];

export interface ImageBuildOptions extends ImageVersions {
  /** The root of the repository, with package-lock.json and node_modules. */
  readonly root: string;
  /** The first module, from the root. */
  readonly entry: string;
  /** The folder to write to. */
  readonly outFolder: string;
  /** The signing key as PKCS#8 or SEC 1 PEM; by default a development key that is made once in the folder. */
  readonly signingKey?: string | undefined;
  readonly sizeMax?: number;
  /** For a test that builds an image with a defect: into a folder of its own, since a build is known by its sources. */
  readonly plugins?: readonly Plugin[];
}

/** What sizes.json holds. All sizes in bytes. */
export interface ImageSizes {
  readonly bodySize: number;
  readonly bodySizeMax: number;
  readonly gzipSize: number;
  /** What each package, and each folder of ours, has of the body; the largest first. */
  readonly packages: Readonly<Record<string, number>>;
  /** SHA-256 of firmware.img, hex. */
  readonly imageDigest: string;
  /** The same image as bytecode: firmware.bytecode.img. */
  readonly bytecode: {
    readonly engine: string;
    readonly bodySize: number;
    readonly gzipSize: number;
    readonly imageDigest: string;
  };
  /** SHA-256 over everything that the image was made from, hex. */
  readonly inputDigest: string;
  /** Our own sources in it, from the root. */
  readonly sources: readonly string[];
}

export interface ImageBuild {
  /** False where nothing had changed since the last build. */
  readonly isNew: boolean;
  readonly sizes: ImageSizes;
}

/**
 * Writes firmware.img, firmware.bytecode.img, firmware.min.js, image-key.bin and sizes.json, each in one step.
 * @throws Error for sources that cannot be bundled, a body above the budget, a key that is none on P-256
 */
export async function buildImage(options: ImageBuildOptions): Promise<ImageBuild> {
  mkdirSync(options.outFolder, { recursive: true });
  const keyPair = keyPairOf(options.signingKey ?? developmentKey(options.outFolder));
  try {
    const last = lastBuild(options, keyPair);
    if (last !== undefined) return { isNew: false, sizes: last };
    return { isNew: true, sizes: await buildAnew(options, keyPair) };
  } finally {
    wipe(keyPair.privateKey);
  }
}

async function buildAnew(options: ImageBuildOptions, keyPair: KeyPair): Promise<ImageSizes> {
  const { outFolder, sizeMax = IMAGE_SIZE_MAX } = options;
  const { body, metafile } = await bundle(options);
  const packages = sizesByPackage(metafile);
  if (body.length > sizeMax)
    throw new Error(
      `The image has ${body.length} bytes, ${body.length - sizeMax} above its budget of ${sizeMax}:\n` +
        sizeTable(packages),
    );
  const image = signImage(nodeCrypto, keyPair, options, body);
  const bytecodeBody = bytecodeOf(body);
  const bytecodeImage = signImage(nodeCrypto, keyPair, options, bytecodeBody, 'bytecode');
  const sources = Object.keys(metafile.inputs)
    .filter((path) => !isPackage(path))
    .sort();
  const sizes: ImageSizes = {
    bodySize: body.length,
    bodySizeMax: sizeMax,
    gzipSize: gzipSync(body).length,
    packages,
    imageDigest: digest(image),
    bytecode: {
      engine: quickJsEngine(),
      bodySize: bytecodeBody.length,
      gzipSize: gzipSync(bytecodeBody).length,
      imageDigest: digest(bytecodeImage),
    },
    inputDigest: inputDigest(options, keyPair, sources),
    sources,
  };
  replace(join(outFolder, KEY), keyPair.publicKey);
  replace(join(outFolder, BODY), body);
  replace(join(outFolder, IMAGE), image);
  replace(join(outFolder, BYTECODE_IMAGE), bytecodeImage);
  replace(join(outFolder, SIZES), `${JSON.stringify(sizes, undefined, 2)}\n`);
  return sizes;
}

/** For the engine that is installed, which is pinned (package.json). */
function bytecodeOf(body: Uint8Array): Uint8Array {
  const bytecode = compileForQuickJs(new TextDecoder().decode(body));
  return encodeBytecodeBody({ engine: quickJsEngine(), bytecode });
}

/** The body of an image, and where each place of it comes from: a source map (ECMA-426) as JSON. */
export async function bundle({
  root,
  entry,
  plugins = [],
}: Pick<ImageBuildOptions, 'root' | 'entry' | 'plugins'>): Promise<{
  readonly body: Uint8Array;
  readonly map: string;
  readonly metafile: Metafile;
}> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: BODY,
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    platform: 'neutral',
    conditions: ['module', 'import'],
    legalComments: 'none',
    sourcemap: 'external',
    sourcesContent: false,
    logLevel: 'silent',
    plugins: [...plugins],
  });
  const [map, output] = outputFiles;
  if (map === undefined || output === undefined) throw new Error(`${entry} gave no output`);
  return { body: Uint8Array.from(output.contents), map: map.text, metafile };
}

/** The sizes of the last build where it was made from the same; undefined where it was not, or is not whole. */
function lastBuild(options: ImageBuildOptions, keyPair: KeyPair): ImageSizes | undefined {
  const { outFolder, sizeMax = IMAGE_SIZE_MAX } = options;
  try {
    const sizes = JSON.parse(readFileSync(join(outFolder, SIZES), 'utf8')) as ImageSizes;
    const isWhole =
      digest(readFileSync(join(outFolder, IMAGE))) === sizes.imageDigest &&
      digest(readFileSync(join(outFolder, BYTECODE_IMAGE))) === sizes.bytecode.imageDigest &&
      digest(readFileSync(join(outFolder, KEY))) === digest(keyPair.publicKey);
    const isSame = inputDigest(options, keyPair, sizes.sources) === sizes.inputDigest;
    return isWhole && isSame && sizes.bodySizeMax === sizeMax ? sizes : undefined;
  } catch {
    return undefined; // no file, or not one of ours: whatever it is, building anew mends it
  }
}

/** Packages are what the lock file says; our own sources are read. */
function inputDigest(
  { root, entry, imageVersion, securityVersion }: ImageBuildOptions,
  { publicKey }: KeyPair,
  sources: readonly string[],
): string {
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify([
      bundlerVersion,
      quickJsEngine(),
      entry,
      imageVersion,
      securityVersion,
      sources,
    ]),
  );
  hash.update(publicKey);
  for (const path of [
    'package.json',
    'package-lock.json',
    ...BUILDERS.map((file) => relative(root, file)),
  ])
    hash.update(digest(readFileSync(join(root, path))));
  for (const path of sources) hash.update(digest(readFileSync(join(root, path))));
  return hash.digest('hex');
}

function sizesByPackage(metafile: Metafile): Record<string, number> {
  const sizes = new Map<string, number>();
  for (const output of Object.values(metafile.outputs))
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const name = packageOf(path);
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  return Object.fromEntries([...sizes].sort(([, left], [, right]) => right - left));
}

function packageOf(path: string): string {
  const inner = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
  return inner ?? path.split('/')[0] ?? path;
}

function isPackage(path: string): boolean {
  return path.includes('node_modules/');
}

/** One line for each package: its bytes and its name. */
export function sizeTable(packages: Readonly<Record<string, number>>): string {
  return Object.entries(packages)
    .map(([name, size]) => `${String(size).padStart(9)}  ${name}`)
    .join('\n');
}

function keyPairOf(pem: string): KeyPair {
  const privateKey = scalarOf(pem);
  return { privateKey, publicKey: nodeCrypto.publicKeyOf(privateKey) };
}

function scalarOf(pem: string): Uint8Array {
  const key = parsedKey(pem);
  if (key?.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new Error('The signing key of the image is no private key on P-256 in PEM.');
  const { d } = key.export({ format: 'jwk' });
  const scalar = Uint8Array.from(Buffer.from(d ?? '', 'base64url'));
  if (scalar.length !== PRIVATE_KEY_SIZE) throw new Error('The signing key has no private part.');
  return scalar;
}

function parsedKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined; // OpenSSL's reason could quote what is secret
  }
}

/** Made once; of two builds at the same time the first one's key stands. */
function developmentKey(outFolder: string): string {
  const path = join(outFolder, DEVELOPMENT_KEY);
  const known = readIfThere(path);
  if (known !== undefined) return known;
  const made = join(outFolder, `${DEVELOPMENT_KEY}.${process.pid}`);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(made, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  try {
    linkSync(made, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(made);
  }
  return readFileSync(path, 'utf8');
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** In one step, so that whoever reads meanwhile gets the old file or the new one. */
function replace(path: string, content: Uint8Array | string): void {
  const next = `${path}.${process.pid}`;
  writeFileSync(next, content);
  renameSync(next, path);
}

function digest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
