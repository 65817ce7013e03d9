/** The walls between the folders, written once: who may import what (ARCHITECTURE.md, "Walls"). */

import { isBuiltin } from 'node:module';

/** What the sources of one folder may import, besides their own folder. */
export interface Wall {
  /** Folders; type and value imports alike. */
  readonly folders: readonly string[];
  /** Names of packages; `@scope/*` stands for every package of a scope; `anything` for every one in package.json. */
  readonly packages: readonly string[] | 'anything';
  /** Whether Node's built-in modules are there. */
  readonly node: boolean;
}

const everyLibrary = [
  'protocol',
  'hw',
  'firmware',
  'driver',
  'emulator',
  'testing',
  'provider',
  'authority',
  'cli',
] as const;
const outside = (...folders: readonly string[]): Wall => ({
  folders: [...everyLibrary, ...folders],
  packages: 'anything',
  node: true,
});
const arithmetic = ['@noble/ciphers', '@noble/curves', '@noble/hashes', 'micro-packed'] as const;

/**
 * In the order of the dependencies, lowest first. The emulator runs the image from a file and the provider gets its
 * boards injected, so neither has an arrow to what it runs; the firmware is in the package as an image only, so the
 * command line has none to it either.
 */
export const walls: Readonly<Record<string, Wall>> = {
  protocol: { folders: [], packages: arithmetic, node: false },
  hw: { folders: [], packages: [], node: false },
  firmware: { folders: ['protocol', 'hw'], packages: arithmetic, node: false },
  driver: {
    folders: ['protocol'],
    packages: [
      '@fontsource/ibm-plex-sans',
      '@serialport/parser-packet-length',
      'bwip-js',
      'chardet',
      'escpos',
      'fast-png',
      'localized-address-format',
      'micro-packed',
      'node-hid',
      'opentype.js',
      'pkijs',
      'saxes',
      'serialport',
      'yauzl',
    ],
    node: true,
  },
  emulator: { folders: ['protocol', 'hw'], packages: ['fast-png', 'quickjs-wasi'], node: true },
  testing: { folders: ['protocol', 'hw', 'driver', 'emulator'], packages: [], node: true },
  authority: {
    folders: ['protocol'],
    packages: ['asn1js', 'kysely', 'pkijs', 'zxing-wasm'],
    node: true,
  },
  provider: { folders: ['protocol', 'driver'], packages: ['kysely'], node: true },
  cli: {
    folders: ['protocol', 'hw', 'driver', 'emulator', 'authority', 'provider'],
    packages: 'anything',
    node: true,
  },
  tools: outside(),
  bench: outside('tools'),
  test: outside('tools', 'bench'),
  examples: outside(),
};

/** Where an import leads. */
export type Target =
  | { readonly kind: 'same' }
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'escape'; readonly specifier: string };

/**
 * Reads an import specifier as a file of a folder sees it.
 * @param file path from the root of the repository, `driver/print/label.ts`
 * @returns `escape` for a relative path that leaves the folder: other folders are reached by `#folder/file` only
 */
export function targetOf(file: string, specifier: string): Target {
  if (specifier.startsWith('.')) {
    const folders = file.split('/').slice(0, -1);
    const ups = specifier.split('/').filter((part) => part === '..').length;
    return ups < folders.length ? { kind: 'same' } : { kind: 'escape', specifier };
  }
  if (specifier.startsWith('#')) {
    const folder = specifier.slice(1).split('/')[0] as string;
    return file.startsWith(`${folder}/`) ? { kind: 'same' } : { kind: 'folder', folder };
  }
  if (isBuiltin(specifier)) return { kind: 'node', name: specifier };
  const [scope, name] = specifier.split('/');
  return {
    kind: 'package',
    name: specifier.startsWith('@') ? `${scope}/${name}` : (scope as string),
  };
}

/** Whether a wall lets an import through; for `packages: 'anything'` knip compares with package.json. */
export function isAllowed(wall: Wall, target: Target): boolean {
  switch (target.kind) {
    case 'same':
      return true;
    case 'folder':
      return wall.folders.includes(target.folder);
    case 'node':
      return wall.node;
    case 'package':
      return wall.packages === 'anything' || wall.packages.includes(target.name);
    case 'escape':
      return false;
  }
}

/** The specifiers of all imports and re-exports of a source, static and dynamic, types as well. */
export function importsOf(source: string): string[] {
  const statement =
    /^(?:import|export)\s[^'";]*?from\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...source.matchAll(statement)].map(
    ([, from, bare, dynamic]) => (from ?? bare ?? dynamic) as string,
  );
}
