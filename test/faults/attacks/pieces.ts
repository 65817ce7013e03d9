/** Attacks on what leaves the meter as evidence of payment. */

import { encodeRequest } from '#protocol/dispatch';
import { mills } from '#protocol/mills';
import { letter } from '#test/support/mail';
import { flashAfter, KEYED_IN } from '#test/support/meter';
import { indicium, locked, refilled, user } from '../approach.ts';
import { type Attack, NOTHING } from '../attack.ts';

const poor = flashAfter('refilled', async (meter) => {
  const user = await meter.loggedIn('user');
  const costly = { serviceId: KEYED_IN, postage: mills(90_000), isConfirmed: true };
  await user.createIndicium(letter(1, costly));
});
let usedIndicium: Uint8Array;
const used = flashAfter('refilled', async (meter) => {
  ({ indicium: usedIndicium } = await (await meter.loggedIn('user')).createIndicium(letter(1)));
});

export const pieceAttacks: readonly Attack[] = [
  {
    name: 'a piece',
    flash: refilled,
    approach: user,
    strike: (host) => [host.sealed(indicium(1))],
    allowed: { pieces: 1 },
    soundStatus: ['ok'],
  },
  {
    name: 'a piece behind another',
    flash: used,
    approach: user,
    strike: (host) => [host.sealed(indicium(2))],
    allowed: { pieces: 1 },
    soundStatus: ['ok'],
  },
  {
    name: 'the same piece again',
    flash: used,
    approach: user,
    strike: (host) => [host.sealed(indicium(1))],
    allowed: NOTHING,
    known: () => usedIndicium,
    soundStatus: ['ok'],
  },
  {
    name: 'another piece under the same number',
    flash: used,
    approach: user,
    strike: (host) => [host.sealed(indicium(1, { destination: 12_345 }))],
    allowed: NOTHING,
    soundStatus: ['requestIdReused'],
  },
  {
    name: 'a piece for more than there is',
    flash: poor,
    approach: user,
    strike: (host) => [
      host.sealed(indicium(2, { serviceId: KEYED_IN, postage: mills(50_000), isConfirmed: true })),
    ],
    allowed: NOTHING,
    soundStatus: ['insufficientFunds'],
  },
  {
    name: 'a piece for less than its rate',
    flash: refilled,
    approach: user,
    strike: (host) => [host.sealed(indicium(1, { postage: mills(160) }))],
    allowed: NOTHING,
    soundStatus: ['postageNotRate'],
  },
  {
    name: 'a redate of nothing',
    flash: refilled,
    approach: user,
    strike: (host) => [
      host.sealed(indicium(1, { kind: 'redate', postage: mills(0), original: 1 })),
    ],
    allowed: NOTHING,
    soundStatus: ['originalUnknown'],
  },
  {
    name: 'a test print, which is worth nothing',
    flash: refilled,
    approach: user,
    strike: (host) => [host.sealed(encodeRequest('testPrint', { isQualityPrint: false }))],
    allowed: NOTHING,
    soundStatus: ['ok'],
  },
  {
    name: 'a piece from a meter that is locked',
    flash: locked,
    approach: user,
    strike: (host) => [host.sealed(indicium(1))],
    allowed: NOTHING,
    soundStatus: ['locked'],
  },
];
