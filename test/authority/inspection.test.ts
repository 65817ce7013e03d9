/** A status report answers a challenge, is checked against all that is known of the meter, and kept (requirements.md A9). */

import { describe, expect, test } from 'vitest';
import type { ReportCheckName } from '#authority/inspection';
import { nodeCrypto } from '#driver/node-crypto';
import type { Registers } from '#protocol/command';
import { type StatusReport, signStatusReport } from '#protocol/documents/status-report';
import { mills } from '#protocol/mills';
import {
  granted,
  license,
  makeAuthority,
  makeMeter,
  NOON_MS,
  refusalOf,
  signIndicium,
  type TestMeter,
} from '#test/support/back-office';

const registers: Registers = {
  ascending: mills(780),
  descending: mills(99_220),
  refunded: mills(0),
  credited: mills(100_000),
  certificateAscending: mills(0),
  certificateDescending: mills(0),
  pieceCount: 1,
  zeroPieceCount: 0,
  certificatePieceCount: 0,
  descendingMax: mills(5_000_000),
  refillSequence: 1,
  refillPending: mills(0),
  requestCounter: 1,
};

function report(
  { meterId, device }: TestMeter,
  challenge: Uint8Array,
  fields: Partial<StatusReport> = {},
): Uint8Array {
  return signStatusReport(nodeCrypto, device.privateKey, {
    meterId,
    challenge,
    timeMs: NOON_MS + 1_000,
    state: 'idle',
    lifeCycle: 'registered',
    fault: 0,
    imageVersion: 0x10000,
    imageDigest: new Uint8Array(32),
    registers,
    journalSequence: 17,
    auditHead: new Uint8Array(16),
    ...fields,
  });
}

async function makeInspection() {
  const base = await makeAuthority();
  const { authority } = base;
  const meter = await makeMeter(authority);
  await license(authority, meter);
  const challenge = async (): Promise<Uint8Array> =>
    granted(await authority.askForReport({ meterId: meter.meterId })).challenge;
  /** Asks, and takes the report that answers. */
  const inspect = async (fields: Partial<StatusReport> = {}) =>
    granted(await authority.takeReport({ report: report(meter, await challenge(), fields) }));
  const findings = async () =>
    granted(await authority.listFindings({ after: 0 })).findings.map(({ kind }) => kind);
  return { ...base, meter, challenge, inspect, findings };
}

const failed = ({ checks }: { checks: ReadonlyArray<{ name: string; outcome: string }> }) =>
  checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);

test('a sound meter is accepted', async () => {
  const { authority, meter, inspect, findings } = await makeInspection();
  await authority.verifyEvidence({ evidence: signIndicium(meter), seenMs: NOON_MS });
  await inspect();

  const verdict = await inspect({ journalSequence: 18 });

  expect(verdict.accepted).toBe(true);
  expect(verdict.checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'registers pass',
    'history pass',
    'indicia pass',
    'clock pass',
    'fault pass',
  ]);
  expect(await findings()).toEqual([]);
});

describe('what speaks against a meter is found and recorded', () => {
  test.each<[string, Partial<StatusReport>, ReportCheckName]>([
    [
      'registers that do not add up',
      { registers: { ...registers, descending: mills(99_221) } },
      'registers',
    ],
    [
      'funds above the maximum',
      { registers: { ...registers, descendingMax: mills(99_219) } },
      'registers',
    ],
    ['an older journal', { journalSequence: 16 }, 'history'],
    ['an older image', { imageVersion: 0xffff }, 'history'],
    ['a refill forgotten', { registers: { ...registers, refillSequence: 0 } }, 'history'],
    ['a clock that is not trusted', { timeMs: 0 }, 'clock'],
    ['a clock that is an hour ahead', { timeMs: NOON_MS + 3_600_000 }, 'clock'],
    ['a fault', { fault: 0x0f06 }, 'fault'],
    ['the error state', { state: 'error' }, 'fault'],
  ])('%s', async (_, fields, check) => {
    const { inspect, findings } = await makeInspection();
    await inspect();

    const verdict = await inspect(fields);

    expect(verdict.accepted).toBe(false);
    expect(failed(verdict)).toEqual([check]);
    expect(await findings()).toEqual([check]);
  });

  test('an indicium in the mail that the meter has not counted', async () => {
    const { authority, meter, inspect } = await makeInspection();
    const evidence = signIndicium(meter, { pieceCount: 2, ascending: mills(1_560) });
    await authority.verifyEvidence({ evidence, seenMs: NOON_MS });

    expect(failed(await inspect())).toEqual(['indicia']);
  });
});

test('the same report gets the same verdict, and no second finding', async () => {
  const { authority, meter, challenge, findings } = await makeInspection();
  const bytes = report(meter, await challenge(), { fault: 1 });
  const first = await authority.takeReport({ report: bytes });

  const second = await authority.takeReport({ report: bytes });

  expect(second).toEqual(first);
  expect(await findings()).toEqual(['fault']);
});

describe('a report is refused', () => {
  test('that answers no challenge, or one that was for another meter', async () => {
    const { authority, meter, challenge } = await makeInspection();
    const other = await makeMeter(authority);

    const take = async (bytes: Uint8Array) =>
      refusalOf(await authority.takeReport({ report: bytes }));

    expect(await take(report(meter, new Uint8Array(16)))).toBe('challengeUnknown');
    expect(await take(report(other, await challenge()))).toBe('challengeUnknown');
  });

  test('that answers a challenge a second time with another content', async () => {
    const { authority, meter, challenge } = await makeInspection();
    const asked = await challenge();
    granted(await authority.takeReport({ report: report(meter, asked) }));

    const second = await authority.takeReport({ report: report(meter, asked, { fault: 1 }) });

    expect(refusalOf(second)).toBe('challengeUsed');
  });

  test('that the meter did not sign', async () => {
    const { authority, meter, challenge } = await makeInspection();
    const forger = { ...meter, device: nodeCrypto.generateKeyPair() };
    const bytes = report(forger, await challenge());

    expect(refusalOf(await authority.takeReport({ report: bytes }))).toBe('signatureInvalid');
    expect(refusalOf(await authority.takeReport({ report: bytes.slice(1) }))).toBe(
      'documentMalformed',
    );
  });
});
