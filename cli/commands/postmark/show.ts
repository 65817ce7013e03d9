/** `tessera postmark show`: what a postmark says of itself. */

import { knownCertificates } from '../../certificate-files.ts';
import type { Home } from '../../home.ts';
import type { Output } from '../../output.ts';
import { stampFigures, stampText } from './tell.ts';
import { timeStampIn } from './token-file.ts';

export async function showStamp(
  file: string,
  { certificate = [] }: { readonly certificate?: readonly string[] },
  home: Home,
  output: Output,
): Promise<number> {
  const timeStamp = await timeStampIn(file, knownCertificates(home, ...certificate));
  const certificates = timeStamp.data.certificates.map(({ der }) => der);
  output.say(
    'postmark',
    { ...stampFigures(timeStamp), certificates: certificates.length },
    `${stampText(timeStamp)}\nnothing of it was judged: verify it`,
  );
  return 0;
}
