/** The types of the packages that bring none, as far as this folder uses them. */

declare module 'opentype.js' {
  /** `parse` returns what `Font` in opentype.ts tells. */
  const opentype: { parse(file: ArrayBuffer): unknown };
  export = opentype;
}

declare module 'escpos' {
  export interface Pixels {
    /** Width, height, bytes a pixel. */
    readonly shape: readonly [number, number, number];
    readonly data: Uint8Array;
  }

  /** Bits of a picture, eight dots a byte, each row begun anew. */
  export interface Raster {
    /** Bytes of a row. */
    readonly width: number;
    readonly height: number;
    readonly data: Uint8Array;
  }

  export interface Image {
    readonly pixels: Pixels;
    toRaster(): Raster;
  }

  export interface Adapter {
    write(bytes: Uint8Array, callback?: (error?: Error) => void): void;
  }

  export interface Printer {
    hardware(command: 'init'): Printer;
    raster(image: Image): Printer;
    print(bytes: Uint8Array): Printer;
    cut(isPartial: boolean, lines: number): Printer;
    flush(): Printer;
  }

  export const Image: new (pixels: Pixels) => Image;
  export const Printer: new (adapter: Adapter) => Printer;
}
