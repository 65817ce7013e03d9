/**
 * `prepack`: builds dist/, which is what the package holds: our folders as JavaScript with types, the signed image, and
 * the one file that uses escpos with escpos bundled into it, so that nothing of its tree reaches who installs us.
 */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { mustRun } from './run.ts';
import { repositoryRoot } from './sources.ts';

/** The folders that the package holds; cli and testing refer to all the others, so building these builds them. */
const folders = [
  'protocol',
  'hw',
  'driver',
  'emulator',
  'testing',
  'authority',
  'provider',
  'cli',
] as const;
const dist = join(repositoryRoot, 'dist');
const bundled = 'driver/print/escpos-package';

rmSync(dist, { recursive: true, force: true });
for (const folder of folders)
  rmSync(join(repositoryRoot, `build/tsc/${folder}.tsbuildinfo`), { force: true });
mustRun('tsc', '-b', 'cli', 'testing');
mustRun('node', 'tools/build-image.ts', '--quiet');
mkdirSync(join(dist, 'image'));
// Only these: beside them lies the private key of the maker of this image.
for (const file of ['firmware.img', 'firmware.bytecode.img', 'image-key.bin'])
  copyFileSync(join(repositoryRoot, 'build/image', file), join(dist, 'image', file));
const licences = await bundleEscpos();
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licences);
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(packageOfDist(), null, 2)}\n`);

/** Our sources name each other by `#folder/file`; here that leads to the JavaScript beside. */
function packageOfDist(): Record<string, unknown> {
  const imports = folders.map((folder) => [`#${folder}/*`, `./${folder}/*.js`]);
  return { type: 'module', imports: Object.fromEntries(imports) };
}

/** Bundles what is not ours, except the native serialport; returns the licences of what is inside. */
async function bundleEscpos(): Promise<string> {
  const ours: Plugin = {
    name: 'our own files stay apart',
    setup({ onResolve }) {
      onResolve({ filter: /^[.#]/ }, ({ path, importer, kind }) => {
        const isOurs = kind !== 'entry-point' && !importer.includes('node_modules');
        return isOurs ? { path: path.replace(/\.ts$/, '.js'), external: true } : undefined;
      });
    },
  };
  const { metafile } = await build({
    entryPoints: [join(repositoryRoot, `${bundled}.ts`)],
    outfile: join(dist, `${bundled}.js`),
    absWorkingDir: repositoryRoot,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: ['serialport'],
    plugins: [ours],
    metafile: true,
    allowOverwrite: true,
    // What is bundled is CommonJS and requires Node's own modules.
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  return licencesOf(Object.keys(metafile.inputs));
}

/** The licence of each package that one of the files belongs to. */
function licencesOf(files: readonly string[]): string {
  const roots = new Set(files.filter((file) => file.includes('node_modules/')).map(packageRoot));
  return [...roots]
    .sort()
    .map((root) => {
      const { name, version, license } = JSON.parse(
        readFileSync(join(root, 'package.json'), 'utf8'),
      );
      const file = readdirSync(root).find((entry) => /^licen[cs]e/i.test(entry));
      const text = file === undefined ? '' : `\n${readFileSync(join(root, file), 'utf8').trim()}\n`;
      return `${name} ${version} (${license})\n${text}`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function packageRoot(file: string): string {
  let folder = dirname(join(repositoryRoot, file));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
