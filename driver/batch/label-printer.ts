/** A label printer for jobs: labels composed from list and indicium, one printer job each (requirements.md F6). */

import { readIndicium } from '#protocol/documents/indicium';
import type { Bitmap } from '../print/bitmap.ts';
import { encodeJob } from '../print/encode.ts';
import type { Extras } from '../print/face.ts';
import { composeLabel } from '../print/label.ts';
import { LabelError } from '../print/label-error.ts';
import type { Layout } from '../print/layout.ts';
import type { Printer } from '../print/printer.ts';
import { PrinterError } from '../print/printer-error.ts';
import type { PrinterProfile } from '../print/printer-profile.ts';
import { rehearseLabel } from '../print/rehearsal.ts';
import { missingCharacters } from '../print/text.ts';
import type { JobPiece } from './job.ts';
import type { JobLabel } from './job-description.ts';
import type { PiecePrinter } from './piece-printing.ts';

export interface LabelPrinterOptions {
  readonly profile: PrinterProfile;
  /** That of the printer unless given. */
  readonly layout?: Layout | undefined;
  /** What stands on every label, as the job's description has it. */
  readonly label: JobLabel;
  /** Class inscription of a service, where the job has none for all. */
  readonly inscriptionOf?:
    | ((serviceId: number, extras: readonly number[]) => string | undefined)
    | undefined;
  /** Another layout. */
  readonly compose?:
    | ((piece: JobPiece, indicium: Uint8Array, isReprint: boolean) => Bitmap)
    | undefined;
}

/** A label on its way. */
export interface EncodedLabel {
  readonly bytes: Uint8Array;
  readonly jobId: string;
}

/** @param printer stays the caller's to close */
export function labelPrinter(
  printer: Printer,
  options: LabelPrinterOptions,
): PiecePrinter<EncodedLabel> {
  const { profile, layout, compose = standardLabel(options) } = options;
  let isMute = false;
  let jobs = 0;
  return {
    async checkReady() {
      if (isMute) return; // it would be waited for each time
      const { readiness, problems } = await printer.status();
      isMute = readiness === 'unknown';
      const [problem] = problems;
      if (problem === undefined) return;
      const what = 'the printer is not ready, and nothing more was charged';
      throw new PrinterError({
        address: printer.address,
        stage: 'before first byte',
        problem,
        what,
      });
    },
    compose(piece, indicium, isReprint = false) {
      jobs = (jobs + 1) % 10_000;
      const jobId = String(jobs).padStart(4, '0');
      return {
        bytes: encodeJob(compose(piece, indicium, isReprint), profile, { layout, jobId }),
        jobId,
      };
    },
    ...(options.compose === undefined && { problemWith: rehearsal(options) }),
    print: ({ bytes, jobId }) => printer.print(bytes, { jobId }),
  };
}

/** Whether a label has room and glyphs for a piece: lines that are long are set smaller, so that their number decides. */
function rehearsal({
  profile,
  layout,
  label,
  inscriptionOf = () => undefined,
}: LabelPrinterOptions) {
  const known = new Map<number, string | undefined>();
  const tried = (texts: Extras & { readonly service: string }): string | undefined => {
    try {
      rehearseLabel(profile, texts, layout);
    } catch (error) {
      if (error instanceof LabelError) return error.problem;
      throw error;
    }
    return undefined;
  };
  return ({ serviceId, extras, addressee }: JobPiece): string | undefined => {
    const service = label.inscription ?? inscriptionOf(serviceId, extras) ?? '';
    const { returnAddress } = label;
    if (missingCharacters([service, ...returnAddress, ...addressee].join('')).length > 0)
      return 'noGlyph';
    if (!known.has(addressee.length))
      known.set(addressee.length, tried({ service, returnAddress, addressee }));
    return known.get(addressee.length);
  };
}

function standardLabel({
  profile,
  layout,
  label,
  inscriptionOf = () => undefined,
}: LabelPrinterOptions) {
  const { returnAddress, inscription } = label;
  return (
    { serviceId, extras, addressee }: JobPiece,
    indicium: Uint8Array,
    isReprint: boolean,
  ): Bitmap => {
    const read = readIndicium(indicium);
    if (!read.ok) throw new Error('the journal of the job holds something that is no indicium');
    const service = inscription ?? inscriptionOf(serviceId, extras) ?? '';
    return composeLabel(read.value, profile, {
      service,
      returnAddress,
      addressee,
      isReprint,
      ...(layout !== undefined && { layout }),
    });
  };
}
