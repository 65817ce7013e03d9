/** The end of a day: what the meters have on record, the provider's ledger and the authority's books say the same. */

import { must } from '../violation.ts';
import type { World } from '../world.ts';
import { checkMoney } from './money.ts';

/** @throws Violation */
export function reconcile(world: World): void {
  checkMoney(world);
  for (const { name, device, housing } of world.desks) {
    const { state, debits } = device.witness;
    const before = housing.state;
    if (state === undefined) continue;
    const spent = [...debits.values()].reduce((sum, { postage }) => sum + postage, 0);
    const ascending = (before?.ascending ?? 0) + spent;
    const pieces = (before?.pieceCount ?? 0) + debits.size;
    must(
      state.ascending === ascending && state.pieceCount === pieces,
      'books',
      () =>
        `the log of ${name} has ${pieces} pieces of ${ascending} mills, its registers ` +
        `${state.pieceCount} of ${state.ascending}`,
    );
  }
}
