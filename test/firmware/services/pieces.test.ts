/**
 * Corrections, redates, reprints, test and quality prints, and the counters of pieces, through the driver, on the real image
 * (requirements.md C5, B1; domain.md R10, R33-R35, R37).
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { type Indicium, readIndicium, verifyIndicium } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import { TEST_TIME_MS } from '#test/support/board';
import { letter, type PieceRequest } from '#test/support/mail';
import {
  FUNDS,
  flashAfter,
  KEYED_IN,
  licence,
  meterAt,
  meterWith,
  smallCard,
  type TestMeter,
  TODAY,
} from '#test/support/meter';
import { allRatesTable, INSURED, POSTMARK } from '#test/support/rates';
import { expectRefused } from '#test/support/refusal';
import { exportedLog, historyOf } from '#test/support/security-log';

const DAY_MS = 86_400_000;

const correction = (counter: number, changes: Partial<PieceRequest> = {}): PieceRequest =>
  letter(counter, { kind: 'correction', original: 1, postage: mills(70), ...changes });
const redate = (counter: number, changes: Partial<PieceRequest> = {}): PieceRequest =>
  letter(counter, {
    kind: 'redate',
    original: 1,
    postage: mills(0),
    mailingDate: TODAY + 3,
    ...changes,
  });

/** What an indicium says, its signature verified under the certificate that the meter shows. */
async function verified(host: Meter, indicium: Uint8Array): Promise<Indicium> {
  const certificate = readCompactCertificate((await host.certificates()).indicium);
  if (!certificate.ok) throw new Error(certificate.status);
  const read = verifyIndicium(nodeCrypto, indicium, certificate.value);
  if (!read.ok) throw new Error(read.status);
  return read.value;
}

/** Piece 1: a letter of 0.780 for tomorrow. */
const printed = flashAfter('refilled', async (meter) => {
  const user = await meter.loggedIn('user');
  await user.installRateTable(allRatesTable());
  await user.createIndicium(letter(1, { mailingDate: TODAY + 1 }));
});

describe('a correction', () => {
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = meterWith(await printed());
    user = await meter.loggedIn('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test.each<[string, Partial<PieceRequest>, string, number]>([
    ['of no piece', { original: 0 }, 'originalUnknown', 0],
    ['of a piece that was never made', { original: 2 }, 'originalUnknown', 0],
    ['of nothing', { postage: mills(0) }, 'amountInvalid', 0],
    ['above the most postage', { postage: mills(90_001) }, 'postageAboveMaximum', 90_000],
    ['for a service that is not there', { serviceId: 5 }, 'serviceUnknown', 0],
    ['for a service that is an extra', { serviceId: INSURED }, 'serviceUnknown', 0],
    ['for a certificate service', { serviceId: POSTMARK }, 'serviceUnknown', 0],
    ['for yesterday', { mailingDate: 20260228 }, 'dateNotAllowed', 0],
    [
      'beyond the funds',
      { serviceId: KEYED_IN, postage: mills(90_000), original: 1 },
      'insufficientFunds',
      1_000,
    ],
  ])('%s is refused', async (_name, changes, status, detail) => {
    if (status === 'insufficientFunds')
      await user.createIndicium(letter(2, { serviceId: KEYED_IN, postage: mills(10_220) }));

    await expectRefused(meter, () => user.createIndicium(correction(3, changes)), status, detail);
  });

  test('is charged, says what it is, and is written down against the piece', async () => {
    const before = await user.registers();

    const { indicium } = await user.createIndicium(correction(3));

    expect(await verified(user, indicium)).toMatchObject({
      postage: 70,
      pieceCount: 3,
      ascending: before.ascending + 70,
      flags: { correction: true, redate: false, test: false },
    });
    expect(await user.registers()).toMatchObject({
      ascending: before.ascending + 70,
      descending: before.descending - 70,
      pieceCount: 3,
      zeroPieceCount: 0,
    });
    expect((await historyOf(user)).at(-1)).toMatchObject({
      event: 'corrected',
      timeMs: TEST_TIME_MS,
      a: 70,
      b: 3,
      c: 1,
    });
  });

  test('asked for again is the same one, without a second charge or record', async () => {
    const again = () => user.createIndicium(correction(3));
    const [first, before] = [await again(), meter.flash.contents()];

    expect(await again()).toEqual(first);

    expect(Buffer.compare(meter.flash.contents(), before)).toBe(0);
  });

  test('can be made more than once: it may take two to be enough', async () => {
    await user.createIndicium(correction(4, { postage: mills(1) }));

    expect(await user.registers()).toMatchObject({ pieceCount: 4 });
  });
});

