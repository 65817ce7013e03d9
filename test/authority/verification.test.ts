/** Verification judges evidence check by check, and sees the same evidence twice (requirements.md C8, G9). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EvidenceCheckName, Verdict } from '#authority/verification';
import { nodeCrypto } from '#driver/node-crypto';
import type { IndiciumFields, IndiciumFlags } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import {
  DAY_MS,
  granted,
  license,
  makeAuthority,
  makeMeter,
  NOON_MS,
  signIndicium,
  type TestMeter,
} from '#test/support/back-office';

/** An authority that verifies, and a licensed meter of it. */
async function makeDesk() {
  const base = await makeAuthority();
  const meter = await makeMeter(base.authority);
  await license(base.authority, meter);
  const verify = async (evidence: Uint8Array, seenMs = NOON_MS): Promise<Verdict> =>
    granted(await base.authority.verifyEvidence({ evidence, seenMs })) as Verdict;
  const findings = async () => granted(await base.authority.listFindings({ after: 0 })).findings;
  return { ...base, meter, verify, findings };
}

const failed = ({ checks }: Verdict): EvidenceCheckName[] =>
  checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);

const flags = (set: Partial<IndiciumFlags>): IndiciumFlags => ({
  redate: false,
  correction: false,
  reprint: false,
  test: false,
  certificateService: false,
  ...set,
});

/** The n-th letter of a meter that was refilled with 100.000. */
const letter = (piece: number): Partial<IndiciumFields> => ({
  pieceCount: piece,
  ascending: mills(780 * piece),
  descending: mills(100_000 - 780 * piece),
});

test('a genuine indicium passes every check', async () => {
  const { meter, verify, findings } = await makeDesk();
  await verify(signIndicium(meter, letter(1)));

  const verdict = await verify(signIndicium(meter, letter(2)), NOON_MS + 5);

  expect(verdict).toMatchObject({ accepted: true, format: 'tessera', firstSeenMs: NOON_MS + 5 });
  expect(verdict.checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'structure pass',
    'certificate pass',
    'chain pass',
    'signature pass',
    'validity pass',
    'purpose pass',
    'licence pass',
    'rate pass',
    'refunded pass',
    'registers pass',
    'forgery pass',
    'duplicate pass',
  ]);
  expect(await findings()).toEqual([]);
});

test('the first indicium of a meter is accepted, though its registers cannot be compared', async () => {
  const { meter, verify } = await makeDesk();

  const verdict = await verify(signIndicium(meter));

  expect(verdict.accepted).toBe(true);
  expect(verdict.checks).toContainEqual({
    name: 'registers',
    outcome: 'unknown',
    text: 'No other indicium of this meter was seen to compare with.',
  });
});

describe('the second sight of an indicium', () => {
  test('is a duplicate, told with the time of the first', async () => {
    const { meter, verify, findings } = await makeDesk();
    const evidence = signIndicium(meter);
    await verify(evidence, NOON_MS);

    const second = await verify(evidence, NOON_MS + DAY_MS);
    const third = await verify(evidence, NOON_MS + 2 * DAY_MS);

    expect([second.accepted, third.accepted]).toEqual([false, false]);
    expect([failed(second), failed(third)]).toEqual([['duplicate'], ['duplicate']]);
    expect([second.firstSeenMs, third.firstSeenMs]).toEqual([NOON_MS, NOON_MS]);
    expect(second.checks.at(-1)?.text).toBe(
      'This indicium was seen before, first at 2027-03-01T12:00:00.000Z.',
    );
    expect((await findings()).map(({ kind }) => kind)).toEqual(['duplicate', 'duplicate']);
  });

  test('is found once where two scanners see it at the same time', async () => {
    const { meter, verify } = await makeDesk();
    const evidence = signIndicium(meter);

    const verdicts = await Promise.all(Array.from({ length: 8 }, () => verify(evidence)));

    expect(verdicts.filter(({ accepted }) => accepted)).toHaveLength(1);
  });

  test('is a duplicate too where it is signed anew or flagged as a reprint', async () => {
    const { meter, verify } = await makeDesk();
    await verify(signIndicium(meter));

    expect(failed(await verify(signIndicium(meter)))).toEqual(['duplicate']);
    expect(failed(await verify(signIndicium(meter, { flags: flags({ reprint: true }) })))).toEqual([
      'duplicate',
    ]);
  });

  test('with another content under the same piece number is a forgery', async () => {
    const { meter, verify, findings } = await makeDesk();
    await verify(signIndicium(meter));

    const verdict = await verify(signIndicium(meter, { destination: 99_999 }));

    expect(verdict).toMatchObject({ accepted: false, firstSeenMs: NOON_MS });
    expect(failed(verdict)).toEqual(['forgery']);
    expect((await findings()).map(({ kind, meterId }) => [kind, meterId])).toEqual([
      ['forgery', 'TS01-0000000001'],
    ]);
  });
});

