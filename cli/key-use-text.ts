/** What keys may be used for, as people write it on a command line (requirements.md B8). */

import { InvalidArgumentError } from 'commander';
import {
  areKeyUses,
  type KeyUse,
  type KeyUses,
  keyUseNames,
  keyUsesOf,
} from '#protocol/documents/user-key';

export const usesText = (uses: KeyUses): string =>
  keyUseNames.filter((name) => uses[name]).join(', ');

/** `timeStamp`, or `sign,authenticate`. */
export function keyUses(text: string): KeyUses {
  const given = text.split(',');
  const known = keyUseNames.filter((name): name is KeyUse => given.includes(name));
  const uses = keyUsesOf(...known);
  if (known.length !== given.length || !areKeyUses(uses))
    throw new InvalidArgumentError(
      `One of ${keyUseNames.join(', ')}; or sign,authenticate together.`,
    );
  return uses;
}
