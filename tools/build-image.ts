/** `npm run image`: builds and signs the firmware image into build/image; does nothing where nothing changed. */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { IMAGE_VERSION, SECURITY_VERSION } from '#firmware/version';
import { buildImage, type ImageBuild, sizeTable } from './image-build.ts';
import { repositoryRoot } from './sources.ts';

const OUT_FOLDER = 'build/image';
const KEY_VARIABLE = 'TESSERA_IMAGE_KEY';

const HELP = `Usage: npm run image -- [--quiet] [--json]

Bundles firmware/image.ts, holds it to its budget, signs it, and writes to ${OUT_FOLDER}:
  firmware.img           header and body, as a board stores it: source, for any engine
  firmware.bytecode.img  the same as bytecode of the embedded engine
  firmware.min.js        the body of firmware.img
  image-key.bin          the key of the fuses: 33 bytes, compressed point on P-256
  sizes.json             what each package takes

Options:
  --quiet  say nothing unless it fails
  --json   say only the line of JSON that it ends with
  --help   this text

Environment:
  ${KEY_VARIABLE}  the signing key on P-256 as PEM; without it a development key is made once
`;

function printTable({ isNew, sizes }: ImageBuild): void {
  const { bodySize, bodySizeMax, gzipSize, packages, bytecode } = sizes;
  process.stdout.write(
    `${sizeTable(packages)}\n${String(bodySize).padStart(9)}  of ${bodySizeMax} as source, ${gzipSize} as gzip\n` +
      `${String(bytecode.bodySize).padStart(9)}  as bytecode of ${bytecode.engine}, ${bytecode.gzipSize} as gzip\n` +
      `${OUT_FOLDER}/firmware.img and firmware.bytecode.img ${isNew ? 'were built' : 'are up to date'}\n`,
  );
}

function printJson({ isNew, sizes }: ImageBuild): void {
  const { bodySize, bodySizeMax, gzipSize, imageDigest, packages, bytecode } = sizes;
  const figures = {
    isNew,
    imageVersion: IMAGE_VERSION,
    imageDigest,
    bodySize,
    bodySizeMax,
    gzipSize,
    bytecode,
  };
  process.stdout.write(`${JSON.stringify({ script: 'image', ...figures, packages })}\n`);
}

/** Undefined where the command line is not one of ours. */
function readOptions() {
  try {
    return parseArgs({
      options: {
        quiet: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

/** @returns the exit code: 0 done, 1 failed with a reason, 2 usage */
async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    const built = await buildImage({
      root: repositoryRoot,
      entry: 'firmware/image.ts',
      outFolder: join(repositoryRoot, OUT_FOLDER),
      imageVersion: IMAGE_VERSION,
      securityVersion: SECURITY_VERSION,
      signingKey: process.env[KEY_VARIABLE],
    });
    if (options.quiet) return 0;
    if (!options.json) printTable(built);
    printJson(built);
    return 0;
  } catch (error) {
    process.stderr.write(`The image was not built: ${(error as Error).message}\n`);
    return 1;
  }
}

process.exitCode = await main();
