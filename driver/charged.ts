/**
 * Certificate services that are charged once, whatever fails between (requirements.md B3, D1-D6): what is asked for is on
 * disk before the meter is asked, and is asked for again, under its request id, before anything new.
 */

import { readFile, rm } from 'node:fs/promises';
import { equalBytes } from '#protocol/bytes';
import { type CommandName, commandOf, type RequestOf, type ResponseOf } from '#protocol/command';
import type { RequestId } from '#protocol/command-layouts';
import type { Crypto } from '#protocol/crypto';
import { choice, hex, record, type ShapeValue, text } from '#protocol/http/shape';
import { MESSAGE_SIZE_MAX } from '#protocol/message';
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

/** The same, for when it runs; one that is left out or is none does not compile. */
const chargedServices = Object.keys({
  installCredit: true,
  pay: true,
  createIndicium: true,
  reprintIndicium: true,
  postmark: true,
  validatePostmark: true,
  agentCertificate: true,
  signContent: true,
  verifySignature: true,
  encryptKey: true,
  decryptKey: true,
  authenticate: true,
  createTicket: true,
  createLiteIndicium: true,
  installKey: true,
  revokeKey: true,
} satisfies Readonly<Record<ChargedService, true>>) as ChargedService[];

const noteShape = record({
  meter: text(40),
  service: choice(chargedServices),
  request: hex(1, MESSAGE_SIZE_MAX),
});
type Note = ShapeValue<typeof noteShape>;

/** What is asked for, without its number. */
export type Wish<N extends ChargedService> = Omit<RequestOf<N>, 'requestId'>;

/** A service that was left unfinished, and what the meter said of it now. */
export interface Settled {
  readonly service: ChargedService;
  readonly request: unknown;
  /** Undefined where it was refused, and not charged. */
  readonly response: unknown;
}

export interface ChargedOptions<N extends ChargedService = ChargedService> {
  readonly signal?: AbortSignal | undefined;
  /** Told what was unfinished before, where it is not what is asked for now. */
  readonly onSettled?: ((settled: Settled) => void) | undefined;
  /** Done behind what was unfinished, and before the meter is asked for something new. */
  readonly prepare?: (() => Promise<void>) | undefined;
  /** Makes the answer durable, before the note of it goes: a crash behind that would have it paid for again. */
  readonly keep?: ((response: ResponseOf<N>) => Promise<void> | void) | undefined;
  /** Node's unless given. */
  readonly crypto?: Pick<Crypto, 'randomBytes'> | undefined;
}

/**
 * Asks for one service. Call it again after a failure: what was left unfinished is taken up, and is the answer where it was
 * the same.
 * @param file where it is noted, one for each meter
 * @throws RefusedError where the meter refuses: nothing was charged · LinkError, or the reason of the signal: it is
 * unfinished and will be taken up
 */
export async function askOnce<N extends ChargedService>(
  meter: Meter,
  file: string,
  service: N,
  wish: Wish<N>,
  options: ChargedOptions<N> = {},
): Promise<ResponseOf<N>> {
  const { signal, onSettled, prepare, crypto } = options;
  const keep = options.keep as Keep;
  const unfinished = await readNote(file);
  if (unfinished !== undefined && unfinished.meter !== meterName(meter))
    throw new Error(`${file} tells of a service of ${unfinished.meter}: each meter has its own.`);
  if (unfinished !== undefined) {
    const isWanted = isSame(unfinished, service, wish);
    const { response } = await finish(meter, file, unfinished, signal, isWanted ? keep : undefined);
    if (response !== undefined && isWanted) return response as ResponseOf<N>;
    onSettled?.({ service: unfinished.service, request: requestIn(unfinished), response });
  }
  await prepare?.();
  const { requestCounter } = await meter.registers({ signal });
  const request = { ...wish, requestId: nextRequestId(requestCounter, crypto) } as RequestOf<N>;
  const bytes = commandOf(service).request.encode(request);
  const note: Note = { meter: meterName(meter), service, request: bytes };
  await writePrivateFile(
    file,
    Buffer.from(`${JSON.stringify(noteShape.encode(note))}\n`),
    'replace',
  );
  const { response, refusal } = await finish(meter, file, note, signal, keep);
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

type Keep = ((response: unknown) => Promise<void> | void) | undefined;

async function finish(
  meter: Meter,
  file: string,
  note: Note,
  signal: AbortSignal | undefined,
  keep?: Keep,
): Promise<Finished> {
  const ask = meter[note.service] as (
    request: unknown,
    options: { signal: AbortSignal | undefined },
  ) => Promise<unknown>;
  try {
    const response = await ask(requestIn(note), { signal });
    await keep?.(response);
    await rm(file, { force: true });
    return { response };
  } catch (error) {
    if (!(error instanceof RefusedError) || !isAboutTheService(error)) throw error;
    await rm(file, { force: true });
    return { refusal: error };
  }
}

/** Whether it will never be performed under its request id. Documents and keys count as well, which an indicium has none of. */
export const isAboutTheService = (refusal: RefusedError): boolean =>
  isVerdict(refusal) || refusal.code >> 8 === 0x04;

const requestIn = ({ service, request }: Note): unknown =>
  commandOf(service).request.decode(request);

/** Whether it is the same but for its request id. */
function isSame<N extends ChargedService>(note: Note, wanted: N, wish: Wish<N>): boolean {
  if (note.service !== wanted) return false;
  const { requestId } = requestIn(note) as { requestId: RequestId };
  return equalBytes(note.request, commandOf(wanted).request.encode({ ...wish, requestId }));
}

async function readNote(file: string): Promise<Note | undefined> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return noteShape.decode(JSON.parse(content));
  } catch (cause) {
    throw new Error(
      `${file} is damaged: what is under way at the meter cannot be read from it. Put it aside; what it told of may have been charged.`,
      { cause },
    );
  }
}
