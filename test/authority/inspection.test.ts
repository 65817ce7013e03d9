/** A report answers a challenge, is judged with the log against all that is known of the meter, and kept (requirements.md A9, G6, G9). */

import { describe, expect, test } from 'vitest';
import type { ReportCheckName } from '#authority/report-checks';
import { nodeCrypto } from '#driver/node-crypto';
import type { Registers } from '#protocol/command-layouts';
import { type InspectionReport, verifyAcknowledgement } from '#protocol/documents/inspection';
import { LOG_RECORD_SIZE, readLogRecord } from '#protocol/documents/security-log';
import { mills } from '#protocol/mills';
import {
  granted,
  license,
  makeAuthority,
  makeMeter,
  NOON_MS,
  refusalOf,
  signIndicium,
} from '#test/support/back-office';
import { done, type RuleMeter, ruleMeter } from '#test/support/rule-meter';

/** A licensed meter whose log has three records, and who inspects it. */
async function makeInspection() {
  const base = await makeAuthority();
  const { authority, clock } = base;
  const keys = await makeMeter(authority);
  const { meterId } = keys;
  await license(authority, keys);
  const meter = ruleMeter(keys, clock);
  meter.note('made', { a: keys.certificateSerial });
  meter.note('licensed', { a: 1 });
  meter.note('rateTable', { a: 1 });
  const ask = async () => granted(await authority.askForReport({ meterId }));
  const take = (report: Uint8Array, log: Uint8Array) => authority.takeReport({ report, log });
  /** Asks, takes the report that answers with the log, and tells the meter. */
  const inspect = async (changes: Partial<InspectionReport> = {}, from: RuleMeter = meter) => {
    const { challenge, logCount } = await ask();
    const verdict = granted(await take(from.report(challenge, changes), from.exportLog(logCount)));
    if (verdict.acknowledgement !== undefined) from.acknowledge(verdict.acknowledgement);
    return verdict;
  };
  const findings = async () =>
    granted(await authority.listFindings({ after: 0 })).findings.map(({ kind }) => kind);
  const lock = async () => granted(await authority.readMeter({ meterId })).lock;
  return { ...base, keys, meterId, meter, ask, take, inspect, findings, lock };
}

const failed = ({ checks }: { checks: ReadonlyArray<{ name: string; outcome: string }> }) =>
  checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);

test('a sound meter is accepted and gets an acknowledgement of what it reported', async () => {
  const { authority, meterId, meter, ask, take, inspect, findings } = await makeInspection();
  await authority.verifyEvidence({ evidence: signIndicium(meter.keys), seenMs: NOON_MS });
  await inspect({ registers: { ...meter.registers, pieceCount: 1 } });
  const { challenge, logCount } = await ask();
  meter.note('reprinted', { b: 1 });

  const report = meter.report(challenge, { registers: { ...meter.registers, pieceCount: 1 } });
  const verdict = granted(await take(report, meter.exportLog(logCount)));

  expect(verdict.accepted).toBe(true);
  expect(verdict.checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'registers pass',
    'history pass',
    'indicia pass',
    'clock pass',
    'locks pass',
    'documents pass',
    'log pass',
  ]);
  const { publicKey } = granted(await authority.key({}));
  const acknowledgement = verdict.acknowledgement ?? new Uint8Array(0);
  expect(
    verifyAcknowledgement(nodeCrypto, publicKey, acknowledgement, { meterId, challenge }),
  ).toMatchObject({ ok: true, value: { logCount: 4, timeMs: NOON_MS } });
  expect(await findings()).toEqual([]);
});

