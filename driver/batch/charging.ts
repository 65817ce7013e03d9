/**
 * Charging the pieces of a job, each once (requirements.md B3, C4): what was intended is durable before the meter is
 * asked, and after a failure the same is asked for again, with the same request id.
 */

import type { Registers } from '#protocol/command-layouts';
import type { Crypto } from '#protocol/crypto';
import { readIndicium } from '#protocol/documents/indicium';
import type { Mills } from '#protocol/mills';
import type { RefusalName } from '#protocol/status';
import { LinkError, RefusedError } from '../errors.ts';
import { type IssuingMeter, isVerdict, meterName, nextRequestId } from '../issue.ts';
import type { Meter } from '../meter.ts';
import { type Piece, pieceRequest } from '../piece.ts';
import { BatchError } from './batch-error.ts';
import type { Job, JobPiece } from './job.ts';
import type { Intention } from './piece-state.ts';

/** What is asked of a meter by a job. */
export type BatchMeter = IssuingMeter & Pick<Meter, 'condition' | 'rateTables' | 'licence'>;

export interface ChargingOptions {
  /** The date of mailing of pieces that have none, YYYYMMDD. */
  readonly today: () => number;
  /** That high values are meant. */
  readonly isConfirmed: boolean;
  /** Node's unless given. */
  readonly crypto?: Pick<Crypto, 'randomBytes'> | undefined;
}

export interface Charging {
  /** What a piece is to be asked for with; to be durable before {@link Charging.charge}. One at a time. */
  intend(piece: JobPiece & { readonly postage: Mills }): Intention;
  /**
   * Asks for it, and notes what came of it: issued, refused, or given back.
   * @throws RatesMoved where the meter charges by another table than the job · RefusedError where it refuses for a reason
   * that is not the piece's · LinkError: it stays intended
   */
  charge(piece: JobPiece): Promise<void>;
  /** Of the meter when it was begun. */
  readonly registers: Registers;
}

/** The meter charges by another rate table than the job: the piece is planned again. */
export class RatesMoved extends Error {
  override readonly name = 'RatesMoved';
}

/** What is wrong with the price of a piece. */
const faultsOfPrice: ReadonlySet<RefusalName | undefined> = new Set<RefusalName>([
  'serviceUnknown',
  'postageNotRate',
  'postageBelowMinimum',
  'postageAboveMaximum',
  'weightInvalid',
  'zoneInvalid',
]);

/** What is wrong with one piece and says nothing about the next. */
const faultsOfPiece: ReadonlySet<RefusalName | undefined> = new Set<RefusalName | undefined>([
  ...faultsOfPrice,
  'fieldOutOfRange',
  'amountInvalid',
  'dateNotAllowed',
  'serviceNotLicensed',
]);

/**
 * Begins to charge: first what was left intended, as after a crash.
 * @param meter with its user logged in
 * @throws BatchError `otherMeter`, and as {@link Charging.charge}
 */
export async function beginCharging(
  job: Job,
  meter: BatchMeter,
  options: ChargingOptions,
): Promise<Charging> {
  const name = meterName(meter);
  if (name !== job.description.meter)
    throw new BatchError('otherMeter', `${name} is not ${job.description.meter}`);
  let registers = await meter.registers();
  if (job.figures.intended > 0) {
    for await (const piece of job.pieces())
      if (piece.record.state === 'intended') await ask(job, meter, piece, options, registers);
    registers = await meter.registers();
  }

  let { requestCounter, pieceCount } = registers;
  return {
    registers,
    intend({ postage, mailingDate = options.today() }) {
      const requestId = nextRequestId(requestCounter, options.crypto);
      return { requestId, mailingDate, postage, pieceCount };
    },
    async charge(piece) {
      const charged = await ask(job, meter, piece, options);
      if (charged !== undefined) ({ requestCounter, pieceCount } = charged);
    },
  };
}

function pieceOf(
  { serviceId, weightMg, zone, extras, destination }: JobPiece,
  { mailingDate, postage }: Intention,
  { isConfirmed }: ChargingOptions,
): Piece {
  return { serviceId, weightMg, zone, extras, destination, mailingDate, postage, isConfirmed };
}

/**
 * @param again where it may have been asked for before: what the meter has charged up to now
 * @returns what the meter counts now; undefined where it refused
 */
async function ask(
  job: Job,
  meter: BatchMeter,
  piece: JobPiece,
  options: ChargingOptions,
  again?: { readonly pieceCount: number },
): Promise<{ requestCounter: number; pieceCount: number } | undefined> {
  const { index } = piece;
  const { intention } = job.record(index);
  if (intention === undefined) throw new Error('a piece is asked for that was not intended');
  const { requestId } = intention;
  try {
    const request = pieceRequest(requestId, pieceOf(piece, intention, options));
    const { indicium } = await meter.createIndicium(request);
    const read = readIndicium(indicium);
    if (!read.ok) throw senseless(meter.address);
    const hex = Buffer.from(indicium).toString('hex');
    await job.append([{ piece: index, step: 'issued', indicium: hex }], false);
    return { requestCounter: requestId.counter, pieceCount: read.value.pieceCount };
  } catch (error) {
    if (!(error instanceof RefusedError) || !isVerdict(error)) throw error;
    const isFault = faultsOfPiece.has(error.status);
    const isMoved = faultsOfPrice.has(error.status) && (await haveRatesMoved(job, meter));
    const isOver = again === undefined ? isFault && !isMoved : isLost(error, intention, again);
    const reason = error.status ?? String(error.code);
    await job.append([{ piece: index, step: isOver ? 'refused' : 'released', reason }], false);
    if (isMoved && again === undefined) throw new RatesMoved();
    // what was asked for before and never performed is planned again: its day or its price may have passed
    if (isOver || (again !== undefined && (isFault || isForgotten(error)))) return undefined;
    throw error;
  }
}

const isForgotten = ({ status }: RefusedError): boolean => status === 'requestForgotten';

/** Whether nobody but the log of the meter can tell whether a piece was charged. */
function isLost(
  error: RefusedError,
  intention: Intention,
  again: { readonly pieceCount: number },
): boolean {
  return isForgotten(error) && again.pieceCount !== intention.pieceCount; // else nothing at all was charged since
}

/** Whether the meter charges by another table than the job. */
export async function haveRatesMoved(
  { rates }: Job,
  meter: Pick<BatchMeter, 'condition'>,
): Promise<boolean> {
  return rates !== undefined && (await meter.condition()).rateVersion !== rates.version;
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
