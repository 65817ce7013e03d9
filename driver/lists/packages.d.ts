/** The types of the packages that bring none, as far as this folder uses them. */

declare module 'yauzl' {
  export interface Entry {
    readonly fileName: string;
    readonly compressedSize: number;
  }

  export interface ZipFile {
    eachEntry(): AsyncIterable<Entry>;
    openReadStreamPromise(entry: Entry): Promise<import('node:stream').Readable>;
    close(): void;
  }

  export function openPromise(
    path: string,
    options: { readonly autoClose: boolean; readonly lazyEntries: boolean },
  ): Promise<ZipFile>;
}
