/** Paths of certificates against vectors that nobody here wrote: a sample; all of them run in `npm run interop`. */

import { describe, expect, test } from 'vitest';
import { runSuite, unexplained } from '#test/interop/vectors/compare';
import { limboCases, pkitsCases } from '#test/interop/vectors/suites';
import { ownVerdict } from '#test/interop/vectors/validators';

/** Signatures, dates, names, revocation, rollover of keys, authorities and path lengths, key usage: no case may differ. */
const PROFILE = /^4\.(1\.[1236]|[2-7]\.)/;

describe('a path of the kind that Tessera issues', () => {
  test('is judged as NIST PKITS expects, in every case', async () => {
    const cases = pkitsCases();
    if (cases === undefined) return;

    const { differences, agree } = await runSuite(
      'pkits',
      cases.filter(({ id }) => PROFILE.test(id)),
      ownVerdict,
    );

    expect(differences.map(({ vector, verdict }) => `${vector.id}: ${verdict}`)).toEqual([]);
    expect(agree).toBe(73);
  });

  test('is judged as PKITS expects where directory names are constrained', async () => {
    const cases = pkitsCases();
    if (cases === undefined) return;

    const { differences, agree } = await runSuite(
      'pkits',
      cases.filter(({ id }) => /^4\.13\.([1-9]|1\d|20) /.test(id)),
      ownVerdict,
    );

    expect(differences.map(({ vector, verdict }) => `${vector.id}: ${verdict}`)).toEqual([]);
    expect(agree).toBe(20);
  });
});

test('a path of x509-limbo is judged as expected, or otherwise for a known reason', async () => {
  const cases = limboCases();
  if (cases === undefined) return;

  const { differences, cases: count } = await runSuite('limbo', cases, ownVerdict);

  expect(unexplained(differences)).toEqual([]);
  expect(count).toBe(135);
});
