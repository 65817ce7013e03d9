/** The one place that calls yauzl: the parts of a ZIP archive by name, each read as a stream with a limit to its size. */

import { pipeline, type Readable, Transform } from 'node:stream';
import { type Entry, openPromise } from 'yauzl';
import { TableError } from './table.ts';

export interface ZipArchive {
  has(name: string): boolean;
  /** @throws TableError where there is no such part */
  read(name: string): Promise<Readable>;
  close(): void;
}

const ENTRIES_MAX = 10_000;
/** Of one part, unpacked: a sheet of a million rows has less, and a bomb ends here. */
const PART_SIZE_MAX = 2_000_000_000;
/** A sheet packs well, yet not as well as a bomb. */
const RATIO_MAX = 500;

/** @throws TableError where it is no archive */
export async function openArchive(path: string): Promise<ZipArchive> {
  try {
    const zip = await openPromise(path, { autoClose: false, lazyEntries: true });
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) {
      entries.set(entry.fileName, entry);
      if (entries.size > ENTRIES_MAX) throw new Error('it has too many parts');
    }
    return {
      has: (name) => entries.has(name),
      async read(name) {
        const entry = entries.get(name);
        if (entry === undefined)
          throw new TableError(`The file has no part ${name}`, 'Save it as XLSX or CSV.');
        return limited(await zip.openReadStreamPromise(entry), entry);
      },
      close: () => zip.close(),
    };
  } catch (cause) {
    throw new TableError('This is no archive that can be read', 'Save it as XLSX or CSV.', cause);
  }
}

/** What unpacks to more than a workbook would is no workbook. */
function limited(stream: Readable, { compressedSize }: Entry): Readable {
  const sizeMax = Math.min(PART_SIZE_MAX, Math.max(1_000_000, RATIO_MAX * compressedSize));
  let size = 0;
  const gate = new Transform({
    transform(chunk: Uint8Array, _, done) {
      size += chunk.length;
      if (size <= sizeMax) done(undefined, chunk);
      else done(new TableError('The file unpacks to far more than it is', 'Save it as CSV.'));
    },
  });
  pipeline(stream, gate, () => undefined); // who reads is told by the gate
  return gate;
}
