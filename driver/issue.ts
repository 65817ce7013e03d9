/**
 * Indicia that are charged once, whatever fails between (requirements.md B3, C4, F6): the journal first, then the meter;
 * what was left unfinished before anything new.
 */

import type { RequestId } from '#protocol/command-layouts';
import type { Crypto } from '#protocol/crypto';
import { formatMeterId } from '#protocol/documents/meter-id';
import { JournalError } from './checked-lines.ts';
import { LinkError, RefusedError } from './errors.ts';
import type { Meter } from './meter.ts';
import { nodeCrypto } from './node-crypto.ts';
import type { PendingEntry, PendingJournal } from './pending.ts';
import { isAlike, type Piece, pieceRequest } from './piece.ts';

/** What is asked of a meter here. */
export type IssuingMeter = Pick<Meter, 'address' | 'server' | 'registers' | 'createIndicium'>;

export interface IssueOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told what was unfinished before and is settled now, where it is not what was asked for. */
  readonly onResumed?: ((entry: PendingEntry) => void) | undefined;
  /** Node's unless given. */
  readonly crypto?: Pick<Crypto, 'randomBytes'> | undefined;
}

/**
 * Gives one indicium. Call it again with the same piece after a failure: a piece of the same reference, or one that was
 * left unfinished and is alike, is taken up instead of charged again.
 * @returns 128 bytes
 * @throws RefusedError where the meter refuses: the piece was not charged · LinkError, or the reason of the signal: the
 * piece is unfinished and will be taken up · JournalError
 */
export function issue(
  meter: IssuingMeter,
  journal: PendingJournal,
  piece: Piece,
  options: IssueOptions = {},
): Promise<Uint8Array> {
  return journal.inTurn(async () => {
    const name = meterName(meter);
    const before = recorded(journal, name, piece);
    if (before !== undefined) return before;

    const settled = await settle(meter, journal, name, options);
    const mine = settled.find((entry) => isAlike(entry.piece, piece) && entry.state === 'issued');
    for (const entry of settled) if (entry !== mine) options.onResumed?.(entry);
    if (mine?.indicium !== undefined) return mine.indicium;
    if (settled.some((entry) => isDoubtful(entry) && isAlike(entry.piece, piece)))
      throw new JournalError(piece.reference ?? name, DOUBT);
    recorded(journal, name, piece); // settled under this reference just now, for another piece: refused, not charged again

    const { requestCounter } = await meter.registers({ signal: options.signal });
    const requestId = nextRequestId(requestCounter, options.crypto);
    const intended = await journal.intend(name, requestId, piece);
    const { entry, refusal } = await ask(meter, journal, intended, options);
    if (entry.indicium === undefined) throw refusal;
    return entry.indicium;
  });
}

/**
 * Finishes what was left unfinished, as after a crash: each is asked for with the request id it had.
 * @returns what is settled now, issued or refused, oldest first
 * @throws as {@link issue}; what was not settled stays unfinished
 */
export function resume(
  meter: IssuingMeter,
  journal: PendingJournal,
  options: Pick<IssueOptions, 'signal'> = {},
): Promise<readonly PendingEntry[]> {
  return journal.inTurn(() => settle(meter, journal, meterName(meter), options));
}

/** A request id that the meter has not seen yet. @param requestCounter the one it performed last */
export function nextRequestId(
  requestCounter: number,
  crypto: Pick<Crypto, 'randomBytes'> = nodeCrypto,
): RequestId {
  const { buffer, byteOffset } = crypto.randomBytes(4);
  return { counter: requestCounter + 1, nonce: new DataView(buffer, byteOffset).getUint32(0) };
}

/** The name of the meter that answered, `TS01-0000000042`. @throws LinkError without a session */
export function meterName({ server, address }: Pick<IssuingMeter, 'server' | 'address'>): string {
  if (server !== undefined) return formatMeterId(server.meterId);
  throw new LinkError({
    stage: 'session',
    address,
    what: 'the meter was opened without a session',
    advice: 'Open it with an identity and a trust.',
  });
}

/** A request so old that the meter has forgotten it: whether it was charged only the meter's own log tells. */
const isDoubtful = ({ state, reason }: PendingEntry): boolean =>
  state === 'refused' && reason === 'requestForgotten';
const DOUBT =
  'the meter has forgotten whether this piece was charged: look at its piece count, then ask for it under a new reference';

const SPOILED = 'this piece was given up as spoiled: ask for another one under a new reference';

/**
 * The indicium that a reference has already.
 * @throws JournalError where it may have been charged, was given up, or was for another piece
 */
function recorded(journal: PendingJournal, name: string, piece: Piece): Uint8Array | undefined {
  if (piece.reference === undefined) return undefined;
  const isSame = (entry: PendingEntry): boolean => entry.piece.reference === piece.reference;
  if (journal.entries(name).some((entry) => isSame(entry) && isDoubtful(entry)))
    throw new JournalError(piece.reference, DOUBT);
  if (journal.entries(name).some((entry) => isSame(entry) && entry.state === 'spoiled'))
    throw new JournalError(piece.reference, SPOILED);
  const entry = journal
    .entries(name)
    .find(({ piece: { reference }, state }) => reference === piece.reference && state === 'issued');
  if (entry !== undefined && !isAlike(entry.piece, piece))
    throw new JournalError(piece.reference, 'this reference was used for another piece');
  return entry?.indicium;
}

async function settle(
  meter: IssuingMeter,
  journal: PendingJournal,
  name: string,
  options: IssueOptions,
): Promise<PendingEntry[]> {
  const unfinished = journal.entries(name).filter(({ state }) => state === 'intended');
  const settled: PendingEntry[] = [];
  for (const entry of unfinished) settled.push((await ask(meter, journal, entry, options)).entry);
  return settled;
}

/** Asks for an entry that may have been performed already, and notes what came of it. */
async function ask(
  meter: IssuingMeter,
  journal: PendingJournal,
  entry: PendingEntry,
  { signal }: IssueOptions,
): Promise<{ entry: PendingEntry; refusal?: RefusedError }> {
  const request = pieceRequest(entry.requestId, entry.piece);
  try {
    const { indicium } = await meter.createIndicium(request, { signal });
    return { entry: await journal.issued(entry, indicium) };
  } catch (error) {
    if (!(error instanceof RefusedError) || !isVerdict(error)) throw error;
    return { entry: await journal.refused(entry, error.status ?? ''), refusal: error };
  }
}

/**
 * Whether a refusal is about the piece itself, so that it will never be performed under its request id. One that is about
 * the session, the login or a fault says nothing about what happened before it.
 */
export function isVerdict({ code }: RefusedError): boolean {
  const range = code >> 8;
  return range === 0x01 || range === 0x03 || range === 0x05;
}
