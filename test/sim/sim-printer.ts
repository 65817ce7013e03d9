/** A printer in a simulated world, and the paper that comes out of it. */

import type { PiecePrinter } from '#driver/batch/piece-printing';
import { PrinterError } from '#driver/print/printer-error';
import type { Faults } from './faults.ts';
import type { Host } from './host.ts';
import { type Random, randomOf } from './random.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface Label {
  /** 128 bytes in hex. */
  readonly indicium: string;
  readonly isWhole: boolean;
}

/** `gone`: it does not answer · `tears`: labels are cut short · `mute`: it prints and never says so. */
export type PrinterTrouble = 'gone' | 'tears' | 'mute';

export interface SimPrinter {
  /** The printer as the programs of a host see it; its labels are indicia in hex. */
  of(host: Host): PiecePrinter<string>;
  /** Everything that ever came out, the oldest first. */
  readonly paper: readonly Label[];
  trouble(kind: PrinterTrouble, durationMs: number, seed: number): void;
  mend(): void;
}

const LABEL_MS = 300;

export interface SimPrinterOptions {
  readonly name: string;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly faults: Faults;
}

export function createSimPrinter({ name, time, trace, faults }: SimPrinterOptions): SimPrinter {
  const paper: Label[] = [];
  let problem: { readonly kind: PrinterTrouble; readonly random: Random } | undefined;

  function fail(stage: PrinterError['stage'], what: string): PrinterError {
    return new PrinterError({ address: name, stage, problem: 'unreachable', what });
  }
  function checkReady(): void {
    if (problem?.kind !== 'gone') return;
    faults.count('printerGone');
    throw fail('before first byte', 'nobody answers');
  }
  function out(label: Label): void {
    trace.note(`${name} ${label.isWhole ? 'printed' : 'tore'} ${label.indicium.slice(0, 40)}`);
    paper.push(label);
  }
  async function print(indicium: string): Promise<'confirmed' | 'sent'> {
    checkReady();
    await time.pause(LABEL_MS);
    if (problem?.kind === 'gone' || (problem?.kind === 'tears' && problem.random.chance(0.5))) {
      faults.count('labelTorn');
      out({ indicium, isWhole: problem.random.chance(0.5) });
      throw fail('after first byte', 'the line has ended');
    }
    out({ indicium, isWhole: true });
    return problem?.kind === 'mute' ? 'sent' : 'confirmed';
  }

  return {
    of: (host) => ({
      checkReady: () => host.step(checkReady),
      compose: (_, indicium) => Buffer.from(indicium).toString('hex'),
      print: (label) => host.step(() => print(label)),
    }),
    paper,
    trouble(kind, durationMs, seed) {
      const mine = { kind, random: randomOf(seed) };
      problem = mine;
      time.after(durationMs, () => {
        if (problem === mine) problem = undefined;
      });
    },
    mend() {
      problem = undefined;
    },
  };
}
