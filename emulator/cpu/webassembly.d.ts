/** WebAssembly as far as this folder uses it: the compiler knows it only together with all of a browser. */

declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  /** Functions by module and name go in, and by name come out. */
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  /** A trap: the engine gave up on a broken invariant of its own. */
  readonly RuntimeError: new (
    message?: string,
  ) => Error;
};
