/** `tessera print --preview`: what a label would look like; made up, unsigned, and marked (domain.md R37). */

import type { Meter } from '#driver/meter';
import { composeLabel, type LabelOptions } from '#driver/print/label';
import { previewPng, previewTerminal } from '#driver/print/preview';
import { INDICIUM_ALGORITHM, INDICIUM_VERSION, type Indicium } from '#protocol/documents/indicium';
import { type Mills, mills } from '#protocol/mills';
import type { Home } from '../../home.ts';
import { leaveFiles, type OutputOptions, PROFILE_DEFAULT, profileOf } from '../../label-output.ts';
import type { Output } from '../../output.ts';

interface SpecimenFields {
  readonly serviceId: number;
  readonly destination: number;
  readonly mailingDate: number;
}

/** What is to be seen on it, and where. */
export interface Specimen {
  readonly fields: SpecimenFields;
  readonly label: LabelOptions;
  readonly options: OutputOptions;
  readonly home: Home;
}

export async function showSpecimen(
  meter: Meter,
  postage: Mills,
  { fields, label, options, home }: Specimen,
  output: Output,
): Promise<void> {
  const profile = profileOf(options.profile ?? home.settings.profile ?? PROFILE_DEFAULT);
  const picture = composeLabel(await specimen(meter, { ...fields, postage }), profile, {
    ...label,
    variant: 'specimen',
  });
  if (options.out !== undefined)
    await leaveFiles(options.out, { 'specimen.png': previewPng(picture) });
  const columns = process.stdout.columns ?? 100;
  output.say(
    'specimen',
    { widthDots: picture.width, heightDots: picture.height, directory: options.out },
    previewTerminal(picture, { columns, isColoured: process.stdout.isTTY }),
  );
}

async function specimen(
  meter: Meter,
  fields: SpecimenFields & { readonly postage: Mills },
): Promise<Indicium> {
  const { meterId, registers } = await meter.status();
  const { ascending, pieceCount } = registers;
  return {
    version: INDICIUM_VERSION,
    algorithm: INDICIUM_ALGORITHM,
    certificateSerial: 0,
    meterId,
    ...fields,
    ascending: mills(ascending + fields.postage),
    descending: mills(Math.min(registers.descending, 0xffff_ffff)),
    originZip: 0,
    softwareId: new Uint8Array(6),
    rateCategory: 0,
    pieceCount: pieceCount + 1,
    flags: {
      redate: false,
      correction: false,
      reprint: false,
      test: true,
      certificateService: false,
    },
    keyId: new Uint8Array(8),
    signature: new Uint8Array(64),
  };
}
