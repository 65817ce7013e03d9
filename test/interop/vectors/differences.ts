/**
 * Where our path validation says something else than the vectors expect, and why (docs/interop.md). A difference without a
 * reason is a violation; so is a reason that has nothing to explain any more.
 */

import type { PathCase } from './case.ts';

export interface Reason {
  readonly reason: string;
  /** What a case expects that we do not say. */
  readonly expected: 'valid' | 'refused';
  /** Ids of its cases. */
  readonly cases: RegExp;
}

export const reasons: readonly Reason[] = [
  {
    reason: 'Policies: nobody here asks for one, and who must have one is refused.',
    expected: 'refused',
    cases: /^4\.8\./,
  },
  {
    reason: 'Critical constraints and mappings of policies are not understood, so they refuse.',
    expected: 'valid',
    cases: /^4\.(9|10|11|12)\./,
  },
  { reason: 'DSA is not taken.', expected: 'valid', cases: /^4\.1\.[45] / },
  {
    reason: 'Constraints on mail addresses, hosts and URIs refuse every name of the kind.',
    expected: 'valid',
    cases: /^4\.13\.(21|23|25|27|30|32|34|36) |::nc::permitted-(dns|ip|self)/,
  },
  {
    reason: 'Lists of other issuers, and lists of some reasons only, do not count.',
    expected: 'valid',
    cases: /^4\.14\.(18|19|22|24|25|28|29|30|33) /,
  },
  {
    reason: 'The caller gives no depth; roots say how long a path may be.',
    expected: 'refused',
    cases: /^pathlen::max-chain-depth/,
  },
  {
    reason: 'Names of servers are not compared: no server is certified here.',
    expected: 'refused',
    cases: /^webpki::san::/,
  },
  {
    reason: 'A rule of the web (CA/Browser Forum), beyond RFC 5280.',
    expected: 'refused',
    cases: /^webpki::(aki::|eku::|malformed-aia$|v1-cert$|ee-basicconstraints-ca$)/,
  },
  {
    reason: 'RFC 5280 asks it of who issues, not of who judges; PKITS has it valid, or nothing.',
    expected: 'refused',
    cases:
      /^rfc5280::(aki|ski|serial)::|^rfc5280::(ee-empty-issuer|root-non-critical-basic-constraints|san::noncritical-with-empty-subject)$/,
  },
];

/** The reason of a difference; undefined where there is none. */
export function reasonOf({ id, isValid }: PathCase): Reason | undefined {
  return reasons.find(
    ({ expected, cases }) => (expected === 'valid') === isValid && cases.test(id),
  );
}
