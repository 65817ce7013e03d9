/** From every state a host that means well comes to a good end: nothing of what was authorised is lost or stays on its way. */

import type { DocumentKind } from './line.ts';
import type { Asked, PowerCycle } from './meter-side.ts';
import type { Moves } from './moves.ts';
import { booksOf, type ProviderSide } from './provider-side.ts';
import type { Bounds } from './runs.ts';
import { receivedBy, type State } from './state.ts';

/** Why a host does not get on, in words. */
class Stuck extends Error {}

export interface GoodEnd {
  /** Why there is no good end from this state; undefined where there is one. */
  whyStuck(state: State): Promise<string | undefined>;
}

export function createGoodEnd(
  { resume, wake }: Moves,
  provider: ProviderSide,
  { funds, isCurrent }: Bounds,
): GoodEnd {
  function bytesFrom(cycle: PowerCycle, asked: Asked): Uint8Array {
    const answer = cycle.perform(asked);
    if (answer.kind === 'document') return answer.document.bytes;
    throw new Stuck(`the meter does not answer: ${JSON.stringify(answer)}`);
  }

  async function reply(to: DocumentKind, bytes: Uint8Array): Promise<Uint8Array> {
    if (to === 'authorisation' || to === 'agreement') throw new Error('that is for the meter');
    const answer = await provider.answer(to, bytes);
    if (answer === 'done') return new Uint8Array();
    if ('refused' in answer) throw new Stuck(`the provider refuses ${to}: ${answer.refused}`);
    return answer.bytes;
  }

  function take(cycle: PowerCycle, asked: Asked): void {
    const answer = cycle.perform(asked);
    if (answer.kind === 'refused')
      throw new Stuck(`the meter refuses ${asked.kind}: ${answer.status}`);
  }

  async function end(state: State): Promise<void> {
    resume(state);
    let cycle = wake(state.powerUps + 1);
    await provider.put(state.rows);
    const { refillPending, refillKind, refillAccount, lifeCycle } = cycle.device.journal.state;
    if (refillPending > 0) {
      const wish = { kind: refillKind, account: refillAccount, amount: refillPending };
      const request = bytesFrom(cycle, { kind: 'ask', wish });
      const bytes = await reply('refillRequest', request);
      take(cycle, { kind: 'authorisation', bytes });
    }
    if (lifeCycle === 'withdrawing') {
      const bytes = await reply('offer', bytesFrom(cycle, { kind: 'offer' }));
      take(cycle, { kind: 'agreement', bytes });
      if (cycle.device.isRestarting) cycle = wake(state.powerUps + 2);
    }
    if (cycle.device.journal.state.lifeCycle === 'withdrawn')
      await reply('proof', bytesFrom(cycle, { kind: 'readProof' }));
    else if (cycle.device.journal.state.requestId.counter > 0)
      take(cycle, { kind: 'print', piece: cycle.device.journal.state.requestId.counter });
    await compare(cycle.device.journal.state);
  }

  async function compare(meter: State['meter']): Promise<void> {
    const { moved, withdrawn } = booksOf(await provider.take(), funds);
    const received = receivedBy(meter, isCurrent);
    const gone = meter.withdrawn + meter.certificateWithdrawn;
    if (received !== moved || gone !== withdrawn || meter.refillPending !== 0)
      throw new Stuck(
        `in the end the meter had ${received} and gave back ${gone}, the provider booked ${moved} and ${withdrawn}`,
      );
  }

  return {
    async whyStuck(state) {
      try {
        await end(state);
        return undefined;
      } catch (cause) {
        if (cause instanceof Stuck) return cause.message;
        throw cause;
      }
    },
  };
}
