/** The types of the parser of npos, an independent reader of ESC/POS streams, as far as tests use it. */

declare module 'npos/lib/parser/index.js' {
  interface Picture {
    readonly width: number;
    readonly height: number;
    /** 0 is black, 255 is white. */
    getPixel(x: number, y: number): number;
  }

  type Entry = { readonly type: 'raster'; readonly data: Picture } | { readonly type: 'text' };

  class Parser {
    parse(stream: Buffer): Promise<{ readonly entries: readonly Entry[] }>;
  }

  export = Parser;
}
