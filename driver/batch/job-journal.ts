/** What happened to each piece of a job: one line for each step, and a small record of each piece in memory. */

import { INDICIUM_SIZE } from '#protocol/documents/indicium';
import { amount, hex, record } from '#protocol/http/shape';
import { type CheckedLines, openCheckedLines } from '../checked-lines.ts';
import type { Disk } from '../disk.ts';
import { anyText, count, isStepOf, requestIdShape } from '../step-shape.ts';
import { mayFollow, next, type PieceRecord, type PieceStep, plannedPiece } from './piece-state.ts';

/** One step of one piece, counted from 0 in the order of the list. */
export type PieceChange = PieceStep & { readonly piece: number };

/** As it is stored. */
type StoredChange = PieceChange & { readonly atMs: number };

const common = { piece: count, step: anyText, atMs: count };
const bare = record(common);
const withReason = record({ ...common, reason: anyText });
const stepShapes = {
  intended: record({
    ...common,
    intention: record({
      requestId: requestIdShape,
      mailingDate: count,
      postage: amount,
      pieceCount: count,
    }),
  }),
  issued: record({ ...common, indicium: hex(0, INDICIUM_SIZE) }),
  refused: withReason,
  released: withReason,
  sending: bare,
  unsent: bare,
  sent: bare,
  confirmed: bare,
  reprinting: bare,
  accepted: bare,
  spoiled: withReason,
} as const satisfies Record<PieceStep['step'], unknown>;
const isStoredChange = (value: unknown): value is StoredChange => isStepOf(stepShapes, value);

export interface JobJournalOptions {
  readonly pieces: number;
  readonly now: () => number;
  readonly disk?: Disk | undefined;
}

export interface IssuedPiece {
  /** The 128 bytes. */
  readonly indicium: Uint8Array;
  readonly atMs: number;
}

export interface JobJournal {
  /** By place in the list. */
  readonly records: readonly PieceRecord[];
  /**
   * Notes what happened, and only then counts it as happened.
   * @param isDurable whether it must outlive a power cut of the host when this returns
   */
  append(changes: readonly PieceChange[], isDurable: boolean): Promise<void>;
  /** What the meter gave for a piece that is charged. */
  issued(piece: number): Promise<IssuedPiece>;
  close(): Promise<void>;
}

const HEADER = { journal: 'tessera batch job', version: 2 } as const;

/** @throws JournalError */
export async function openJobJournal(
  path: string,
  { pieces, now, disk }: JobJournalOptions,
): Promise<JobJournal> {
  const records = new Array<PieceRecord>(pieces).fill(plannedPiece);

  function take(change: PieceChange, offset: number): boolean {
    const before = records[change.piece];
    const after = before === undefined ? undefined : next(before, change, offset);
    if (after === undefined) return false;
    records[change.piece] = after;
    return true;
  }

  const lines = await openCheckedLines(path, {
    header: HEADER,
    take: (value, offset) => isStoredChange(value) && take(value, offset),
    disk,
  });
  return {
    records,
    async append(changes, isDurable) {
      for (const { piece, step } of changes)
        if (!mayFollow(records[piece] ?? plannedPiece, step))
          throw new Error(`${step} does not follow: a bug of the caller`);
      const stored = changes.map((change): StoredChange => ({ ...change, atMs: now() }));
      const offsets = await lines.append(stored, isDurable);
      changes.forEach((change, at) => {
        take(change, offsets[at] as number);
      });
    },
    issued: (piece) => issuedIn(lines, records[piece] ?? plannedPiece),
    close: () => lines.close(),
  };
}

async function issuedIn(lines: CheckedLines, { indiciumAt }: PieceRecord): Promise<IssuedPiece> {
  if (indiciumAt === undefined) throw new Error('the piece has no indicium: a bug of the caller');
  const line = (await lines.readAt(indiciumAt)) as StoredChange & { readonly indicium: string };
  return { indicium: Uint8Array.from(Buffer.from(line.indicium, 'hex')), atMs: line.atMs };
}
