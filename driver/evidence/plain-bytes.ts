/** Bytes as pkijs takes them, and as text. */

/** In a buffer of their own. */
export const plainBytes = (bytes: Uint8Array | ArrayBuffer): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
