/** An indicium against the certificate it names, and against another one of the same meter. */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import type { CompactCertificate } from '#protocol/documents/compact-certificate';
import {
  type IndiciumFields,
  indiciumCore,
  indiciumFlags,
  readIndicium,
  verifyIndicium,
} from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import { type PlausibilityFinding, plausible } from '#protocol/documents/plausible';
import { mills } from '#protocol/mills';
import {
  authority,
  certificate,
  indicium,
  indiciumKey,
  otherMeterId,
  stranger,
} from '#test/support/document-values';
import { forged, signIndicium } from '#test/support/documents';

const itsCertificate: CompactCertificate = {
  ...certificate,
  issuerKeyId: keyId(nodeCrypto, authority.publicKey),
};

const verdict = (bytes: Uint8Array, against: CompactCertificate = itsCertificate): string => {
  const result = verifyIndicium(nodeCrypto, bytes, against);
  return result.ok ? 'accepted' : result.status;
};

describe('an indicium is verified', () => {
  test('with its certificate', () => {
    expect(verdict(signIndicium())).toBe('accepted');
  });

  test.each<[string, Partial<CompactCertificate>, string]>([
    ['another serial', { serial: 8 }, 'documentMismatch'],
    ['another key', { publicKey: stranger.publicKey }, 'documentMismatch'],
    ['another use', { usage: 'device' }, 'documentMismatch'],
    ['another meter', { subject: otherMeterId }, 'documentForOtherMeter'],
  ])('but not with a certificate of %s', (_, difference, expected) => {
    expect(verdict(signIndicium(), { ...itsCertificate, ...difference })).toBe(expected);
  });

  test('but not where another key signed it', () => {
    const bytes = forged('indicium', 'serviceId', Uint8Array.of(1, 0), stranger);

    expect(verdict(bytes)).toBe('signatureInvalid');
    expect(verdict(forged('indicium', 'serviceId', Uint8Array.of(1, 0), indiciumKey))).toBe(
      'accepted',
    );
  });

  test.each([
    [20261231, 'documentNotValidNow'],
    [20270101, 'accepted'],
    [20291231, 'accepted'],
    [20300130, 'accepted'],
    [20300131, 'documentNotValidNow'],
  ])('dated %i, of a certificate from 2027 to 2029: %s', (mailingDate, expected) => {
    expect(verdict(signIndicium({ ...indicium, mailingDate }))).toBe(expected);
  });

  test('of a certificate that lasts to the end of the calendar', () => {
    const lasting = { ...itsCertificate, validTo: 99991231 };

    expect(verdict(signIndicium({ ...indicium, mailingDate: 99991231 }), lasting)).toBe('accepted');
  });
});

test.each(indiciumFlags.map((name, bit) => [name, bit] as const))(
  'the flag %s is bit %i',
  (name, bit) => {
    const core = indiciumCore({ ...indicium, flags: { ...indicium.flags, [name]: true } });

    expect(core[55]).toBe(1 << bit);
  },
);

test('nothing is read into an indicium that has a legacy size', () => {
  expect(readIndicium(signIndicium().subarray(0, 98)).ok).toBe(false);
});

describe('of two indicia of one meter, the later one', () => {
  const next = (difference: Partial<IndiciumFields>): IndiciumFields => ({
    ...indicium,
    pieceCount: indicium.pieceCount + 1,
    ascending: mills(indicium.ascending + 780),
    descending: mills(indicium.descending - 780),
    ...difference,
  });
  const later = (difference: Partial<IndiciumFields>): PlausibilityFinding[] =>
    plausible(indicium, next(difference));
  const { ascending, descending, pieceCount } = indicium;

  test.each<[string, Partial<IndiciumFields>, PlausibilityFinding[]]>([
    ['is the next piece', {}, []],
    ['comes after a refill', { descending: mills(descending - 780 + 200_000) }, []],
    ['comes after pieces of zero value', { pieceCount: pieceCount + 9 }, []],
    [
      'comes after one piece of the greatest postage, on funds that were refilled',
      {
        pieceCount: pieceCount + 2,
        ascending: mills(ascending + 780 + 0xff_ffff),
      },
      [],
    ],
    ['is dated thirty days before one that was dated ahead', { mailingDate: 20270131 }, []],
    ['is charged from a later table', { rateCategory: 3 }, []],
    ['is of another meter', { meterId: otherMeterId, ascending: mills(780) }, ['otherMeter']],
    ['is counted as the same piece', { pieceCount }, ['pieceCountNotGrown']],
    ['is counted before it', { pieceCount: pieceCount - 1 }, ['pieceCountNotGrown']],
    ['was not charged', { ascending, descending }, ['ascendingGrewTooLittle']],
    [
      'was charged less than it says',
      { ascending: mills(ascending + 779) },
      ['ascendingGrewTooLittle', 'controlSumFell'],
    ],
    [
      'comes after pieces that were not counted',
      { ascending: mills(ascending + 781) },
      ['ascendingGrewTooMuch'],
    ],
    [
      'comes after more than the pieces between could cost',
      { pieceCount: pieceCount + 2, ascending: mills(ascending + 780 + 0x100_0000) },
      ['ascendingGrewTooMuch'],
    ],
    ['lost funds on the way', { descending: mills(descending - 781) }, ['controlSumFell']],
    ['is charged from an older table', { rateCategory: 1 }, ['rateTableOlder']],
    ['is dated too early', { mailingDate: 20270130 }, ['datedTooEarly']],
    [
      'is from a meter set back',
      { pieceCount: 3, ascending: mills(1_000), descending: mills(9_000) },
      ['pieceCountNotGrown', 'ascendingGrewTooLittle', 'controlSumFell'],
    ],
  ])('%s', (_, difference, expected) => {
    expect(later(difference)).toEqual(expected);
  });

  test('comes after certificate services that the same register paid for', () => {
    const paid = next({ ascending: mills(ascending + 780 + 50_000) });

    expect(plausible(indicium, paid)).toEqual(['ascendingGrewTooMuch']);
    expect(plausible(indicium, paid, true)).toEqual([]);
  });

  test('may be the same one seen again, or its reprint', () => {
    const reprint = { ...indicium, flags: { ...indicium.flags, reprint: true } };

    expect(plausible(indicium, { ...indicium })).toEqual(['same']);
    expect(plausible(indicium, reprint)).toEqual(['same']);
  });
});
