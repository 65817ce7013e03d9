/**
 * The host's journal of indicia under way: what was intended is on disk before the meter is asked (requirements.md B3,
 * C4), so that after a crash or a lost answer the same request id is asked again.
 *
 * One line for each step (checked-lines.ts). For one process at a time.
 */

import { pieceKinds, type RequestId } from '#protocol/command-layouts';
import { INDICIUM_SIZE } from '#protocol/documents/indicium';
import { amount, choice, flag, hex, list, nullable, record } from '#protocol/http/shape';
import { mills } from '#protocol/mills';
import { type CheckedLines, JournalError, openCheckedLines } from './checked-lines.ts';
import { type Disk, hostDisk } from './disk.ts';
import { nextPaper, type Paper, type PaperStep, paperSteps } from './paper-state.ts';
import type { Piece } from './piece.ts';
import { anyText, count, isStepOf } from './step-shape.ts';

export interface PendingEntry {
  /** As text, `TS01-0000000042`. */
  readonly meter: string;
  readonly requestId: RequestId;
  readonly piece: Piece;
  /**
   * `intended`: the meter may or may not have performed it · `refused`: it never will. Then it was not charged either,
   * unless the reason is `requestForgotten`: of a request that old only the meter's own log tells · `spoiled`: charged,
   * and given up for a refund; it is never printed again.
   */
  readonly state: 'intended' | 'issued' | 'refused' | 'spoiled';
  /** The 128 bytes, where it was issued. */
  readonly indicium?: Uint8Array | undefined;
  /** What is known of it on paper, once it was for a printer. */
  readonly paper?: Paper | undefined;
  /** Name of the status where it was refused, what a person said where it is spoiled. */
  readonly reason?: string | undefined;
}

