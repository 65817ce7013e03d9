/** A label printer for jobs: labels composed from list and indicium, one printer job each (requirements.md F6). */

import { readIndicium } from '#protocol/documents/indicium';
import type { Bitmap } from '../print/bitmap.ts';
import { encodeJob } from '../print/encode.ts';
import { composeLabel } from '../print/label.ts';
import type { Layout } from '../print/layout.ts';
import type { Printer } from '../print/printer.ts';
import { PrinterError } from '../print/printer-error.ts';
import type { PrinterProfile } from '../print/printer-profile.ts';
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
    print: ({ bytes, jobId }) => printer.print(bytes, { jobId }),
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
