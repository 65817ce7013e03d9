/** Bundles a module with all that it imports of ours, each with its probes, and runs it in this process. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, relative } from 'node:path';
import vm from 'node:vm';
import { build, type Plugin } from 'esbuild';
import type { Change } from '#test/support/changed-code';
import { repositoryRoot } from '#tools/sources';
import { instrumentModule, type Numbering } from './instrument.ts';
import { createProbe, type Probe } from './probe.ts';

export interface InstrumentedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly firstBranch: number;
  readonly branches: number;
  readonly literals: readonly (number | string)[];
}

export interface InstrumentedBundle {
  /** What the module exports. */
  readonly exports: Readonly<Record<string, unknown>>;
  readonly probe: Probe;
  readonly files: readonly InstrumentedFile[];
}

/** The package whose coders our layouts are made of: it decides on every byte of them. */
const LAYOUT_PACKAGE = 'micro-packed';
const PROBED = /^(?:protocol|hw|firmware|emulator|driver|provider|authority|cli)\//;

const isProbed = (path: string): boolean =>
  PROBED.test(path) || path.includes(`node_modules/${LAYOUT_PACKAGE}/`);

export interface BundleOptions {
  /** Which sources get probes; all that is ours and is no test, unless given. */
  readonly isMeant?: (path: string) => boolean;
  /** Defects that are planted. */
  readonly changes?: readonly Change[];
}

/**
 * @param entry a module, from the root of the repository
 * @throws Error where a change does not fit the code any more
 */
export async function instrumentedBundle(
  entry: string,
  { isMeant = isProbed, changes = [] }: BundleOptions = {},
): Promise<InstrumentedBundle> {
  const files: InstrumentedFile[] = [];
  const code = await bundled(entry, probes(isMeant, changes, files));
  for (const { file } of changes)
    if (!files.some(({ path }) => path === file)) throw new Error(`${file} is not in the bundle`);
  const probe = createProbe();
  const names = ['require', 'module', 'globalThis', ...Object.keys(probe.functions)];
  const script = new vm.Script(`(function(${names.join(',')}){${code}\n})`, { filename: entry });
  const module = { exports: {} };
  const run = script.runInThisContext() as (...given: unknown[]) => void;
  const require = createRequire(new URL(entry, `file://${repositoryRoot}`));
  run(require, module, ownScope(), ...Object.values(probe.functions));
  probe.clear();
  files.sort((left, right) => (left.path < right.path ? -1 : 1)); // the bundler loads them in any order
  return { exports: module.exports, probe, files };
}

/** The firmware puts its own source of chance into the global scope: into one that nobody else has. */
function ownScope(): object {
  const own = { value: globalThis.crypto, writable: true, configurable: true, enumerable: true };
  return Object.create(globalThis, { crypto: own });
}

async function bundled(entry: string, probing: Plugin): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: repositoryRoot,
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'es2024',
    logLevel: 'silent',
    plugins: [packagesStayOutside, probing],
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`${entry} gave nothing`);
  return output.text;
}

const packagesStayOutside: Plugin = {
  name: 'packages stay outside',
  setup({ onResolve }) {
    onResolve({ filter: /^[^.#/]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path === LAYOUT_PACKAGE ? undefined : { path, external: true },
    );
  },
};

function probes(
  isMeant: (path: string) => boolean,
  changes: readonly Change[],
  files: InstrumentedFile[],
): Plugin {
  let branches = 0;
  let comparisons = 0;
  const numbering: Numbering = {
    nextBranch: () => branches++,
    nextComparison: () => comparisons++,
  };
  return {
    name: 'probes',
    setup({ onLoad }) {
      onLoad({ filter: /\.[jt]s$/ }, ({ path: absolute }) => {
        const path = relative(repositoryRoot, absolute);
        const made = changes.filter(({ file }) => file === path);
        const source = placed(changed(readFileSync(absolute, 'utf8'), made), absolute);
        const loader = absolute.endsWith('.ts') ? 'ts' : 'js';
        if (!isMeant(path)) return { contents: source, loader };
        const firstBranch = branches;
        const { code, literals } = instrumentModule(path, source, numbering);
        files.push({ path, firstBranch, branches: branches - firstBranch, literals });
        return { contents: code, loader };
      });
    },
  };
}

function changed(source: string, changes: readonly Change[]): string {
  return changes.reduce((text, { file, from, to }) => {
    if (text.split(from).length !== 2) throw new Error(`${file} does not hold once: ${from}`);
    return text.replace(from, () => to);
  }, source);
}

/** In a bundle a module still knows where it lies. */
function placed(source: string, path: string): string {
  return source
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
    .replaceAll('import.meta.filename', JSON.stringify(path))
    .replaceAll('import.meta.url', JSON.stringify(`file://${path}`));
}
