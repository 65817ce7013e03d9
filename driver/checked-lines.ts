/**
 * A file of journal lines, `checksum JSON`, each appended once and never changed or removed (requirements.md C4).
 *
 * A line that a crash cut short is the last one and is dropped: its step was not begun. Anything else that is damaged is
 * refused: leaving a line out might charge or print a piece twice. For one process at a time.
 */

import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { type Disk, hostDisk, type LineFile } from './disk.ts';

/** The journal cannot be used: damaged, of another format, or its disk failed. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly path: string;

  constructor(path: string, what: string, cause?: unknown) {
    super(`${path}: ${what}`, cause === undefined ? {} : { cause });
    this.path = path;
  }
}

export interface CheckedLinesOptions {
  /** The first line of the file. */
  readonly header: { readonly journal: string; readonly version: number };
  /** Told each line behind the header in its order, with its place. @returns whether it follows from those before */
  readonly take: (value: unknown, offset: number) => boolean;
  /** Where the file is; the one of this computer unless given. */
  readonly disk?: Disk | undefined;
}

export interface CheckedLines {
  /**
   * Appends behind all that was appended before.
   * @param isDurable whether the lines, and all before them, are on disk when this returns
   * @returns the place of each line
   */
  append(values: readonly object[], isDurable: boolean): Promise<readonly number[]>;
  /** The line at a place that was told before. */
  readAt(offset: number): Promise<unknown>;
  close(): Promise<void>;
}

const CHECKSUM_DIGITS = 16;
const NEW_LINE = 0x0a;
const READ_SIZE = 65_536;

function checksum(json: string | Uint8Array): string {
  return createHash('sha256').update(json).digest('hex').slice(0, CHECKSUM_DIGITS);
}

function toLine(value: object): string {
  const json = JSON.stringify(value);
  return `${checksum(json)} ${json}\n`;
}

/** The content of a line; undefined where it is not what was written. */
function fromLine(line: Buffer): unknown {
  const json = line.subarray(CHECKSUM_DIGITS + 1);
  const head = line.toString('latin1', 0, CHECKSUM_DIGITS + 1);
  return head === `${checksum(json)} ` ? parsed(json.toString()) : undefined;
}

/** Undefined where a line is whole and yet none of ours. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * Opens the lines, or begins them, and drops what a crash cut short.
 * @throws JournalError where it is damaged: it is never mended by leaving something out
 */
export async function openCheckedLines(
  path: string,
  { header, take, disk = hostDisk }: CheckedLinesOptions,
): Promise<CheckedLines> {
  const file = await opened(path, header.journal, disk);
  try {
    const size = await readLines(file, path, { header, take });
    await file.truncate(size);
    if (size > 0) await file.datasync(); // a program that was killed may have left what it had not synced yet
    const lines = linesOver(file, path, header.journal, size);
    if (size === 0) {
      await lines.append([header], true);
      await disk.syncFolder(dirname(path));
    }
    return lines;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function opened(path: string, what: string, disk: Disk): Promise<LineFile> {
  try {
    return await disk.openLines(path);
  } catch (cause) {
    throw new JournalError(path, `the journal of ${what} cannot be opened`, cause);
  }
}

interface FoundLine {
  readonly bytes: Buffer;
  readonly offset: number;
}

/** The lines that are whole, one behind the other. */
async function* wholeLines(file: LineFile): AsyncGenerator<FoundLine> {
  const buffer = Buffer.alloc(READ_SIZE);
  let rest = Buffer.alloc(0);
  let offset = 0;
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, READ_SIZE, position);
    if (bytesRead === 0) return; // what is left over was cut short
    position += bytesRead;
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = rest.indexOf(NEW_LINE); end >= 0; end = rest.indexOf(NEW_LINE, start)) {
      yield { bytes: rest.subarray(start, end), offset: offset + start };
      start = end + 1;
    }
    rest = rest.subarray(start);
    offset += start;
  }
}

/** @returns how many bytes of the file are whole */
async function readLines(
  file: LineFile,
  path: string,
  { header, take }: Pick<CheckedLinesOptions, 'header' | 'take'>,
): Promise<number> {
  let count = 0;
  let size = 0;
  let before: FoundLine | undefined; // judged when it is known whether it is the last
  for await (const line of wholeLines(file)) {
    if (before !== undefined) accept(before);
    before = line;
  }
  if (before === undefined) return 0;
  if (before.bytes.includes(0)) return before.offset; // a crash left zeros where content did not reach the disk
  accept(before);
  return size;

  function accept({ bytes, offset }: FoundLine): void {
    count += 1;
    const value = fromLine(bytes);
    if (count === 1) checkHeader(path, header, value);
    else if (value === undefined || !take(value, offset))
      throw new JournalError(path, `line ${count} is damaged: keep the file and ask for help`);
    size = offset + bytes.length + 1;
  }
}

function checkHeader(path: string, header: CheckedLinesOptions['header'], value: unknown): void {
  if (JSON.stringify(value) !== JSON.stringify(header))
    throw new JournalError(
      path,
      `this is no journal of ${header.journal}, or one of a later version`,
    );
}

function linesOver(file: LineFile, path: string, what: string, sizeFound: number): CheckedLines {
  let size = sizeFound;
  let failure: JournalError | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** After a write that failed nobody knows what the file ends with: nothing more is written. */
  async function write(values: readonly object[], isDurable: boolean): Promise<readonly number[]> {
    if (failure !== undefined) throw failure;
    const lines = values.map(toLine);
    try {
      await file.appendFile(lines.join(''));
      if (isDurable) await file.datasync();
    } catch (cause) {
      failure = new JournalError(path, `the journal of ${what} cannot be written`, cause);
      throw failure;
    }
    return lines.map((line) => {
      const offset = size;
      size += Buffer.byteLength(line);
      return offset;
    });
  }

  return {
    append(values, isDurable) {
      const written = turn.then(() => write(values, isDurable));
      turn = written.catch(() => undefined); // told to who asked
      return written;
    },
    async readAt(offset) {
      const value = await lineAt(file, offset);
      if (value === undefined)
        throw new JournalError(path, `the line at byte ${offset} is damaged: keep the file`);
      return value;
    },
    close: () => file.close(),
  };
}

async function lineAt(file: LineFile, offset: number): Promise<unknown> {
  let line = Buffer.alloc(0);
  for (;;) {
    const buffer = Buffer.alloc(1_024);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset + line.length);
    if (bytesRead === 0) return undefined;
    line = Buffer.concat([line, buffer.subarray(0, bytesRead)]);
    const end = line.indexOf(NEW_LINE);
    if (end >= 0) return fromLine(line.subarray(0, end));
  }
}
