/** One path of the vectors that nobody here wrote, as every validator gets it. */

import { Buffer } from 'node:buffer';

export interface PathCase {
  readonly id: string;
  readonly suite: 'pkits' | 'limbo';
  readonly isValid: boolean;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly others: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
  /** Undefined where revocation is not asked for. */
  readonly lists: readonly Uint8Array[] | undefined;
  readonly timeMs: number;
  readonly purpose: string | undefined;
  /** What the case asks for besides, which we cannot be asked. */
  readonly asksFor: readonly string[];
}

/** DER of one PEM block. */
export function derOf(pem: string): Uint8Array {
  return Uint8Array.from(Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64'));
}
