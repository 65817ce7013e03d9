/** What CMS adds to a shared secret before a key is derived from it (RFC 5753 7.2). */

import { contextTag, element, octetString, oids, sequence } from './der.ts';

/** ECC-CMS-SharedInfo of a key of 256 bits for AES-256 key wrap, without more of the sender. */
export const keyWrapSharedInfo: Uint8Array = sequence(
  sequence(oids.aes256Wrap),
  element(contextTag(2, true), octetString(Uint8Array.of(0, 0, 1, 0))),
);
