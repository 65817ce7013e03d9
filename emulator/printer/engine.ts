/** A printer language as the mechanism runs it: bytes in, commands out, and what each of them makes happen. */

import type { PrinterEvent } from './interpreter-state.ts';
import type { PrinterStatus } from './printer-status.ts';

export const printerLanguages = ['escpos', 'zpl', 'tspl'] as const;
export type PrinterLanguage = (typeof printerLanguages)[number];

/** Something that was read, in its place in the stream. */
export interface EngineCommand {
  /** Position of its first byte, counted from 0 since the printer was started, and after its last. */
  readonly offset: number;
  readonly end: number;
  /** Whether it is performed on arrival, online or not; else in its turn, while the printer is online. */
  readonly isImmediate: boolean;
  /** Performs it; once, and in the order in which they were read but for immediate ones. */
  perform(status: PrinterStatus): readonly PrinterEvent[];
}

export interface PrinterEngine {
  /** Bytes read since the printer was started. */
  readonly offset: number;
  /** Reads on; the commands are the same however the stream is split. */
  read(bytes: Uint8Array): readonly EngineCommand[];
  /** Off and on: what is half read and all settings are forgotten. */
  reset(): void;
}
