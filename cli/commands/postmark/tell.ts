/** What a postmark says, for a person and for a program. */

import { isPolicy, type TimeStamp } from '#driver/evidence/postmark/time-stamp';
import { postmarkPolicies } from '#protocol/postmark';
import { table } from '../../output.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Whose digest it is; undefined for a time-stamp of somebody else. */
function hashedBy({ policy }: TimeStamp): 'meter' | 'host' | undefined {
  if (isPolicy(policy, postmarkPolicies.contentHashed)) return 'meter';
  return isPolicy(policy, postmarkPolicies.digestGiven) ? 'host' : undefined;
}

export function stampFigures(timeStamp: TimeStamp): Readonly<Record<string, unknown>> {
  const { policy, digest, serial, timeMs, nonce } = timeStamp;
  return {
    time: new Date(timeMs).toISOString(),
    serial: hex(serial),
    digest: hex(digest),
    policy,
    hashedBy: hashedBy(timeStamp),
    nonce: nonce && hex(nonce),
  };
}

const makers = {
  meter: 'by the meter, of the content',
  host: 'given to the meter',
} as const;

export function stampText(timeStamp: TimeStamp): string {
  const maker = hashedBy(timeStamp);
  return `postmark of ${new Date(timeStamp.timeMs).toISOString()}\n${table([
    ['number', hex(timeStamp.serial)],
    ['SHA-256', hex(timeStamp.digest)],
    ['digest', maker === undefined ? `under policy ${timeStamp.policy}` : makers[maker]],
  ])}`;
}
