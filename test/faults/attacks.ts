/** All attacks: each is refused by a sound meter, or gives what it should; aftermath.ts judges what one fault makes of it. */

import type { Attack } from './attack.ts';
import { accessAttacks } from './attacks/access.ts';
import { documentAttacks } from './attacks/documents.ts';
import { pieceAttacks } from './attacks/pieces.ts';
import { refillAttacks } from './attacks/refills.ts';

export const attacks: readonly Attack[] = [
  ...refillAttacks,
  ...pieceAttacks,
  ...documentAttacks,
  ...accessAttacks,
];
