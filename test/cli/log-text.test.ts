/** What people read where programs have numbers, and what they are told where something is missing. */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { logRecordText } from '#cli/log-text';
import { logEventNames } from '#protocol/documents/security-log';
import { cli } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';

const timeMs = Date.UTC(2026, 2, 1, 12);
const record = { count: 7, timeMs, a: 0, b: 0, c: 0 };

test.each([
  [{ event: 'refilled', a: 100_000, b: 3, c: 1 }, '100.000, sequence: 3, spoilage'],
  [{ event: 'refilled', a: 0, b: 3, c: 0 }, 'refused, sequence: 3, purchase'],
  [
    { event: 'redated', a: 20_260_302, b: 9, c: 8 },
    'now for 2026-03-02, piece: 9, piece that it redates: 8',
  ],
  [{ event: 'clockSet', a: 0, b: timeMs }, 'from –, to 2026-03-01 12:00 UTC'],
  [
    { event: 'imageLoaded', a: 0x10203, b: 0x10200, c: 2 },
    'version 1.2.3, by 1.2.0, security version: 2',
  ],
  [{ event: 'passwordWrong', a: 2, b: 1 }, 'tries in a row: 2, of user'],
] as const)('the record %j says %s', (figures, text) => {
  expect(logRecordText({ ...record, ...figures })).toBe(
    `7  2026-03-01 12:00 UTC  ${figures.event}  ${text}`,
  );
});

test('every event has a text', () => {
  for (const event of logEventNames) expect(logRecordText({ ...record, event })).toContain(event);
});

describe('told with the way out', () => {
  const home = (): string => join(temporaryFolder(), 'home');

  test.each([
    [['print', '--printer', 'foo', '--postage', '1'], 'usage', /foo is no printer: write tcp:HOST/],
    [['meter', 'refill', '--amount', '1'], 'meterNotMade', /no keys of a meter/],
    [['list', 'show', 'none'], 'listMissing', /no list none/],
    [['list', 'import', 'a', 'none.csv'], 'failed', /none\.csv is not there/],
    [['account', 'add', 'a/b'], 'accountUnknown', /no account a/],
    [['account', 'add', '=1'], 'accountName', /is no name/],
    [['report', 'usage', '--format', 'pdf'], 'usage', /Say --out/],
    [['report', 'usage', '--from', '20260230'], 'usage', /A day is YYYYMMDD/],
    [['preset', 'save', 'a'], 'usage', /behind --/],
    [['completion', 'tcsh'], 'usage', /none of bash/],
  ] as const)('%j', async (argv, error, message) => {
    const ended = await cli('--home', home(), ...argv);

    expect(ended.error?.['error']).toBe(error);
    expect(ended.error?.['message']).toMatch(message);
  });
});
