/** The packed package works in an empty folder, and brings nothing of the tree of escpos with it (requirements.md F4). */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryRoot } from '#tools/sources';

const binaries = join(repositoryRoot, 'node_modules/.bin');
const work = mkdtempSync(join(tmpdir(), 'package-'));
const home = join(work, 'empty');
/** Building the package, and installing its native parts from a registry. */
const PACK_AND_INSTALL_MS = 200_000;
let packed: readonly string[];

/** Runs a program in the folder where the package is installed, with our Node. */
function run(command: string, parameters: readonly string[], directory = home): string {
  return execFileSync(command, parameters, {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${binaries}${delimiter}${process.env['PATH']}` },
  });
}

beforeAll(() => {
  run('npm', ['pack', '--silent', '--pack-destination', work], repositoryRoot);
  const archive = run('ls', [work], work).trim();
  packed = run('tar', ['-tzf', archive], work).trim().split('\n');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{ "private": true, "type": "module" }\n');
  run('npm', ['install', '--silent', join(work, archive)]);
}, PACK_AND_INSTALL_MS);
afterAll(() => rmSync(work, { recursive: true }));

test('it holds JavaScript with types, the image, the licence and the documents, and no source but the contract', () => {
  const files = packed.map((file) => file.replace(/^package\//, ''));

  expect(files).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'docs/commands.md',
      'hw/hardware.ts',
      'hw/udev/70-tessera.rules',
      'dist/package.json',
      'dist/cli/main.js',
      'dist/driver/index.js',
      'dist/driver/index.d.ts',
      'dist/image/firmware.img',
      'dist/image/image-key.bin',
      'dist/THIRD-PARTY-LICENSES.txt',
    ]),
  );
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  expect(sources.filter((file) => !file.startsWith('hw/'))).toEqual([]);
  expect(files.filter((file) => /\.pem$|key.*\.(?:json|der)$/.test(file))).toEqual([]);
  expect(files.filter((file) => /^(?:dist\/)?(?:firmware|test|tools|bench)\//.test(file))).toEqual(
    [],
  );
});

test('nothing of the tree of escpos is installed with it', () => {
  const lock = JSON.parse(readFileSync(join(home, 'package-lock.json'), 'utf8'));
  const installed = Object.keys(lock.packages).map((path) => path.split('node_modules/').at(-1));

  const unwanted = [
    'escpos',
    'npos',
    'request',
    'form-data',
    'tough-cookie',
    'get-pixels',
    'usb',
    'jimp',
  ];
  expect(installed.filter((name) => unwanted.includes(name ?? ''))).toEqual([]);
  expect(installed).toContain('tessera');
});

test('tessera --help runs', () => {
  expect(run('npx', ['tessera', '--help'])).toContain('Usage: tessera');
});

test.each(['driver', 'evidence', 'protocol', 'emulator', 'testing', 'provider', 'authority'])(
  'tessera/%s can be imported',
  (name) => {
    const script = `console.log(Object.keys(await import('tessera/${name}')).length)`;

    expect(Number(run('node', ['--input-type=module', '-e', script]))).toBeGreaterThan(0);
  },
);

test('openMeter is there for JavaScript, and with its types for TypeScript', () => {
  mkdirSync(join(home, 'node_modules/@types'), { recursive: true });
  symlinkSync(
    join(repositoryRoot, 'node_modules/@types/node'),
    join(home, 'node_modules/@types/node'),
  );
  symlinkSync(
    join(repositoryRoot, 'node_modules/undici-types'),
    join(home, 'node_modules/undici-types'),
  );
  writeFileSync(
    join(home, 'use.ts'),
    [
      "import { openMeter } from 'tessera/driver';",
      'type Port = Parameters<typeof openMeter>[0];',
      "const port: Port = 'tcp:127.0.0.1:9';",
      'const isAny: 0 extends 1 & Port ? true : false = false;',
      'console.log(typeof openMeter, port, isAny);',
    ].join('\n'),
  );
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024'];

  run('tsc', [...flags, '--lib', 'es2024,esnext.disposable', '--types', 'node', 'use.ts']);
  const printed = run('node', ['use.ts']);

  expect(printed.trim()).toBe('function tcp:127.0.0.1:9 false');
});
