/**
 * The list of tickets that a gate has let in: a line of JSON for each time, on disk before anybody may enter (requirements.md C7,
 * B3). A line that power cut short is the last one, and counts for nothing: nobody was let in by it.
 */

import { type Disk, hostDisk } from '../disk.ts';

/** One time that somebody came in. */
export interface Entry {
  /** The whole ticket without its signature, hexadecimal: of one ticket there can be many signatures. */
  readonly ticket: string;
  readonly gate: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

export interface UsedList extends AsyncDisposable {
  /** How often a ticket let somebody in here. */
  timesUsed(ticket: string): number;
  /** Durable when this returns. */
  add(entry: Entry): Promise<void>;
}

/** @throws Error where another gate uses the file, or it holds what is no list */
export async function openUsedList(path: string, disk: Disk = hostDisk): Promise<UsedList> {
  const lock = disk.lock(`${path}.lock`);
  if (lock === undefined) throw new Error(`${path} is in use by another gate`);
  try {
    const isNew = !disk.exists(path);
    const lines = await disk.openLines(path);
    const content = new TextDecoder().decode(await disk.readWhole(path));
    const whole = content.slice(0, content.lastIndexOf('\n') + 1);
    if (whole.length < content.length) await lines.truncate(Buffer.byteLength(whole));
    if (isNew) await disk.syncFolder(folderOf(path));
    const times = new Map<string, number>();
    const count = ({ ticket }: Entry): void => {
      times.set(ticket, (times.get(ticket) ?? 0) + 1);
    };
    for (const entry of entriesIn(whole, path)) count(entry);
    return {
      timesUsed: (ticket) => times.get(ticket) ?? 0,
      async add(entry) {
        await lines.appendFile(`${JSON.stringify(entry)}\n`);
        await lines.datasync();
        count(entry);
      },
      async [Symbol.asyncDispose]() {
        await lines.close();
        lock[Symbol.dispose]();
      },
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

const folderOf = (path: string): string => path.split(/[/\\]/).slice(0, -1).join('/') || '.';

/** The entries of a whole list. @throws Error where a line is none */
export function entriesIn(text: string, path: string): readonly Entry[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, place) => {
    const entry = parse(line);
    if (entry === undefined) throw new Error(`line ${place + 1} of ${path} is no entry`);
    return entry;
  });
}

function parse(line: string): Entry | undefined {
  try {
    const { ticket, gate, timeMs } = JSON.parse(line) as Partial<Entry>;
    const isEntry =
      typeof ticket === 'string' && typeof gate === 'string' && Number.isSafeInteger(timeMs);
    return isEntry ? { ticket, gate, timeMs: timeMs as number } : undefined;
  } catch {
    return undefined; // the caller says which line
  }
}
