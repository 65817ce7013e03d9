/** Brings a meter into a situation of the matrix of the security policy. */

import { nodeCrypto } from '#driver/node-crypto';
import {
  signWithdrawalAuthorisation,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import type { Role } from '#protocol/state';
import type { Scene } from '#tools/policy/situations';
import { appendState } from './journal-forgery.ts';
import {
  flashAfter,
  flashAt,
  meterWith,
  passwords,
  providerKeys,
  type TestMeter,
} from './meter.ts';
import { type RawHost, rawHost, requestWith } from './raw-host.ts';

let offer: Uint8Array;
const withdrawing = flashAfter('registered', async (meter) => {
  ({ request: offer } = await (await meter.loggedIn('cryptoOfficer')).withdrawalRequest());
});

/** The provider's answer to the offer of the meter that withdraws. */
function agreed(): Uint8Array {
  const read = withdrawalRequestDocument.read(offer);
  if (!read.ok) throw new Error('that is no offer');
  const { registers: _, ...terms } = read.value;
  return signWithdrawalAuthorisation(nodeCrypto, providerKeys.privateKey, {
    ...terms,
    verdict: 'agreed',
  });
}

/** The meter of a scene, switched on, before anybody opens a session. */
export async function meterOf({ stage, fate, isBroken }: Scene): Promise<TestMeter> {
  const isWithdrawing = stage === 'withdrawing' || fate === 'withdrawn';
  const flash = isWithdrawing ? await withdrawing() : await flashAt(stage);
  const meter = meterWith(flash);
  if (fate === 'zeroized') endLife(meter, requestWith('zeroize', Uint8Array.of()));
  if (fate === 'withdrawn') endLife(meter, requestWith('withdrawalCommit', agreed()));
  if (fate === 'opened') meter.board.tamper.trigger();
  if (isBroken) {
    meter.board.powerOff();
    appendState(flash, (last) => ({ ...last, pieceCount: 1, credited: last.credited + 1 }));
    meter.board.powerOn();
  }
  return meter;
}

function endLife({ board }: TestMeter, request: Uint8Array): void {
  const host = rawHost(board);
  logIn(host, 'cryptoOfficer');
  host.sealed(request);
  host.close();
}

/** The meter, and a host in the session of the scene. */
export async function play(scene: Scene): Promise<[TestMeter, RawHost]> {
  const meter = await meterOf(scene);
  const host = rawHost(meter.board);
  const { session, state } = scene;
  if (session !== undefined) {
    if (state === 'idle') logIn(host, session);
    else host.openSession(session);
  }
  return [meter, host];
}

export function logIn(host: RawHost, role: Role): void {
  const password = passwords[role]();
  host.openSession(role);
  host.sealed(requestWith('logIn', Uint8Array.of(password.length, ...password)));
}
