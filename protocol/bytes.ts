/** Byte strings: made from ASCII, joined, compared, wiped. The firmware has no TextEncoder and no Buffer (runtimes.md 2). */

/** The bytes of an ASCII text; for labels and magics of the protocol, which are constants. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * Whether two byte strings are the same. Takes the same time wherever they differ, so that tags and digests of secrets
 * may be compared with it; only a difference of length shows.
 */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at++)
    difference |= (left[at] as number) ^ (right[at] as number);
  return difference === 0;
}

/** Overwrites secrets with zeros (requirements.md A6). */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}
