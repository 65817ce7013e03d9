/** What a trace consists of: everything that passed between a board and the image on it, in its order (docs/trace.md). */

import type { BodyForm } from '#protocol/documents/image-header';
import type { FlashGeometry } from '../flash.ts';

/**
 * Bytes that would give something away, of the device or of what it holds: a type of their own, so that nobody redacts a
 * trace by looking for secrets. Without bytes where they were redacted.
 */
export interface Secret {
  readonly size: number;
  readonly bytes: Uint8Array | undefined;
}

/** When the board was called. */
export interface Moment {
  /** Of the secure clock: milliseconds since 1970-01-01 UTC; 0 where it is not trusted. */
  readonly timeMs: number;
  /** Of the oscillator, which runs on while power is off: milliseconds since any fixed moment. */
  readonly monotonicMs: number;
}

/** A stretch of flash that is not what the trace makes of it so far; blank before the first power-up. */
export interface Patch {
  readonly offset: number;
  readonly data: Secret;
}

/** What an image finds of its slots (hw/image-store.ts). */
export interface SlotsAtBoot {
  readonly running: number;
  readonly isOnTrial: number;
  /** Of the spare one. */
  readonly geometry: FlashGeometry;
}

/** What an image finds when it is powered on. */
export interface BoardAtBoot {
  /** Of the image: SHA-256 of its body in hex, number of its version, form of its body. */
  readonly digest: string;
  readonly imageVersion: number;
  readonly form: BodyForm;
  readonly processor: string;
  readonly geometry: FlashGeometry;
  readonly hasCryptoEngine: boolean;
  /** Undefined on a board without. */
  readonly imageStore: SlotsAtBoot | undefined;
  readonly deviceSecret: Secret;
  readonly flash: readonly Patch[];
}

/** What a call takes or gives. `stored`: a read of flash that gave what the trace makes of it so far. */
export type Part = number | Uint8Array | Secret | 'stored';

/** What a call answered, or the name of what it threw. */
export type Outcome =
  | { readonly answer: Part | undefined }
  | { readonly error: string; readonly message: string };

export interface HardwareCallEvent {
  readonly kind: 'call';
  /** As the image names it: `flash.program`. */
  readonly path: string;
  readonly given: readonly Part[];
  readonly outcome: Outcome;
}

/** What calls the image; all up to the next `end` is a turn. */
export type TurnStart =
  | { readonly kind: 'boot'; readonly moment: Moment; readonly board: BoardAtBoot }
  | {
      readonly kind: 'receive';
      readonly moment: Moment;
      readonly port: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'tick'; readonly moment: Moment };

/** One line of a trace. */
export type TraceEvent =
  | TurnStart
  | HardwareCallEvent
  /**
   * The image returned, or threw what is no end of power. `quiet`: a digest of its calls that are no events, since they
   * follow from the others (calls.ts); undefined in a redacted trace.
   */
  | { readonly kind: 'end'; readonly error: string | undefined; readonly quiet: string | undefined }
  /** Power was gone at the quiet call that came after so many others since the last event. */
  | { readonly kind: 'cut'; readonly quietCalls: number }
  /** The image runs no more: power was switched off, or it asked for a restart. Within a turn too. */
  | { readonly kind: 'stop' }
  /** What a sealed record said, as far as it is no secret: `request createIndicium`. Not replayed. */
  | { readonly kind: 'heard'; readonly text: string }
  /** A remark of whoever records: what is done next. Not replayed. */
  | { readonly kind: 'note'; readonly text: string };

/** Takes events as they happen. */
export type TraceSink = (event: TraceEvent) => void;

/** A trace in memory. */
export interface Trace {
  readonly isRedacted: boolean;
  readonly events: readonly TraceEvent[];
}

export const isSecret = (part: Part | undefined): part is Secret =>
  typeof part === 'object' && !(part instanceof Uint8Array);

export const secret = (bytes: Uint8Array): Secret => ({ size: bytes.length, bytes });

const withheld = ({ size }: Secret): Secret => ({ size, bytes: undefined });

/** The same without any secret, which is told by its type. */
export function redacted(event: TraceEvent): TraceEvent {
  switch (event.kind) {
    case 'boot': {
      const { deviceSecret, flash } = event.board;
      const patches = flash.map(({ offset, data }) => ({ offset, data: withheld(data) }));
      const board = { ...event.board, deviceSecret: withheld(deviceSecret), flash: patches };
      return { ...event, board };
    }
    case 'call': {
      const { given, outcome } = event;
      const shown = (part: Part): Part => (isSecret(part) ? withheld(part) : part);
      const isGiving = 'answer' in outcome && outcome.answer !== undefined;
      return {
        ...event,
        given: given.map(shown),
        outcome: isGiving ? { answer: shown(outcome.answer as Part) } : outcome,
      };
    }
    case 'end':
      return { ...event, quiet: undefined };
    case 'receive':
    case 'tick':
    case 'cut':
    case 'stop':
    case 'heard':
    case 'note':
      return event;
  }
}
