/** The tree of packages below escpos and npos: nothing that fetches from a network or talks to USB is left (printing.md 1.3). */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

const read = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'));
const lock = read('package-lock.json') as { readonly packages: Record<string, LockedPackage> };
const named = (name: string): [string, LockedPackage][] =>
  Object.entries(lock.packages).filter(
    ([path]) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`),
  );

test.each(['request', 'form-data', 'tough-cookie', 'har-validator', 'phin', 'xhr', 'uuid'])(
  '%s is not installed',
  (name) => {
    expect(named(name)).toEqual([]);
  },
);

test.each(['get-pixels', 'jimp', 'node-bluetooth', 'qr-image', 'usb'])(
  '%s is the stub of this repository, once',
  (name) => {
    expect(named(name)).toEqual([
      [`node_modules/${name}`, { resolved: `tools/escpos-stubs/${name}`, link: true }],
    ]);
  },
);

test('escpos is the version whose bytes were compared', () => {
  expect(named('escpos').map(([, { version }]) => version)).toEqual(['2.5.2']);
});
