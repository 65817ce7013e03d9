/** Every check of the conformance kit fails a meter that breaks its rule, and none fails the meter as it is. */

import { expect, test } from 'vitest';
import type { Check } from '#cli/conformance/check';
import { checksOf } from '#cli/conformance/checks';
import { type CheckResult, runChecks } from '#cli/conformance/run';
import { changedFirmware } from '#test/support/changed-firmware';
import { breaks } from './breaks.ts';
import { kitMeter } from './stations.ts';

const all = checksOf('life');

/** What must have run before a check: those that make the meter, or what it looks back at. */
function before(check: Check): readonly Check[] {
  const made = all.filter(({ id }) => id > 300 && id < 310);
  if (check.level === 'life')
    return made.includes(check)
      ? made.filter(({ id }) => id < check.id)
      : [...made, ...all.filter(({ id }) => id === 327 && check.id === 328)];
  const first = all.filter(({ id }) => id === 121 && check.id === 139);
  return check.needs.includes('piece') ? [...first, ...all.filter(({ id }) => id === 211)] : first;
}

async function resultOf(check: Check, isBroken: boolean): Promise<CheckResult | undefined> {
  const image = isBroken ? await changedFirmware(breaks[check.id] ?? []) : {};
  await using meter = await kitMeter(check.level === 'life' ? 'blank' : 'refilled', image);
  const results = await runChecks(meter.station, [...before(check), check]);
  return results.at(-1);
}

test('there is a break for each check, and no other', () => {
  expect(Object.keys(breaks).map(Number)).toEqual(
    all.map(({ id }) => id).toSorted((a, b) => a - b),
  );
});

test.each(all)('check $id fails where its rule is broken: $title', async (check) => {
  expect(await resultOf(check, true)).toMatchObject({ outcome: 'failed' });
});

test('a whole life passes, without a check that was left out', async () => {
  await using meter = await kitMeter('blank');

  const results = await runChecks(meter.station, all);

  expect(results.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
});

test('so does a meter in use, with what was said that it spends', async () => {
  await using meter = await kitMeter('refilled');

  const results = await runChecks(meter.station, checksOf('use'));

  expect(results.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
});
