/**
 * What a virtual printer noticed: counts, and remarks on what a real printer would not print as its sender meant.
 */

/** An unknown command, or something that prints otherwise than its sender must have meant. */
export interface PrinterRemark {
  readonly text: string;
  /** Position in the stream, counted from 0 since the printer was started. */
  readonly offset: number;
}

export interface PrinterReport {
  readonly receivedBytes: number;
  readonly pages: number;
  readonly textLines: number;
  readonly unknownCommands: number;
  /** The first hundred remarks; unknown commands are among them. */
  readonly remarks: readonly PrinterRemark[];
  /** How often each command or control character without effect came, by name. */
  readonly ignored: ReadonlyMap<string, number>;
}

export interface Tally {
  /** Counts a page and gives its number, from 1 on. */
  page(): number;
  text(): void;
  ignored(name: string): void;
  remark(remark: PrinterRemark, isUnknownCommand: boolean): void;
  report(receivedBytes: number): PrinterReport;
}

const REMARKS_MAX = 100;

export function createTally(): Tally {
  let pages = 0;
  let textLines = 0;
  let unknownCommands = 0;
  const remarks: PrinterRemark[] = [];
  const ignored = new Map<string, number>();
  return {
    page() {
      pages += 1;
      return pages;
    },
    text() {
      textLines += 1;
    },
    ignored(name) {
      ignored.set(name, (ignored.get(name) ?? 0) + 1);
    },
    remark(remark, isUnknownCommand) {
      if (isUnknownCommand) unknownCommands += 1;
      if (remarks.length < REMARKS_MAX) remarks.push(remark);
    },
    report: (receivedBytes) => ({
      receivedBytes,
      pages,
      textLines,
      unknownCommands,
      remarks: [...remarks],
      ignored: new Map(ignored),
    }),
  };
}