describe('what speaks against a meter is found and recorded, and it gets no acknowledgement', () => {
  const changed = (changes: Partial<Registers>) => (meter: RuleMeter) => ({
    registers: { ...meter.registers, ...changes },
  });
  test.each<[string, (meter: RuleMeter) => Partial<InspectionReport>, ReportCheckName]>([
    ['registers that do not add up', changed({ descending: mills(1) }), 'registers'],
    [
      'certificate registers that do not add up',
      changed({ certificateAscending: mills(1) }),
      'registers',
    ],
    [
      'more than the licence lets it hold',
      changed({ descending: mills(5_000_001), credited: mills(5_000_001) }),
      'registers',
    ],
    [
      'spoiled postage that nobody refunded',
      changed({ descending: mills(780), spoilageCredited: mills(780) }),
      'registers',
    ],
    ['more settled than was spent', changed({ settled: mills(1) }), 'registers'],
    ['a clock that is an hour ahead', () => ({ timeMs: NOON_MS + 3_600_000 }), 'clock'],
    ['a lock that was never ordered', () => ({ lockSequence: 1 }), 'locks'],
    [
      'that it is locked though nobody ordered it',
      (meter) => ({ locks: { ...lockless, locked: true }, lockSequence: 0, ...changed({})(meter) }),
      'locks',
    ],
    ['a licence that was never given', () => ({ licenceSequence: 2 }), 'documents'],
    ['a rate table that was never published', () => ({ rateVersion: 2 }), 'documents'],
  ])('%s', async (_, changesOf, check) => {
    const { meter, inspect, findings } = await makeInspection();

    const verdict = await inspect(changesOf(meter));

    expect(verdict).toMatchObject({ accepted: false, acknowledgement: undefined });
    expect(failed(verdict)).toEqual([check]);
    expect(await findings()).toEqual([check]);
  });

  test('an indicium in the mail that the meter has not counted', async () => {
    const { authority, keys, inspect } = await makeInspection();
    await authority.verifyEvidence({ evidence: signIndicium(keys), seenMs: NOON_MS });

    expect(failed(await inspect())).toEqual(['indicia']);
  });

  test.each<[string, Partial<Registers>]>([
    ['an ascending register that fell', { ascending: mills(99) }],
    ['a piece forgotten', { pieceCount: 4 }],
    ['a refill forgotten', { refillSequence: 1 }],
  ])('%s', async (_, registers) => {
    const { meter, inspect, lock } = await makeInspection();
    const before = {
      ...meter.registers,
      ascending: mills(100),
      credited: mills(100),
      pieceCount: 5,
      refillSequence: 2,
    };
    await inspect({ registers: before });
    meter.note('reprinted');

    const credited = registers.ascending ?? before.credited;
    const verdict = await inspect({ registers: { ...before, credited, ...registers } });

    expect(failed(verdict)).toContain('history');
    expect(await lock()).toBe('lock');
  });
});

const lockless: InspectionReport['locks'] = {
  clockNotTrusted: false,
  clockFault: false,
  inspectionOverdue: false,
  locked: false,
  revoked: false,
  licenceExpired: false,
  logFull: false,
};

test.each([
  ['not trusted', { timeMs: 0 }],
  ['wrong, which the meter knows', { timeMs: 0, locks: { ...lockless, clockFault: true } }],
])('a clock that is %s does not keep a full log from being taken', async (_, changes) => {
  const { inspect, findings } = await makeInspection();

  const verdict = await inspect(changes);

  expect(verdict.accepted).toBe(true);
  expect(verdict.checks).toContainEqual(
    expect.objectContaining({ name: 'clock', outcome: 'unknown' }),
  );
  expect(await findings()).toEqual([]);
});

