/** What ZPL and TSPL printers say of themselves when they are asked: their host status (printing.md 5). */

import { ascii } from '#protocol/bytes';
import type { PrinterProblem } from './printer-error.ts';
import { type PrinterStatus, unknownStatus } from './printer-status.ts';

export interface HostStatus extends PrinterStatus {
  /** `working`: a label is printed or waits to be · `receiving`: one is begun and not complete · `idle`: nothing is left. */
  readonly work: 'idle' | 'receiving' | 'working';
}

/** How one language is asked, and what an answer means. */
export interface StatusLanguage {
  readonly question: Uint8Array;
  /** @param heard all since the question @returns undefined until the answer is whole */
  read(heard: Uint8Array): HostStatus | undefined;
}

const ESC = 0x1b;
const STX = '\u0002';
const ETX = '\u0003';

function statusOf(problems: readonly PrinterProblem[], work: HostStatus['work']): HostStatus {
  return {
    readiness: problems.length === 0 ? 'ready' : 'blocked',
    problems,
    isPaperLow: false,
    work,
  };
}

/** ~HS: three strings of figures between STX and ETX. */
export const zplStatus: StatusLanguage = {
  question: ascii('~HS'),
  read(heard) {
    const strings = Buffer.from(heard)
      .toString('latin1')
      .split(STX)
      .filter((part) => part.includes(ETX))
      .map((part) => part.slice(0, part.indexOf(ETX)).split(',').map(Number));
    // the first has twelve figures and the second eleven, wherever an answer to an earlier question ended
    const at = strings.findIndex(({ length }) => length === 12);
    const first = strings[at];
    const second = strings[at + 1];
    if (at < 0 || first === undefined || second?.length !== 11) return undefined;
    const problems: PrinterProblem[] = [];
    if (second[2] === 1) problems.push('coverOpen');
    if (first[1] === 1 || second[3] === 1) problems.push('paperOut');
    if (first[9] === 1 || first[11] === 1) problems.push('fault');
    if (first[2] === 1) problems.push('offline');
    const isWorking = (first[4] ?? 0) > 0 || (second[8] ?? 0) > 0;
    return statusOf(problems, isWorking ? 'working' : first[7] === 1 ? 'receiving' : 'idle');
  },
};

/** Bits of the one byte that ESC ! ? is answered with, in the order in which a person would want to hear of them. */
const tsplSigns: readonly { readonly mask: number; readonly problem: PrinterProblem }[] = [
  { mask: 0x01, problem: 'coverOpen' },
  { mask: 0x04, problem: 'paperOut' },
  { mask: 0x02, problem: 'fault' }, // paper jam
  { mask: 0x08, problem: 'paperOut' }, // ribbon
  { mask: 0x10, problem: 'offline' }, // pause
  { mask: 0x80, problem: 'fault' },
];
const TSPL_PRINTING = 0x20;
const TSPL_UNUSED = 0x40;

/** ESC ! ?: a byte. */
export const tsplStatus: StatusLanguage = {
  question: Uint8Array.of(ESC, 0x21, 0x3f),
  read(heard) {
    const byte = heard[0];
    if (byte === undefined) return undefined;
    if ((byte & TSPL_UNUSED) !== 0) return { ...unknownStatus, work: 'idle' };
    const problems = tsplSigns.filter(({ mask }) => (byte & mask) !== 0);
    return statusOf(
      [...new Set(problems.map(({ problem }) => problem))],
      (byte & TSPL_PRINTING) !== 0 ? 'working' : 'idle',
    );
  },
};
