/** `tessera postmark print`: a postmark on a label, for a paper document; nothing is charged (P fig. 3, 316). */

import { COMPACT_SIZE_MAX, encodeCompactPostmark } from '#driver/evidence/postmark/compact';
import { composePostmark } from '#driver/print/postmark-label';
import { knownCertificates } from '../../certificate-files.ts';
import { Failure } from '../../failure.ts';
import type { Home } from '../../home.ts';
import { interrupted } from '../../interrupt.ts';
import { type OutputOptions, openLabelOutput } from '../../label-output.ts';
import type { Output } from '../../output.ts';
import { stampFigures } from './tell.ts';
import { timeStampIn } from './token-file.ts';

export interface PrintOptions extends OutputOptions {
  readonly title: string;
  readonly certificate?: readonly string[];
}

export async function printStamp(
  file: string,
  options: PrintOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const certificates = knownCertificates(home, ...(options.certificate ?? []));
  const timeStamp = await timeStampIn(file, certificates);
  const payload = encodeCompactPostmark(timeStamp, certificates);
  if (payload === undefined)
    throw new Failure(
      'notPrintable',
      `This postmark does not fit into a symbol of ${COMPACT_SIZE_MAX} bytes, or is not one of a meter.`,
      'Print one that was stamped by a meter with a short nonce or none, and whose certificate is known.',
    );
  const { time, serial, digest } = stampFigures(timeStamp) as Record<string, string>;
  using interrupt = interrupted();
  await using labels = await openLabelOutput(options, home, interrupt.signal);
  const lines = [
    `${time?.slice(0, 10)}  ${time?.slice(11, 23)} UTC`,
    `Number ${serial}`,
    'SHA-256',
    ...(digest?.match(/.{16}/g) ?? []),
  ];
  const label = composePostmark({ title: options.title, lines, payload }, labels.profile);
  const number = Number.parseInt(serial?.slice(-8) ?? '0', 16);
  const delivered = await labels.deliver(label, payload, number);
  output.say(
    'printed',
    { ...stampFigures(timeStamp), ...delivered, postmark: payload },
    `postmark ${serial}; ${labels.text(delivered)}`,
  );
  return 0;
}
