/** `tessera meter update`: another firmware image for the meter (requirements.md F8, H2; docs/update.md). */

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { updateImage } from '#driver/update';
import { IMAGE_HEADER_SIZE, imageHeaderDocument } from '#protocol/documents/image-header';
import { Failure } from '../../failure.ts';
import { type Home, openHome } from '../../home.ts';
import { interrupted } from '../../interrupt.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { versionText } from '../../version-text.ts';

export function addUpdate(meter: Command, run: Run): void {
  meter
    .command('update <image>')
    .summary('load another firmware image and restart with it')
    .description(
      `Of a later version, signed by the key that the meter has in its fuses. Interrupted, the same call goes on where it
stopped. Exit code 1 where the new image does not come up: the meter is back at the old one then.`,
    )
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option(
      '--password-file <file>',
      'of the officer; else $TESSERA_OFFICER_PASSWORD, else asked for',
    )
    .action((image: string, options: AccessOptions, command: Command) =>
      run((output) => update(image, options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function update(
  path: string,
  options: AccessOptions,
  home: Home,
  output: Output,
): Promise<number> {
  using interrupt = interrupted();
  const image = Uint8Array.from(readFileSync(path));
  const header = imageHeaderDocument.read(image.subarray(0, IMAGE_HEADER_SIZE));
  if (!header.ok)
    throw new Failure(
      'documentMalformed',
      `${path} is no firmware image.`,
      'Take firmware.img of a build, which npm run image leaves in build/image.',
    );
  await using meter = await loggedIn(home, 'cryptoOfficer', options);
  const before = (await meter.version()).imageVersion;
  let toldPercent = -1;
  const { isInstalled, imageVersion, imageDigest } = await updateImage(meter, image, {
    signal: interrupt.signal,
    onProgress(loaded, size) {
      const percent = Math.floor((10 * loaded) / size) * 10;
      if (percent === toldPercent) return;
      toldPercent = percent;
      output.say('loaded', { loaded, size }, `${percent} % of ${size} bytes loaded`);
    },
  });
  const running = versionText(imageVersion);
  output.say(
    isInstalled ? 'updated' : 'fellBack',
    { imageVersionBefore: before, imageVersion, imageDigest },
    isInstalled
      ? `the meter runs version ${running}`
      : `the new image did not come up: the meter runs version ${running} as before`,
  );
  return isInstalled ? 0 : 1;
}
