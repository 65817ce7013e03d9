/** What the operators of the servers do: a request, and the same again for as long as nobody has answered. */

import { ServerLinkError, ServerRefusedError } from '#cli/server/http-client';
import type { TransactionName } from './tally.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** Begins it; what gets no answer is kept for {@link finishUnfinished}. */
export function operate(
  world: World,
  what: string,
  counted: TransactionName | undefined,
  ask: () => Promise<unknown>,
): void {
  const key = `${what} ${world.unfinished.size} ${world.time.nowMs}`;
  world.unfinished.set(key, async () => {
    await ask();
    world.unfinished.delete(key);
    if (counted !== undefined) world.tally.count(counted);
  });
  void tryOnce(world, key);
}

/** @returns whether it is done */
async function tryOnce(world: World, key: string): Promise<boolean> {
  try {
    await world.unfinished.get(key)?.();
    return true;
  } catch (error) {
    if (error instanceof Violation) {
      world.unfinished.delete(key);
      world.alarm(error);
      return false;
    }
    const isTrouble =
      error instanceof ServerLinkError ||
      (error instanceof ServerRefusedError && error.error === 'authorityUnavailable');
    const what = error instanceof Error ? error.message : String(error);
    world.trace.note(`operator: ${key} failed: ${what}`);
    if (!isTrouble || world.isHealed)
      world.alarm(new Violation('refusal', `the operator's ${key}: ${what}`, error));
    return false;
  }
}

export async function finishUnfinished(world: World): Promise<void> {
  for (const key of [...world.unfinished.keys()]) await tryOnce(world, key);
}
