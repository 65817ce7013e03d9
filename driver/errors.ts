/**
 * The two errors of the driver: what a meter refuses, and what the host suffers on the way to it (style rule 5).
 *
 * Nothing else escapes but the AbortError of the caller's own signal.
 */

import type { CommandName } from '#protocol/command';
import type { StateName } from '#protocol/state';
import { type Advice, isTransient, type RefusalName, statusName } from '#protocol/status';
import { type StatusEntry, statusEntry } from '#protocol/status-text';

/** A refusal as it came from the meter, or as the driver gives it before anything was sent. */
export interface RefusalFields {
  readonly service: CommandName;
  readonly code: number;
  readonly detail: number;
  readonly state: StateName | undefined;
}

/** A status that this driver's catalogue does not have, from a newer meter: nothing is known but its number. */
const unknownStatus: Omit<StatusEntry, 'code'> = {
  advice: 'final',
  text: 'The meter answers with a status that this driver does not know: update the driver.',
};

/** The meter refused a service, and nothing was changed. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly service: CommandName;
  /** The name in the catalogue; undefined for a number this driver does not know. */
  readonly status: RefusalName | undefined;
  /** The number in the catalogue. */
  readonly code: number;
  /** The state of the meter after the refusal; undefined where the driver refused and the meter was not asked. */
  readonly state: StateName | undefined;
  readonly detail: number;
  /** What `detail` means, with its unit; undefined where it means nothing. */
  readonly detailMeaning: string | undefined;
  readonly advice: Advice;

  constructor({ service, code, detail, state }: RefusalFields) {
    const status = statusName(code);
    const entry = status === undefined ? unknownStatus : statusEntry(status);
    const number = `0x${code.toString(16).padStart(4, '0')}`;
    const told = entry.detail === undefined ? '' : ` (${entry.detail}: ${detail})`;
    const where = state === undefined ? 'not sent' : `state ${state}`;
    super(
      `${service} refused: ${status ?? 'unknown status'} ${number}, ${where}. ${entry.text}${told}`,
    );
    this.service = service;
    this.status = status === 'ok' ? undefined : status;
    this.code = code;
    this.state = state;
    this.detail = detail;
    this.detailMeaning = entry.detail;
    this.advice = entry.advice;
  }

  /** Whether the same request may succeed later without anybody doing anything. */
  get isTransient(): boolean {
    return this.status !== undefined && isTransient(this.status);
  }
}

/**
 * Where on the way it failed. `open`: the port · `reset`: nobody answers there · `handshake`: who answers is not the
 * meter that was expected · `request`: a request was under way · `session`: what came back breaks the session.
 */
export type LinkStage = 'open' | 'reset' | 'handshake' | 'request' | 'session';

export interface LinkErrorFields {
  readonly stage: LinkStage;
  readonly address: string;
  /** What happened. */
  readonly what: string;
  /** What to do about it. */
  readonly advice: string;
  /** Why, where something told it. */
  readonly cause?: unknown;
  readonly isUncertain?: boolean;
}

/** The host could not reach the meter, or cannot believe who answers. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly stage: LinkStage;
  /** The port URL. */
  readonly address: string;
  /** What to do, for a person. */
  readonly advice: string;
  /** Whether a request had left and no answer came: the meter may or may not have performed it. */
  readonly isUncertain: boolean;

  constructor({ stage, address, what, advice, cause, isUncertain = false }: LinkErrorFields) {
    const why = cause instanceof Error ? ` (${cause.message})` : '';
    super(`${address}: ${what}${why}. ${advice}`, cause === undefined ? {} : { cause });
    this.stage = stage;
    this.address = address;
    this.advice = advice;
    this.isUncertain = isUncertain;
  }
}
