/** Indicia for labels: the signed sample, and any other that the fields allow. */

import fc from 'fast-check';
import { addDays } from '#protocol/documents/date';
import { type Indicium, type IndiciumFields, readIndicium } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import { indicium } from './document-values.ts';
import { signIndicium } from './documents.ts';

/** The sample with some fields changed, truly signed. */
export function signedIndicium(changes: Partial<IndiciumFields> = {}): Indicium {
  const read = readIndicium(signIndicium({ ...indicium, ...changes }));
  if (!read.ok) throw new Error(`the sample is refused: ${read.status}`);
  return read.value;
}

/** Indicia with any amount, counters, ZIP and date; the signature is noise, since labels do not judge it. */
export const anyIndicium: fc.Arbitrary<Indicium> = fc
  .record({
    postage: fc.integer({ min: 1, max: 0xff_ffff }).map(mills),
    spentBefore: fc.integer({ min: 0, max: 0xff_ffff_ffff - 0xff_ffff }),
    descending: fc.integer({ min: 0, max: 0xffff_ffff }).map(mills),
    pieceCount: fc.integer({ min: 1, max: 0xffff_ffff }),
    originZip: fc.integer({ min: 0, max: 99_999 }),
    days: fc.integer({ min: 0, max: 20_000 }),
    destination: fc.integer({ min: 0, max: 99_999_999_999 }),
    signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
  })
  .filter(({ signature }) => signature.some((byte) => byte !== 0))
  .map(({ spentBefore, days, ...fields }) => ({
    ...signedIndicium(),
    ...fields,
    ascending: mills(spentBefore + fields.postage),
    mailingDate: addDays(20260101, days),
  }));
