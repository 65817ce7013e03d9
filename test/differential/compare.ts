/** Puts a processor through a life that another one lived, and tells where they first differ. */

import type { Cpu } from '#emulator/cpu/cpu';
import { loadImage } from '#emulator/image-file';
import { replayTrace } from '#emulator/trace/replay';
import { replayedImage } from '#emulator/trace/replayed-image';
import type { Lived } from './life.ts';

/** Where two processors part. */
export interface Difference {
  readonly cpu: string;
  /** The command, or what else was done. */
  readonly what: string;
  /** Of the steps of the life. */
  readonly place: number;
  /** The event of the trace. */
  readonly event: number;
  /** On the one that lived the life, and on the other. */
  readonly expected: string;
  readonly found: string;
}

/** Undefined where every hardware call was the same, byte for byte. */
export function differenceOn(cpu: Cpu, { trace }: Lived): Difference | undefined {
  const image = replayedImage(loadImage(), cpu.bytecodeEngine);
  const { divergence } = replayTrace(trace, cpu, image);
  if (divergence === undefined) return undefined;
  const { step: event, expected, found } = divergence;
  const notes = trace.events.slice(0, event).filter(({ kind }) => kind === 'note');
  const last = notes.at(-1);
  const what = last?.kind === 'note' ? last.text : 'the beginning';
  return { cpu: cpu.name, what, place: notes.length - 1, event, expected, found };
}
