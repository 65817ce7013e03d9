/** Attacks on what comes into the registers. */

import { encodeRequest } from '#protocol/dispatch';
import { encodeMeterId } from '#protocol/documents/meter-id';
import type { RefillAuthorisation } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import { authorisation, FUNDS, flashAfter, providerKeys, purchase } from '#test/support/meter';
import type { RawHost } from '#test/support/raw-host';
import { forged, refilled, user } from '../approach.ts';
import { type Attack, NOTHING } from '../attack.ts';

const AMOUNT = mills(50_000);

/** The flash of a meter that waits for the answer to its second refill, and documents for and against it. */
let request: Uint8Array;
let firstAnswer: Uint8Array;
const waiting = flashAfter('registered', async (meter) => {
  const user = await meter.loggedIn('user');
  const first = await user.refillRequest(purchase(FUNDS));
  firstAnswer = authorisation(first.request);
  await user.refillCommit(firstAnswer);
  ({ request } = await user.refillRequest(purchase(AMOUNT)));
});
const credited = flashAfter('registered', async (meter) => {
  const user = await meter.loggedIn('user');
  const first = await user.refillRequest(purchase(FUNDS));
  firstAnswer = authorisation(first.request);
  await user.refillCommit(firstAnswer);
});

const commit = (changes: Partial<RefillAuthorisation> = {}, signer = providerKeys) => {
  return (host: RawHost) => {
    const answer = authorisation(request, changes, signer);
    return [host.sealed(encodeRequest('refillCommit', { authorisation: answer }))];
  };
};

export const refillAttacks: readonly Attack[] = [
  {
    name: 'an authorisation that somebody else signed',
    flash: waiting,
    approach: user,
    strike: commit({}, forged),
    allowed: NOTHING,
    soundStatus: ['signatureInvalid'],
  },
  {
    name: 'the authorisation of the refill before, while another is under way',
    flash: waiting,
    approach: user,
    strike: (host) => [host.sealed(encodeRequest('refillCommit', { authorisation: firstAnswer }))],
    allowed: NOTHING,
    soundStatus: ['documentMismatch'],
  },
  {
    name: 'an authorisation with another nonce',
    flash: waiting,
    approach: user,
    strike: commit({ nonce: new Uint8Array(8) }),
    allowed: NOTHING,
    soundStatus: ['documentMismatch'],
  },
  {
    name: 'an authorisation of another sequence',
    flash: waiting,
    approach: user,
    strike: commit({ sequence: 1 }),
    allowed: NOTHING,
    soundStatus: ['documentMismatch'],
  },
  {
    name: 'an authorisation of ten times as much',
    flash: waiting,
    approach: user,
    strike: commit({ amount: mills(10 * AMOUNT), requestedAmount: mills(10 * AMOUNT) }),
    allowed: NOTHING,
    soundStatus: ['documentMismatch'],
  },
  {
    name: 'an authorisation for other registers',
    flash: waiting,
    approach: user,
    strike: commit({ descending: mills(1) }),
    allowed: NOTHING,
    soundStatus: ['documentMismatch'],
  },
  {
    name: 'an authorisation for another meter',
    flash: waiting,
    approach: user,
    strike: commit({ meterId: encodeMeterId({ model: 'TS01', serial: 43 }) }),
    allowed: NOTHING,
    soundStatus: ['documentForOtherMeter'],
  },
  {
    name: 'an authorisation that was credited before',
    flash: credited,
    approach: user,
    strike: (host) => [host.sealed(encodeRequest('refillCommit', { authorisation: firstAnswer }))],
    allowed: NOTHING,
    soundStatus: ['ok'],
  },
  {
    name: 'the right authorisation',
    flash: waiting,
    approach: user,
    strike: commit(),
    allowed: { credit: AMOUNT, changes: ['refillPending', 'contactMs'] },
    soundStatus: ['ok'],
  },
  {
    name: 'a refill above the maximum',
    flash: refilled,
    approach: user,
    strike: (host) => [host.sealed(encodeRequest('refillRequest', purchase(mills(450_000))))],
    allowed: NOTHING,
    soundStatus: ['refillAboveMaximum'],
  },
  {
    name: 'postage back for what was never spent',
    flash: refilled,
    approach: user,
    strike: (host) => [
      host.sealed(
        encodeRequest('refillRequest', { kind: 'spoilage', account: 'postal', amount: AMOUNT }),
      ),
    ],
    allowed: NOTHING,
    soundStatus: ['spoilageAboveCap'],
  },
];