describe('the security log', () => {
  test('is taken from where it stands here, each record once', async () => {
    const { authority, meterId, meter, inspect } = await makeInspection();
    await inspect();
    meter.note('refillRequested', { a: 5_000, b: 1 });
    meter.note('refilled', { a: 5_000, b: 1 });
    await inspect();

    const { records } = granted(await authority.listLogRecords({ meterId, after: 0 }));

    expect(records.map(({ count, event, a }) => [count, event, a])).toEqual([
      [1, 'made', meter.keys.certificateSerial],
      [2, 'licensed', 1],
      [3, 'rateTable', 1],
      [4, 'refillRequested', 5_000],
      [5, 'refilled', 5_000],
    ]);
    const bytes = Buffer.concat(records.map(({ record }) => record));
    expect(bytes).toEqual(Buffer.from(meter.exportLog(0)));
    expect(granted(await authority.askForReport({ meterId })).logCount).toBe(5);
  });

  test('may be sent from further back: what is here already is passed over', async () => {
    const { meter, ask, take, inspect } = await makeInspection();
    await inspect();
    meter.note('passwordChanged');
    const { challenge } = await ask();

    const verdict = await take(meter.report(challenge), meter.exportLog(0));

    expect(granted(verdict).accepted).toBe(true);
  });

  test.each<[string, (log: Uint8Array) => Uint8Array]>([
    ['nothing of it', () => new Uint8Array(0)],
    ['its beginning missing', (log) => log.subarray(LOG_RECORD_SIZE)],
    ['its end missing', (log) => log.subarray(0, -LOG_RECORD_SIZE)],
    ['a gap', (log) => Buffer.concat([log.subarray(0, 64), log.subarray(128)])],
    ['half a record more', (log) => Buffer.concat([log, log.subarray(0, 32)])],
    ['no record at all', (log) => new Uint8Array(log.length).fill(0xff)],
  ])('with %s is asked for again, and nothing is recorded', async (_, cut) => {
    const { meter, ask, take, findings } = await makeInspection();
    const { challenge } = await ask();
    const report = meter.report(challenge);

    const first = await take(report, cut(meter.exportLog(0)));
    const second = await take(report, meter.exportLog(0));

    expect(refusalOf(first)).toBe('logIncomplete');
    expect(first).toMatchObject({ detail: 'Send the records 1 to 3.' });
    expect(granted(second).accepted).toBe(true);
    expect(await findings()).toEqual([]);
  });

  test('with a changed record is a finding; who changed it is not proved, so the meter is not locked', async () => {
    const { authority, meterId, meter, ask, take, findings, lock } = await makeInspection();
    const { challenge } = await ask();
    const log = Uint8Array.from(meter.exportLog(0));
    log[LOG_RECORD_SIZE + 20] = (log[LOG_RECORD_SIZE + 20] as number) ^ 1;
    expect(readLogRecord(log.subarray(LOG_RECORD_SIZE, 2 * LOG_RECORD_SIZE)).ok).toBe(true);

    const verdict = granted(await take(meter.report(challenge), log));

    expect(verdict).toMatchObject({ accepted: false, acknowledgement: undefined });
    expect(failed(verdict)).toEqual(['log']);
    expect(await findings()).toEqual(['log']);
    expect(await lock()).toBeUndefined();
    expect(granted(await authority.listLogRecords({ meterId, after: 0 })).records).toEqual([]);
  });

  test('that was cut, or is another one, locks the meter, which has signed both', async () => {
    const { keys, clock, meter, inspect, findings, lock } = await makeInspection();
    await inspect();
    const other = ruleMeter(keys, clock);
    for (let count = 0; count < 9; count++) other.note('passwordWrong', { a: count });

    const verdict = await inspect({ journalSequence: 90 }, other);

    expect(failed(verdict)).toContain('log');
    expect(await findings()).toContain('log');
    expect(await lock()).toBe('lock');
    expect(meter.registers.pieceCount).toBe(0);
  });

  test('that is shorter than before locks the meter', async () => {
    const { meter, ask, take, inspect, lock } = await makeInspection();
    await inspect();
    const head = meter.exportLog(1).subarray(48, 64);
    const { challenge } = await ask();
    const report = meter.report(challenge, { logCount: 2, logHead: head, journalSequence: 90 });

    const verdict = granted(await take(report, new Uint8Array(0)));

    expect(failed(verdict)).toContain('log');
    expect(await lock()).toBe('lock');
  });

  test('that was acknowledged further than it was handed in locks the meter', async () => {
    const { inspect, lock } = await makeInspection();

    const verdict = await inspect({ logAcknowledged: 1 });

    expect(failed(verdict)).toEqual(['log']);
    expect(await lock()).toBe('lock');
  });
});

