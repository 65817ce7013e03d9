/**
 * Certificate services that are charged once, whatever fails between (requirements.md B3, D1-D6): what is asked for is on
 * disk before the meter is asked, and is asked for again, under its request id, before anything new.
 */

import { readFile, rm } from 'node:fs/promises';
import { type CommandName, commandOf, type RequestOf, type ResponseOf } from '#protocol/command';
import type { RequestId } from '#protocol/command-layouts';
import type { Crypto } from '#protocol/crypto';
import { RefusedError } from './errors.ts';
import { writePrivateFile } from './file.ts';
import { isVerdict, meterName, nextRequestId } from './issue.ts';
import type { Meter } from './meter.ts';

/** Services that are named by a transaction, but for indicia, which have a journal of their own. */
export type ChargedService = {
  [N in CommandName]: N extends keyof Meter
    ? RequestOf<N> extends { readonly requestId: RequestId }
      ? N
      : never
    : never;
}[CommandName];

/** What is asked for, without its number. */
export type Wish<N extends ChargedService> = Omit<RequestOf<N>, 'requestId'>;

/** A service that was left unfinished, and what the meter said of it now. */
export interface Settled {
  readonly service: ChargedService;
  readonly request: unknown;
  /** Undefined where it was refused, and not charged. */
  readonly response: unknown;
}

export interface ChargedOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told what was unfinished before, where it is not what is asked for now. */
  readonly onSettled?: ((settled: Settled) => void) | undefined;
  /** Done behind what was unfinished, and before the meter is asked for something new. */
  readonly prepare?: (() => Promise<void>) | undefined;
  /** Node's unless given. */
  readonly crypto?: Pick<Crypto, 'randomBytes'> | undefined;
}

interface Note {
  readonly meter: string;
  readonly service: ChargedService;
  /** Hexadecimal. */
  readonly request: string;
}

/**
 * Asks for one service. Call it again after a failure: what was left unfinished is taken up, and is the answer where it was
 * the same.
 * @param file where it is noted, one for each service under way
 * @throws RefusedError where the meter refuses: nothing was charged · LinkError, or the reason of the signal: it is
 * unfinished and will be taken up
 */
export async function askOnce<N extends ChargedService>(
  meter: Meter,
  file: string,
  service: N,
  wish: Wish<N>,
  options: ChargedOptions = {},
): Promise<ResponseOf<N>> {
  const { signal, onSettled, prepare, crypto } = options;
  const settled = await settle(meter, file, options);
  if (settled !== undefined) {
    const { response } = settled;
    if (response !== undefined && isSame(settled, service, wish)) return response as ResponseOf<N>;
    onSettled?.(settled);
  }
  await prepare?.();
  const { requestCounter } = await meter.registers({ signal });
  const request = { ...wish, requestId: nextRequestId(requestCounter, crypto) } as RequestOf<N>;
  const bytes = commandOf(service).request.encode(request);
  const note: Note = { meter: meterName(meter), service, request: hex(bytes) };
  await writePrivateFile(file, Buffer.from(`${JSON.stringify(note)}\n`), 'replace');
  const { response, refusal } = await finish(meter, file, note, signal);
  if (refusal !== undefined) throw refusal;
  return response as ResponseOf<N>;
}

/**
 * Finishes what was left unfinished at this meter, where there is something.
 * @throws as {@link askOnce}; what was not settled stays unfinished
 */
export async function settle(
  meter: Meter,
  file: string,
  { signal }: Pick<ChargedOptions, 'signal'> = {},
): Promise<Settled | undefined> {
  const note = await readNote(file);
  if (note === undefined || note.meter !== meterName(meter)) return undefined;
  const { response } = await finish(meter, file, note, signal);
  return { service: note.service, request: requestIn(note), response };
}

interface Finished {
  readonly response?: unknown;
  readonly refusal?: RefusedError;
}

async function finish(
  meter: Meter,
  file: string,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<Finished> {
  const ask = meter[note.service] as (
    request: unknown,
    options: { signal: AbortSignal | undefined },
  ) => Promise<unknown>;
  try {
    const response = await ask(requestIn(note), { signal });
    await rm(file, { force: true });
    return { response };
  } catch (error) {
    if (!(error instanceof RefusedError) || !isAboutTheService(error)) throw error;
    await rm(file, { force: true });
    return { refusal: error };
  }
}

/** Documents and keys count as well, which an indicium has none of. */
const isAboutTheService = (refusal: RefusedError): boolean =>
  isVerdict(refusal) || refusal.code >> 8 === 0x04;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const requestIn = ({ service, request }: Note): unknown =>
  commandOf(service).request.decode(Uint8Array.from(Buffer.from(request, 'hex')));

/** Whether it is the same but for its request id. */
function isSame<N extends ChargedService>(
  { service, request }: Settled,
  wanted: N,
  wish: Wish<N>,
): boolean {
  if (service !== wanted) return false;
  const { encode } = commandOf(service).request;
  const { requestId } = request as { requestId: RequestId };
  return hex(encode(request)) === hex(encode({ ...wish, requestId }));
}

async function readNote(file: string): Promise<Note | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as Note;
}
