/** `tessera print --preview`: what a label would look like; made up, unsigned, and marked (domain.md R37). */

import type { Meter } from '#driver/meter';
import { composeLabel, type LabelOptions } from '#driver/print/label';
import { previewPng, previewSvg, previewTerminal } from '#driver/print/preview';
import { INDICIUM_ALGORITHM, INDICIUM_VERSION, type Indicium } from '#protocol/documents/indicium';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { type Mills, mills } from '#protocol/mills';
import type { Home } from '../../home.ts';
import {
  layoutFor,
  leaveFiles,
  type OutputOptions,
  PROFILE_DEFAULT,
  profileOf,
} from '../../label-output.ts';
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
  const name = options.profile ?? home.settings.profile ?? PROFILE_DEFAULT;
  const profile = profileOf(name);
  const layout = layoutFor(options, home, name, profile);
  const { meterId, registers } = await meter.status();
  const { ascending, pieceCount, descending } = registers;
  const indicium = specimenOf({
    ...fields,
    postage,
    meterId,
    ascending: mills(ascending + postage),
    descending: mills(Math.min(descending, 0xffff_ffff)),
    pieceCount: pieceCount + 1,
  });
  const picture = composeLabel(indicium, profile, { ...label, layout, variant: 'specimen' });
  if (options.out !== undefined)
    await leaveFiles(options.out, {
      'specimen.png': previewPng(picture),
      'specimen.svg': Buffer.from(previewSvg(picture, profile.dpi)),
    });
  const columns = process.stdout.columns ?? 100;
  output.say(
    'specimen',
    { widthDots: picture.width, heightDots: picture.height, directory: options.out },
    previewTerminal(picture, { columns, isColoured: process.stdout.isTTY }),
  );
}

/** An indicium of no value: nothing in it is signed, and whoever reads it finds it marked. */
export function specimenOf(fields: Partial<Indicium>): Indicium {
  return {
    version: INDICIUM_VERSION,
    algorithm: INDICIUM_ALGORITHM,
    certificateSerial: 0,
    meterId: encodeMeterId({ model: 'TS01', serial: 0 }),
    postage: mills(0),
    ascending: mills(0),
    descending: mills(0),
    serviceId: 0,
    mailingDate: 20260101,
    destination: 0,
    originZip: 0,
    softwareId: new Uint8Array(6),
    rateCategory: 0,
    pieceCount: 0,
    flags: {
      redate: false,
      correction: false,
      reprint: false,
      test: true,
      certificateService: false,
    },
    keyId: new Uint8Array(8),
    ...fields,
    signature: new Uint8Array(64),
  };
}