test('a correction of a high value is made where it is meant', async () => {
  await using meter = meterWith(await printed());
  const officer = await meter.loggedIn('cryptoOfficer');
  await officer.register(licence({ sequence: 2, highValue: mills(70) }));
  const user = await meter.loggedIn('user');
  await expectRefused(meter, () => user.createIndicium(correction(2)), 'confirmationNeeded', 70);

  await user.createIndicium(correction(2, { isConfirmed: true }));

  expect(await user.registers()).toMatchObject({ ascending: 850 });
});

describe('a redate', () => {
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = meterWith(await printed());
    user = await meter.loggedIn('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test.each<[string, Partial<PieceRequest>, string]>([
    ['of no piece', { original: 0 }, 'originalUnknown'],
    ['of a piece that was never made', { original: 2 }, 'originalUnknown'],
    ['that costs something', { postage: mills(1) }, 'amountInvalid'],
    ['of another service', { serviceId: KEYED_IN }, 'fieldOutOfRange'],
    ['to the same date', { mailingDate: TODAY + 1 }, 'dateNotAllowed'],
    ['to an earlier date', { mailingDate: TODAY }, 'dateNotAllowed'],
    ['too far ahead', { mailingDate: 20260401 }, 'dateNotAllowed'],
  ])('%s is refused', async (_name, changes, status) => {
    await expectRefused(meter, () => user.createIndicium(redate(2, changes)), status);
  });

  test('costs nothing, counts as a piece of zero value, and is written down', async () => {
    const before = await user.registers();

    const { indicium } = await user.createIndicium(redate(2));

    expect(await verified(user, indicium)).toMatchObject({
      postage: 0,
      pieceCount: 2,
      ascending: before.ascending,
      mailingDate: TODAY + 3,
      serviceId: 1,
      flags: { redate: true, correction: false, test: false },
    });
    expect(await user.registers()).toEqual({
      ...before,
      pieceCount: 2,
      zeroPieceCount: 1,
      batchPieceCount: 2,
      requestCounter: 2,
    });
    expect((await historyOf(user)).at(-1)).toMatchObject({
      event: 'redated',
      a: TODAY + 3,
      b: 2,
      c: 1,
    });
  });

  test('of a piece that was redated is refused, after power-up too', async () => {
    const later = redate(3, { mailingDate: TODAY + 4 });
    await expectRefused(meter, () => user.createIndicium(later), 'redatedAlready');
    meter.board.powerOff();
    meter.board.powerOn();
    user = await meter.loggedIn('user');

    await expectRefused(meter, () => user.createIndicium(later), 'redatedAlready');
    expect(await user.createIndicium(redate(2))).toBeDefined(); // the same again is answered
  });

  test('of a redate is refused', async () => {
    await expectRefused(
      meter,
      () => user.createIndicium(redate(3, { original: 2, mailingDate: TODAY + 5 })),
      'originalUnknown',
    );
  });

  test('of a correction is made, since that cost something', async () => {
    await user.createIndicium(correction(3));

    await user.createIndicium(redate(4, { original: 3 }));

    expect(await user.registers()).toMatchObject({ pieceCount: 4, zeroPieceCount: 2 });
  });
});

test('a power cut at any operation of a correction: charged and written down, or neither', async () => {
  const outcomes = new Set<string>();
  for (const [operation, tornBytes] of [
    [0, 0],
    [0, 40],
    [0, 64],
    [1, 0],
    [1, 150],
    [1, 256],
    [2, 100],
  ] as const) {
    await using meter = meterWith(await printed());
    const user = await meter.loggedIn('user');
    meter.flash.losePowerAfter(operation, { tornBytes });
    await expect(user.createIndicium(correction(2), { timeoutMs: 20 })).rejects.toBeDefined();
    meter.board.powerOff();
    meter.flash.restorePower();
    meter.board.powerOn();

    const after = await meter.loggedIn('user');
    const { pieceCount, ascending } = await after.registers();
    const written = (await historyOf(after)).filter(({ event }) => event === 'corrected');
    outcomes.add(`${pieceCount - 1} pieces, ${ascending - 780} charged, ${written.length} written`);

    const { indicium } = await after.createIndicium(correction(2));
    expect(await verified(after, indicium)).toMatchObject({ pieceCount: 2, ascending: 850 });
    const { length } = (await historyOf(after)).filter(({ event }) => event === 'corrected');
    expect(length).toBe(1);
  }
  expect([...outcomes].sort()).toEqual([
    '0 pieces, 0 charged, 0 written',
    '1 pieces, 70 charged, 1 written',
  ]);
});

