/**
 * Every functional test evidence of FIPS 140-3 that applies to a hardware module of several chips at level 3, in the order
 * of NIST's list. The list: TETables v2.9.12 of 2025-09-12 (usnistgov/ACMVPDocs), level 3, hardware, stand-alone
 * multi-chip, tagged as functional test or also as one.
 */

import { area02 } from './area-02.ts';
import { area03 } from './area-03.ts';
import { area04 } from './area-04.ts';
import { area05 } from './area-05.ts';
import { area07 } from './area-07.ts';
import { area09 } from './area-09.ts';
import { area10 } from './area-10.ts';
import { area11 } from './area-11.ts';
import type { Evidence } from './evidence.ts';

/** Areas 6 (operational environment), 8 (non-invasive attacks) and 12 have none for such a module. */
export const areas: readonly {
  readonly number: number;
  readonly title: string;
  readonly evidences: readonly Evidence[];
}[] = [
  { number: 2, title: 'The module and its boundary', evidences: area02 },
  { number: 3, title: 'Interfaces', evidences: area03 },
  { number: 4, title: 'Roles, services, authentication', evidences: area04 },
  { number: 5, title: 'Security of the firmware', evidences: area05 },
  { number: 7, title: 'Physical security', evidences: area07 },
  { number: 9, title: 'Sensitive security parameters', evidences: area09 },
  { number: 10, title: 'Self-tests', evidences: area10 },
  { number: 11, title: 'Life cycle', evidences: area11 },
];

export const evidences: readonly Evidence[] = areas.flatMap((area) => area.evidences);