export interface PendingJournal extends AsyncDisposable {
  /** All entries of one meter, oldest first. */
  entries(meter: string): readonly PendingEntry[];
  /** All entries of all meters, oldest first. */
  everything(): readonly PendingEntry[];
  /** Durable when it returns: only now may the meter be asked. */
  intend(meter: string, requestId: RequestId, piece: Piece): Promise<PendingEntry>;
  /** Durable with the next intention; until then the meter would be asked again, for the same. */
  issued(entry: PendingEntry, indicium: Uint8Array): Promise<PendingEntry>;
  refused(entry: PendingEntry, reason: string): Promise<PendingEntry>;
  /** Gives up a piece that was issued. Durable when it returns. */
  spoiled(entry: PendingEntry, reason: string): Promise<PendingEntry>;
  /**
   * Notes what comes of an issued piece on paper. Durable when it returns, but for `composed`.
   * @throws Error for a step that does not follow: a bug of the caller
   */
  paper(entry: PendingEntry, paper: PaperStep): Promise<PendingEntry>;
  /** Runs one task after the other: two that chose a request id at once would choose the same. */
  inTurn<T>(task: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A request has a byte for their number. */
const EXTRAS_MAX = 255;

const HEADER = { journal: 'tessera pending indicia', version: 2 } as const;

/** One line, as it is stored. */
type Step =
  | ({ readonly step: 'intended'; readonly piece: Piece } & StepKey)
  | ({ readonly step: 'issued'; readonly indicium: string } & StepKey)
  | ({ readonly step: 'refused'; readonly reason: string } & StepKey)
  | ({ readonly step: 'spoiled'; readonly reason: string } & StepKey)
  | ({ readonly step: 'paper'; readonly paper: PaperStep } & StepKey);
interface StepKey {
  readonly meter: string;
  readonly counter: number;
  readonly nonce: number;
}

const optional = nullable(count);
const pieceShape = record({
  serviceId: count,
  postage: amount,
  mailingDate: count,
  destination: count,
  kind: nullable(choice(pieceKinds)),
  original: optional,
  weightMg: optional,
  zone: optional,
  extras: nullable(list(count, EXTRAS_MAX)),
  isConfirmed: nullable(flag),
  reference: nullable(anyText),
});
const keyShapes = { step: anyText, meter: anyText, counter: count, nonce: count };
const stepShapes = {
  intended: record({ ...keyShapes, piece: pieceShape }),
  issued: record({ ...keyShapes, indicium: hex(0, INDICIUM_SIZE) }),
  refused: record({ ...keyShapes, reason: anyText }),
  spoiled: record({ ...keyShapes, reason: anyText }),
  paper: record({ ...keyShapes, paper: choice(paperSteps) }),
} as const satisfies Record<Step['step'], unknown>;
const isStep = (value: unknown): value is Step => isStepOf(stepShapes, value);

/** The entries in the order they were intended, made step by step. */
class Entries {
  readonly #byKey = new Map<string, PendingEntry>();

  all(): PendingEntry[] {
    return [...this.#byKey.values()];
  }

  of(meter: string): PendingEntry[] {
    return this.all().filter((entry) => entry.meter === meter);
  }

  /** @returns undefined for a step that does not follow from those before */
  take(step: Step): PendingEntry | undefined {
    const { meter, counter, nonce } = step;
    const key = `${meter} ${counter} ${nonce}`;
    const entry = next(this.#byKey.get(key), { counter, nonce }, step);
    if (entry !== undefined) this.#byKey.set(key, entry);
    return entry;
  }
}

function next(
  before: PendingEntry | undefined,
  requestId: RequestId,
  step: Step,
): PendingEntry | undefined {
  if (step.step === 'intended') {
    const piece = { ...step.piece, postage: mills(step.piece.postage) };
    return before === undefined
      ? { meter: step.meter, requestId, piece, state: 'intended' }
      : undefined;
  }
  if (step.step === 'spoiled')
    return before?.state === 'issued'
      ? { ...before, state: 'spoiled', reason: step.reason }
      : undefined;
  if (step.step === 'paper') {
    const paper = before?.state === 'issued' ? nextPaper(before.paper, step.paper) : undefined;
    return before === undefined || paper === undefined ? undefined : { ...before, paper };
  }
  if (before?.state !== 'intended') return undefined;
  switch (step.step) {
    case 'issued':
      return {
        ...before,
        state: 'issued',
        indicium: Uint8Array.from(Buffer.from(step.indicium, 'hex')),
      };
    case 'refused':
      return { ...before, state: 'refused', reason: step.reason };
  }
}

export interface PendingJournalOptions {
  /** Where it is; the one of this computer unless given. */
  readonly disk?: Disk | undefined;
}

/**
 * Opens the journal, or begins one, and drops what a crash cut short.
 * @throws JournalError where another program uses it, and where it is damaged: it is never mended by leaving something out
 */
export async function openPendingJournal(
  path: string,
  { disk = hostDisk }: PendingJournalOptions = {},
): Promise<PendingJournal> {
  const lock = locked(disk, path);
  try {
    const entries = new Entries();
    const lines = await openCheckedLines(path, {
      header: HEADER,
      disk,
      take: (value) => isStep(value) && entries.take(value) !== undefined,
    });
    return journalOver(lines, entries, lock);
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** Two programs that append to one journal would not see each other's intentions. */
function locked(disk: Disk, path: string): Disposable {
  let lock: Disposable | undefined;
  try {
    lock = disk.lock(`${path}.lock`);
  } catch (cause) {
    throw new JournalError(path, 'it cannot be locked: see whether its folder is there', cause);
  }
  if (lock === undefined)
    throw new JournalError(path, 'another program is using it: wait until that has ended');
  return lock;
}

/** Of an indicium that is lost the meter knows; a refusal is told, and nobody expects to be charged after that. */
function isSynced(step: Step): boolean {
  return step.step === 'paper' ? step.paper !== 'composed' : step.step !== 'issued';
}

function journalOver(lines: CheckedLines, entries: Entries, lock: Disposable): PendingJournal {
  let turn: Promise<unknown> = Promise.resolve();

  async function take(step: Step): Promise<PendingEntry> {
    await lines.append([step], isSynced(step));
    const entry = entries.take(step);
    if (entry === undefined) throw new Error(`${step.step} does not follow: a bug of the caller`);
    return entry;
  }
  const keyOf = ({ meter, requestId }: PendingEntry): StepKey => ({ meter, ...requestId });
  async function close(): Promise<void> {
    try {
      await lines.close();
    } finally {
      lock[Symbol.dispose]();
    }
  }

  return {
    entries: (meter) => entries.of(meter),
    everything: () => entries.all(),
    intend: (meter, requestId, piece) => take({ step: 'intended', meter, ...requestId, piece }),
    issued: (entry, indicium) =>
      take({
        step: 'issued',
        ...keyOf(entry),
        indicium: Buffer.from(indicium).toString('hex'),
      }),
    refused: (entry, reason) => take({ step: 'refused', ...keyOf(entry), reason }),
    spoiled: (entry, reason) => take({ step: 'spoiled', ...keyOf(entry), reason }),
    paper: (entry, paper) => take({ step: 'paper', ...keyOf(entry), paper }),
    inTurn(task) {
      const done = turn.then(task);
      turn = done.catch(() => undefined); // told to who asked; the next one takes its turn all the same
      return done;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
