/**
 * Charging the pieces of a job, each once (requirements.md B3, C4): what was intended is durable before the meter is
 * asked, and after a failure the same is asked for again, with the same request id.
 */

import { dateOf } from '#protocol/documents/date';
import { readIndicium } from '#protocol/documents/indicium';
import type { RefusalName } from '#protocol/status';
import { LinkError, RefusedError } from '../errors.ts';
import { type IssuingMeter, isVerdict, meterName } from '../issue.ts';
import { nodeCrypto } from '../node-crypto.ts';
import { BatchError } from './batch-error.ts';
import type { Job, JobPiece } from './job.ts';
import type { Intention } from './piece-state.ts';

export interface Charging {
  /** What a piece is to be asked for with; to be durable before {@link Charging.charge}. One at a time. */
  intend(piece: JobPiece): Intention;
  /**
   * Asks for it, and notes what came of it: issued, refused, or given back.
   * @throws RefusedError where the meter refuses for a reason that is not the piece's · LinkError: it stays intended
   */
  charge(piece: JobPiece): Promise<void>;
  /** What the meter had to spend when it was asked. */
  readonly descending: number;
}

/** What is wrong with one piece and says nothing about the next. */
const faultsOfPiece: ReadonlySet<RefusalName | undefined> = new Set<RefusalName>([
  'fieldOutOfRange',
  'serviceUnknown',
  'postageNotRate',
  'postageBelowMinimum',
  'postageAboveMaximum',
  'amountInvalid',
  'dateNotAllowed',
]);

/**
 * Begins to charge: first what was left intended, as after a crash.
 * @param meter with its user logged in
 * @throws BatchError `otherMeter`, and as {@link Charging.charge}
 */
export async function beginCharging(
  job: Job,
  meter: IssuingMeter,
  now: () => number,
): Promise<Charging> {
  const name = meterName(meter);
  if (name !== job.description.meter)
    throw new BatchError('otherMeter', `${name} is not ${job.description.meter}`);
  let registers = await meter.registers();
  if (job.figures.intended > 0) {
    for await (const piece of job.pieces())
      if (piece.record.state === 'intended')
        await ask(job, meter, piece, { pieceCount: registers.pieceCount });
    registers = await meter.registers();
  }

  let { requestCounter, pieceCount } = registers;
  return {
    descending: registers.descending,
    intend({ mailingDate = dateOf(now()) }) {
      const nonce = new DataView(nodeCrypto.randomBytes(4).buffer).getUint32(0);
      return { requestId: { counter: requestCounter + 1, nonce }, mailingDate, pieceCount };
    },
    async charge(piece) {
      const charged = await ask(job, meter, piece);
      if (charged !== undefined) ({ requestCounter, pieceCount } = charged);
    },
  };
}

/**
 * @param again where it may have been asked for before: what the meter has charged up to now
 * @returns what the meter counts now; undefined where it refused
 */
async function ask(
  job: Job,
  meter: IssuingMeter,
  { index, serviceId, postage, destination }: JobPiece,
  again?: { readonly pieceCount: number },
): Promise<{ requestCounter: number; pieceCount: number } | undefined> {
  const { intention } = job.record(index);
  if (intention === undefined) throw new Error('a piece is asked for that was not intended');
  const { requestId, mailingDate } = intention;
  try {
    const request = { requestId, serviceId, postage, mailingDate, destination };
    const { indicium } = await meter.createIndicium(request);
    const read = readIndicium(indicium);
    if (!read.ok) throw senseless(meter.address);
    const hex = Buffer.from(indicium).toString('hex');
    await job.append([{ piece: index, step: 'issued', indicium: hex }], false);
    return { requestCounter: requestId.counter, pieceCount: read.value.pieceCount };
  } catch (error) {
    if (!(error instanceof RefusedError) || !isVerdict(error)) throw error;
    const reason = error.status ?? String(error.code);
    const isForgotten = error.status === 'requestForgotten' && again !== undefined;
    const isUncharged = again?.pieceCount === intention.pieceCount; // nothing at all was charged since
    if (faultsOfPiece.has(error.status) || (isForgotten && !isUncharged)) {
      await job.append([{ piece: index, step: 'refused', reason }], false);
      return undefined;
    }
    await job.append([{ piece: index, step: 'released', reason }], false);
    if (isForgotten) return undefined;
    throw error;
  }
}

function senseless(address: string): LinkError {
  return new LinkError({
    stage: 'session',
    address,
    what: 'the answer to createIndicium is no indicium',
    advice: 'Update the driver, then resume the job.',
    isUncertain: true,
  });
}