test('a piece that the journal has forgotten cannot be redated, but corrected', async () => {
  await using meter = meterWith(await smallCard());
  const user = await meter.loggedIn('user');
  const slots = 4 * 16;
  for (let counter = 1; counter <= slots / 2 + 8; counter++)
    await user.createIndicium(letter(counter));

  await expectRefused(meter, () => user.createIndicium(redate(slots)), 'originalUnknown');
  await expectRefused(meter, () => user.createIndicium(letter(1)), 'requestForgotten');
  await expectRefused(
    meter,
    () => user.reprintIndicium({ counter: 1, nonce: 77 }),
    'originalUnknown',
  );
  await user.createIndicium(correction(slots));
});

describe('a reprint', () => {
  test('is the same indicium bit for bit, moves no register, and is written down each time', async () => {
    await using meter = meterWith(await printed());
    const user = await meter.loggedIn('user');
    const first = await user.createIndicium(letter(1, { mailingDate: TODAY + 1 }));
    const before = await user.registers();

    for (let time = 0; time < 2; time++)
      expect(await user.reprintIndicium({ counter: 1, nonce: 77 })).toEqual(first);

    expect(await user.registers()).toEqual(before);
    const history = await historyOf(user);
    expect(history.slice(-2)).toMatchObject([
      { event: 'reprinted', b: 1 },
      { event: 'reprinted', b: 1 },
    ]);
    expect(history.at(-3)?.event).not.toBe('reprinted');
  });

  test('of what is not on record is refused', async () => {
    await using meter = meterWith(await printed());
    const user = await meter.loggedIn('user');

    for (const requestId of [
      { counter: 2, nonce: 77 },
      { counter: 1, nonce: 78 },
    ])
      await expectRefused(meter, () => user.reprintIndicium(requestId), 'originalUnknown');
  });
});

describe('a test print', () => {
  test('is void: no postage, the test flag, a signature that is none; and nothing moves', async () => {
    await using meter = meterWith(await printed());
    const user = await meter.loggedIn('user');
    const before = meter.flash.contents();

    const { indicium } = await user.testPrint(false);

    expect(readIndicium(indicium)).toMatchObject({
      ok: true,
      value: {
        postage: 0,
        pieceCount: 1,
        mailingDate: TODAY,
        serviceId: 0,
        rateCategory: 0,
        flags: { test: true, redate: false, correction: false, reprint: false },
        signature: new Uint8Array(64),
      },
    });
    await expect(verified(user, indicium)).rejects.toThrow('signatureInvalid');
    expect(Buffer.compare(meter.flash.contents(), before)).toBe(0);
  });

  test('needs a clock that tells the day', async () => {
    await using meter = await meterAt('refilled');
    const user = await meter.loggedIn('user');
    meter.clock.loseTrust();

    for (const isQualityPrint of [false, true])
      await expectRefused(meter, () => user.testPrint(isQualityPrint), 'clockNotTrusted');
  });

  test('as a quality print is due every 91 days; nothing else resets them', async () => {
    await using meter = await meterAt('refilled');
    const user = await meter.loggedIn('user');
    const isDue = async () => (await user.condition()).warnings.qualityPrintDue;
    expect(await user.condition()).toMatchObject({ qualityDueMs: TEST_TIME_MS + 91 * DAY_MS });
    meter.clock.advance(91 * DAY_MS - 1);
    expect(await isDue()).toBe(false);
    meter.clock.advance(1);
    expect(await isDue()).toBe(true);
    await user.testPrint(false);
    await user.createIndicium(letter(1, { mailingDate: 20260531 })); // a warning stops nothing
    expect(await isDue()).toBe(true);
    const before = await user.registers();

    await user.testPrint(true);

    expect(await isDue()).toBe(false);
    expect(await user.condition()).toMatchObject({ qualityDueMs: TEST_TIME_MS + 182 * DAY_MS });
    expect(await user.registers()).toEqual(before);
    expect((await historyOf(user)).at(-1)).toMatchObject({ event: 'qualityPrint' });
  });
});

test('batch counters tell pieces and postage since they were reset; the others go on', async () => {
  await using meter = meterWith(await printed());
  const user = await meter.loggedIn('user');
  await user.createIndicium(redate(2));
  expect(await user.registers()).toMatchObject({ batchPieceCount: 2, batchAmount: 780 });
  const exported = await exportedLog(user);

  expect(await user.resetBatch()).toEqual({ batchPieceCount: 2, batchAmount: 780 });
  expect(await user.resetBatch()).toEqual({ batchPieceCount: 0, batchAmount: 0 });
  await user.createIndicium(letter(3));

  expect(await user.registers()).toMatchObject({
    batchPieceCount: 1,
    batchAmount: 780,
    pieceCount: 3,
    zeroPieceCount: 1,
    ascending: 1_560,
    descending: FUNDS - 1_560,
  });
  expect(await exportedLog(user)).toEqual(exported);
});
