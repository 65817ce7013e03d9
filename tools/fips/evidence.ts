/**
 * What is known of a functional test evidence of FIPS 140-3 (ISO/IEC 24759), and the short forms in which the areas write
 * it down. The subjects are in our words: the standard is not free, and it decides.
 */

/**
 * `shown`: tests here show it · `absent`: the meter has no such thing · `device`: can be shown of a built device only ·
 * `open`: asked for and not met, or not shown by any test.
 */
export const verdicts = ['shown', 'absent', 'device', 'open'] as const;
export type Verdict = (typeof verdicts)[number];

export interface Evidence {
  /** As NIST names it, without `TE`: area, assertion, number. */
  readonly id: string;
  readonly subject: string;
  readonly verdict: Verdict;
  /** Why it does not apply or is not met; for what is shown, what the tests do not say by themselves. */
  readonly reason: string;
  /** `file › name of the test`. */
  readonly tests: readonly string[];
}

const evidences = (
  ids: string,
  subject: string,
  verdict: Verdict,
  reason: string,
  tests: readonly string[],
): readonly Evidence[] => ids.split(' ').map((id) => ({ id, subject, verdict, reason, tests }));

/** @param ids of one subject, parted by spaces */
export const shown = (
  ids: string,
  subject: string,
  tests: readonly string[],
  note = '',
): readonly Evidence[] => evidences(ids, subject, 'shown', note, tests);

/** @param tests that show that it is absent, where there are any */
export const absent = (
  ids: string,
  subject: string,
  reason: string,
  tests: readonly string[] = [],
): readonly Evidence[] => evidences(ids, subject, 'absent', reason, tests);

/** @param tests of the part that an emulated device has, where there are any */
export const onDevice = (
  ids: string,
  subject: string,
  reason: string,
  tests: readonly string[] = [],
): readonly Evidence[] => evidences(ids, subject, 'device', reason, tests);

/** Names the tests of one file. */
export const testsOf =
  (file: string) =>
  (...names: readonly string[]): readonly string[] =>
    names.map((name) => `${file} › ${name}`);
