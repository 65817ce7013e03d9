/** The end of a meter: all that is left goes back to the provider, the keys are destroyed, the proof is handed over. */

import { LinkError } from '#driver/errors';
import {
  withdraw as driverWithdraw,
  fetchProof,
  handProof,
  withdrawalStage,
} from '#driver/withdrawal';
import { enqueue } from '../attempt.ts';
import type { Desk } from '../desk.ts';
import type { Action } from '../happening.ts';
import { anonymous, leave, loggedIn } from '../meter-access.ts';
import { refillRefusals } from '../refusals.ts';
import type { World } from '../world.ts';
import { openWishes } from './issue.ts';
import { load } from './refill.ts';

export const withdraw: Action = {
  weight: 1,
  begin(world, random) {
    const desk = random.pick(world.desks);
    enqueue(world, desk, {
      name: 'withdraw',
      mayBeRefused: [...refillRefusals, 'refillPending'],
      run: () => giveBack(world, desk),
    });
  },
};

/** From wherever it is to its end; a meter that still owes a piece to somebody is not given back. */
export async function giveBack(world: World, desk: Desk): Promise<void> {
  const isFree = openWishes(desk).length === 0 && desk.jobs.every(({ state }) => state === 'done');
  if (desk.stage === 'registered' && isFree && !desk.isCloned) await load(world, desk);
  else if (desk.stage !== 'leaving') return;
  desk.stage = 'leaving';
  if ((await stageOf(desk)) !== 'done' && !(await isTaken(world, desk))) return;
  const meter = await anonymous(desk);
  const { crypto } = desk.computer.host;
  const proof = await fetchProof(meter, desk.deviceKey as Uint8Array, { crypto });
  await meter.close();
  await handProof(proof, desk.computer.provider);
  desk.stage = 'withdrawn';
  world.tally.count('withdrawal');
}

async function stageOf(desk: Desk) {
  await leave(desk);
  const meter = await anonymous(desk);
  const stage = await withdrawalStage(meter);
  await meter.close();
  return stage;
}

/** @returns whether the meter has given everything back, as far as is known */
async function isTaken(world: World, desk: Desk): Promise<boolean> {
  const meter = await loggedIn(world, desk, 'cryptoOfficer');
  desk.deviceKey = meter.server?.publicKey;
  const answer = await driverWithdraw(meter, desk.computer.provider);
  await leave(desk);
  if (answer.outcome === 'agreed') {
    if ((await stageOf(desk)) === 'done') return true;
    throw new LinkError({
      stage: 'request',
      address: desk.name,
      what: 'the meter has not taken the answer of the provider',
      advice: 'Ask it again.',
    });
  }
  desk.stage = 'registered';
  return false;
}