describe('evidence that no meter of ours made', () => {
  test.each<[string, (meter: TestMeter) => Uint8Array, EvidenceCheckName]>([
    [
      'signed with another key',
      (meter) => signIndicium({ ...meter, indicium: nodeCrypto.generateKeyPair() }),
      'chain',
    ],
    [
      'signed with another key under the name of the right one',
      (meter) => {
        const evidence = signIndicium(meter);
        evidence.set(nodeCrypto.sign(nodeCrypto.generateKeyPair().privateKey, evidence), 64);
        return evidence.slice(0, 128);
      },
      'signature',
    ],
    [
      'under a certificate that was not issued',
      (m) => signIndicium({ ...m, certificateSerial: 999 }),
      'certificate',
    ],
    [
      'under the certificate of its device key',
      (m) => signIndicium({ ...m, certificateSerial: 1 }),
      'chain',
    ],
    [
      'under the number of another meter',
      (m) =>
        signIndicium({ ...m, meterId: Uint8Array.from(Buffer.from('TS01\x09\0\0\0', 'latin1')) }),
      'chain',
    ],
  ])('%s is refused, a finding, and takes no piece number', async (_, make, check) => {
    const { meter, verify, findings } = await makeDesk();

    const verdict = await verify(make(meter));

    expect(verdict).toMatchObject({ accepted: false, firstSeenMs: undefined });
    expect(failed(verdict)[0]).toBe(check);
    expect((await findings())[0]?.kind).toBe(check);
    expect((await verify(signIndicium(meter))).accepted).toBe(true);
  });

  test('with any bit flipped is refused', async () => {
    const { meter, verify } = await makeDesk();
    const evidence = signIndicium(meter);

    await fc.assert(
      fc.asyncProperty(fc.nat(128 * 8 - 1), async (bit) => {
        const flipped = evidence.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        expect((await verify(flipped)).accepted).toBe(false);
      }),
      { numRuns: 60 },
    );
    expect((await verify(evidence)).accepted).toBe(true);
  });

  test.each([0, 1, 19, 20, 64, 127, 129, 500])('%i bytes of nothing are refused', async (size) => {
    const { verify, findings } = await makeDesk();

    const verdict = await verify(new Uint8Array(size));

    expect(verdict.accepted).toBe(false);
    expect(failed(verdict)).toEqual(['structure']);
    expect(await findings()).toEqual([]);
  });
});

describe('a genuine indicium that should not be', () => {
  test.each<[string, Partial<IndiciumFields>, EvidenceCheckName]>([
    ['dated before its certificate', { mailingDate: 20270228 }, 'validity'],
    ['dated more than 30 days ahead', { mailingDate: 20270401 }, 'validity'],
    ['meant as a test', { flags: flags({ test: true }) }, 'purpose'],
    ['from another origin', { originZip: 20261 }, 'licence'],
    ['of an amount that is no rate', { postage: mills(779) }, 'rate'],
    ['of a service that does not exist', { serviceId: 5 }, 'rate'],
    ['of a rate table that was not published', { rateCategory: 9 }, 'rate'],
  ])('%s is refused', async (_, fields, check) => {
    const { meter, verify } = await makeDesk();

    const verdict = await verify(signIndicium(meter, fields));

    expect(verdict.accepted).toBe(false);
    expect(failed(verdict)).toEqual([check]);
  });

  test.each<[string, Partial<IndiciumFields>]>([
    ['of a weight and zone', { serviceId: 40, postage: mills(8_300) }],
    ['with two extras', { serviceId: 30, postage: mills(1_070 + 4_850 + 2_620) }],
    ['that corrects another one', { postage: mills(290), flags: flags({ correction: true }) }],
    ['that redates another one', { postage: mills(0), flags: flags({ redate: true }) }],
  ])('but one %s is accepted', async (_, fields) => {
    const { meter, verify } = await makeDesk();
    const { postage = mills(780) } = fields;

    const verdict = await verify(signIndicium(meter, { ascending: postage, ...fields }));

    expect(failed(verdict)).toEqual([]);
    expect(verdict.accepted).toBe(true);
  });

  test.each<[string, Partial<IndiciumFields>, EvidenceCheckName]>([
    ['of a weighed service at a price between two', { serviceId: 30, postage: mills(900) }, 'rate'],
    ['of an extra alone', { serviceId: 200, postage: mills(4_850) }, 'rate'],
    ['that redates and costs something', { flags: flags({ redate: true }) }, 'licence'],
    ['for nothing', { postage: mills(0), serviceId: 100 }, 'licence'],
  ])('%s is refused too', async (_, fields, check) => {
    const { meter, verify } = await makeDesk();
    const ascending = mills(Math.max(780, fields.postage ?? 0));

    expect(failed(await verify(signIndicium(meter, { ascending, ...fields })))).toContain(check);
  });

  test('of a service that the licence does not name is refused', async () => {
    const { authority } = await makeAuthority();
    const meter = await makeMeter(authority);
    await license(authority, meter, undefined, { services: [2, 3] });
    const evidence = signIndicium(meter);

    const verdict = granted(await authority.verifyEvidence({ evidence, seenMs: NOON_MS }));

    expect(failed(verdict as Verdict)).toEqual(['licence']);
  });

  test('a test print is void, and takes no piece number', async () => {
    const { meter, verify } = await makeDesk();
    const print = signIndicium(meter, {
      postage: mills(0),
      rateCategory: 0,
      serviceId: 0,
      flags: flags({ test: true }),
    });
    print.fill(0, 64);

    const verdict = await verify(print);

    expect(verdict).toMatchObject({ accepted: false, firstSeenMs: undefined });
    expect(failed(verdict)).toContain('purpose');
    expect(failed(verdict)).not.toContain('signature');
    expect((await verify(signIndicium(meter))).accepted).toBe(true);
  });

  test('dated 30 days ahead is accepted', async () => {
    const { meter, verify } = await makeDesk();

    expect((await verify(signIndicium(meter, { mailingDate: 20270331 }))).accepted).toBe(true);
  });
});

