/** The provider tells the authority of all its movements, and the authority compares the books to the mill. */

import type { Action } from '../happening.ts';
import { operate } from '../operator.ts';
import { must } from '../violation.ts';
import type { World } from '../world.ts';

export const endOfDay: Action = {
  weight: 2,
  begin: closeDay,
};

/** At each midnight, and whenever somebody wants to know. */
export function closeDay(world: World): void {
  operate(world, 'end of day', undefined, () => compare(world));
}

/** @throws Violation where the books differ, and nobody has copied a meter */
export async function compare(world: World): Promise<void> {
  const { isEqual, differences } = await world.operator.provider.reconcile({});
  const isHonest = world.desks.every(({ isCloned }) => !isCloned);
  must(
    isEqual || !isHonest,
    'books',
    () => `the authority finds differences: ${JSON.stringify(differences)}`,
  );
  const { isSound, problem } = await world.operator.provider.auditLog({});
  must(isSound, 'books', () => `the transaction log of the provider is not sound: ${problem}`);
  world.tally.count('reconciliation');
}
