/** What an exploration begins with: a real meter that is licensed and empty, and the keys around it. */

import type { KeyPair } from '#protocol/crypto';

export interface Givens {
  readonly image: Uint8Array;
  readonly imageKey: Uint8Array;
  readonly deviceSecret: Uint8Array;
  /** The flash of a registered meter that was never refilled: one that pays before, and one that pays afterwards. */
  readonly prepaid: Uint8Array;
  readonly current: Uint8Array;
  readonly password: Uint8Array;
  /** Compact certificate of its device key. */
  readonly certificate: Uint8Array;
  readonly providerKeys: KeyPair;
  readonly authorityKey: Uint8Array;
  /** Where all clocks stand. */
  readonly timeMs: number;
}