describe('registers', () => {
  test.each<[string, Partial<IndiciumFields>]>([
    ['a piece that cost nothing', { ...letter(3), ascending: mills(780 * 2) }],
    ['a control sum that fell', { ...letter(3), descending: mills(97_659) }],
    ['a later piece with less spent', { ...letter(9), ascending: mills(1_500) }],
  ])('%s is found', async (_, fields) => {
    const { meter, verify } = await makeDesk();
    await verify(signIndicium(meter, letter(2)));

    const verdict = await verify(signIndicium(meter, fields));

    expect(failed(verdict)).toEqual(['registers']);
  });

  test('an earlier piece that says more was spent is found', async () => {
    const { meter, verify } = await makeDesk();
    await verify(signIndicium(meter, letter(5)));

    const verdict = await verify(signIndicium(meter, { ...letter(4), ascending: mills(3_500) }));

    expect(failed(verdict)).toEqual(['registers']);
  });

  test('an honest meter is never suspected, in whatever order its mail arrives', async () => {
    const charges = fc.array(
      fc.record({ postage: fc.integer({ min: 160, max: 100_000 }), refill: fc.nat(200_000) }),
      { minLength: 1, maxLength: 8 },
    );
    const history = charges.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(
          list.map((_, place) => place),
          { minLength: list.length },
        ),
      ),
    );
    const { authority } = await makeAuthority();

    await fc.assert(
      fc.asyncProperty(history, async ([list, order]) => {
        const meter = await makeMeter(authority);
        await license(authority, meter);
        const mail = printed(meter, list);

        for (const place of order) {
          const evidence = mail[place] as Uint8Array;
          const verdict = granted(await authority.verifyEvidence({ evidence, seenMs: NOON_MS }));
          expect(verdict.accepted).toBe(true);
        }
      }),
      { numRuns: 15 },
    );
  });
});

/** What an honest meter prints: it is refilled with what it needs and something more, then prints. */
function printed(
  meter: TestMeter,
  list: ReadonlyArray<{ readonly postage: number; readonly refill: number }>,
): Uint8Array[] {
  let [ascending, descending] = [0, 0];
  return list.map(({ postage, refill }, place) => {
    ascending += postage;
    descending = Math.max(descending - postage, 0) + refill;
    return signIndicium(meter, {
      pieceCount: place + 1,
      postage: mills(postage),
      ascending: mills(ascending),
      descending: mills(descending),
      serviceId: 100,
    });
  });
}

describe('legacy evidence is read, and reported as not verifiable', () => {
  const ibi = Buffer.concat([
    Buffer.from(
      '5001dc780c0030373156576c08007a8609c54ed827008ab73201244f000067496d1500b5c300000000',
      'hex',
    ),
    Buffer.from('06c13102b90290d0', 'hex'),
    Buffer.alloc(40),
  ]);
  const ibiLite = Buffer.from('ff4713270011f50fce96010000009aca2921e3f1', 'hex');
  test.each([
    ['ibi', ibi],
    ['ibiLite', ibiLite],
  ])('%s', async (format, evidence) => {
    const { verify } = await makeDesk();

    const verdict = await verify(Uint8Array.from(evidence));

    expect(verdict).toMatchObject({ accepted: false, format, firstSeenMs: undefined });
    expect(verdict.checks).toContainEqual({
      name: 'signature',
      outcome: 'unknown',
      text: 'legacy algorithm, not verifiable.',
    });
  });
});