describe('a copied meter', () => {
  test('is found by two states under the same number, and locked with its reason', async () => {
    const { authority, meterId, meter, inspect, lock } = await makeInspection();
    const copy = meter.copy();
    meter.note('passwordChanged');
    await inspect();
    copy.note('passwordWrong', { a: 1 });

    const verdict = await inspect({}, copy);

    expect(failed(verdict)).toEqual(['history', 'log']);
    expect(await lock()).toBe('lock');
    const { orders } = granted(await authority.listOrders({ meterId, after: 0 }));
    expect(orders).toMatchObject([{ sequence: 1, action: 'lock', reason: 'registers' }]);
    expect(orders[0]?.cause).toContain('two meters');
  });

  test('or one that was set back is found by its older journal', async () => {
    const { meter, inspect, lock } = await makeInspection();
    const copy = meter.copy();
    done(copy.print(0));
    meter.note('passwordChanged');
    meter.note('passwordChanged');
    await inspect();

    const verdict = await inspect({}, copy);

    expect(failed(verdict)).toContain('history');
    expect(await lock()).toBe('lock');
  });

  test('is not suspected because its reports arrive in another order than they were made', async () => {
    const { meter, ask, take, findings, lock } = await makeInspection();
    const [early, late] = [await ask(), await ask()];
    const first = meter.report(early.challenge);
    const exported = meter.exportLog(0);
    meter.note('passwordChanged');
    const second = meter.report(late.challenge);
    granted(await take(second, meter.exportLog(0)));

    const verdict = granted(await take(first, exported));

    expect(verdict.accepted).toBe(true);
    expect(await findings()).toEqual([]);
    expect(await lock()).toBeUndefined();
  });
});

test('the same report gets the same verdict and acknowledgement, and no second finding', async () => {
  const { meter, ask, take, findings } = await makeInspection();
  const log = meter.exportLog(0);
  const good = meter.report((await ask()).challenge);
  const changes = { licenceSequence: 9, journalSequence: 90 };
  const bad = meter.report((await ask()).challenge, changes);
  const first = [await take(good, log), await take(bad, log)];

  const second = [await take(good, log), await take(bad, new Uint8Array(0))];

  expect(second).toEqual(first);
  expect(await findings()).toEqual(['documents']);
});

describe('a report is refused', () => {
  test('that answers no challenge, or one that was for another meter', async () => {
    const { authority, clock, meter, ask, take } = await makeInspection();
    const other = ruleMeter(await makeMeter(authority), clock);

    const refused = async (report: Uint8Array) => refusalOf(await take(report, new Uint8Array(0)));

    expect(await refused(meter.report(new Uint8Array(16)))).toBe('challengeUnknown');
    expect(await refused(other.report((await ask()).challenge))).toBe('challengeUnknown');
  });

  test('that answers one of many challenges that were never used', async () => {
    const { meter, ask, take } = await makeInspection();
    const challenges = [];
    for (let count = 0; count < 20; count++) challenges.push((await ask()).challenge);

    const outcomes = [];
    for (const challenge of challenges)
      outcomes.push(refusalOf(await take(meter.report(challenge), meter.exportLog(0))));

    expect(outcomes.slice(0, 4)).toEqual(Array(4).fill('challengeUnknown'));
    expect(outcomes.slice(4)).toEqual(Array(16).fill('ok'));
  });

  test('that answers a challenge a second time with another content', async () => {
    const { meter, ask, take } = await makeInspection();
    const { challenge } = await ask();
    granted(await take(meter.report(challenge), meter.exportLog(0)));

    const second = await take(meter.report(challenge, { powerCount: 2 }), new Uint8Array(0));

    expect(refusalOf(second)).toBe('challengeUsed');
  });

  test('that the meter did not sign', async () => {
    const { keys, clock, ask, take } = await makeInspection();
    const forger = ruleMeter({ ...keys, device: nodeCrypto.generateKeyPair() }, clock);
    const report = forger.report((await ask()).challenge);

    expect(refusalOf(await take(report, new Uint8Array(0)))).toBe('signatureInvalid');
    expect(refusalOf(await take(report.slice(1), new Uint8Array(0)))).toBe('documentMalformed');
  });
});
