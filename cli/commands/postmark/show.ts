/** `tessera postmark show`: what a postmark says of itself. */

import type { Output } from '../../output.ts';
import { stampFigures, stampText } from './tell.ts';
import { timeStampIn } from './token-file.ts';

export async function showStamp(file: string, output: Output): Promise<number> {
  const timeStamp = timeStampIn(file);
  const certificates = timeStamp.data.certificates.map(({ der }) => der);
  output.say(
    'postmark',
    { ...stampFigures(timeStamp), certificates: certificates.length },
    `${stampText(timeStamp)}\nnothing of it was judged: verify it`,
  );
  return 0;
}
