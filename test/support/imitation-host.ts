/** A host and what it says and hears, for tests of the driver with an imitated meter. */

import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import type { Registers } from '#protocol/command-layouts';
import { mills } from '#protocol/mills';
import type { Fates, LineEnd } from './faulty-line.ts';
import { type Imitation, testAuthority } from './imitation.ts';

export const identity = nodeCrypto.generateKeyPair();
export const trust = { authorityKey: testAuthority.publicKey };
export const arrives: Fates = () => 'arrives';

export const registers: Registers = {
  ascending: mills(1_000),
  descending: mills(2_000),
  credited: mills(3_000),
  spoilageCredited: mills(0),
  withdrawn: mills(0),
  settled: mills(0),
  certificateAscending: mills(0),
  certificateDescending: mills(0),
  certificateCredited: mills(0),
  certificateWithdrawn: mills(0),
  pieceCount: 7,
  zeroPieceCount: 0,
  certificatePieceCount: 0,
  batchPieceCount: 0,
  batchAmount: mills(0),
  descendingMax: mills(500_000),
  certificateDescendingMax: mills(0),
  refillSequence: 3,
  refillPending: mills(0),
  refillKind: 'purchase',
  refillAccount: 'postal',
  requestCounter: 9,
};

export function openTo(imitation: Imitation, fates: Fates = arrives): Promise<Meter> {
  return openMeter(memoryLink(imitation.connect(fates)), { identity, trust });
}

/** A port that can be opened again and again; the test may pull the line that is in use. */
export function replugable(imitation: () => Imitation) {
  const lines: LineEnd[] = [];
  const port = async () => {
    const line = imitation().connect();
    lines.push(line);
    return memoryLink(line);
  };
  return { port, unplug: () => lines.at(-1)?.unplug(), opened: () => lines.length };
}
