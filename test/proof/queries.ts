/**
 * What is asked about PMA-1, each as problems none of whose goals may follow (docs/channel.md section 9; reliability.md
 * section 3). A goal is what must never happen.
 */

import type { Problem } from './clause.ts';
import { handshakeQueries } from './model/handshake-queries.ts';
import type { Pma1 } from './model/pma1.ts';
import { recordQueries } from './model/record-queries.ts';

export interface Query {
  readonly name: string;
  /** The claim in docs/channel.md section 9. */
  readonly claim: number;
  readonly says: string;
  problems(pma: Pma1): readonly Problem[];
}

export const queries: readonly Query[] = [...handshakeQueries, ...recordQueries];
