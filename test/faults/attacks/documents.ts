/** Attacks by documents of authority and provider that are forged, or old. */

import { nodeCrypto } from '#driver/node-crypto';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import { issueClockSetting } from '#protocol/documents/orders';
import {
  signWithdrawalAuthorisation,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import { lineCertificate } from '#test/support/authority-line';
import { TEST_TIME_MS } from '#test/support/board';
import { flashAfter, licence, meterId, providerKeys, rateTable } from '#test/support/meter';
import type { RawHost, Reply } from '#test/support/raw-host';
import { empty, forged, locked, officer, order, refilled, user } from '../approach.ts';
import { type Attack, NOTHING } from '../attack.ts';

let offer: Uint8Array;
const withdrawing = flashAfter('refilled', async (meter) => {
  ({ request: offer } = await (await meter.loggedIn('cryptoOfficer')).withdrawalRequest());
});

function withdrawalAnswer(signer = providerKeys, less = 0): Uint8Array {
  const read = withdrawalRequestDocument.read(offer);
  if (!read.ok) throw new Error('that is no offer');
  const { registers: _, ...terms } = read.value;
  return signWithdrawalAuthorisation(nodeCrypto, signer.privateKey, {
    ...terms,
    postal: mills(terms.postal - less),
    verdict: 'agreed',
  });
}

const announced = flashAfter('refilled', async (meter) => {
  await (await meter.anonymous()).installAuthorityKey(lineCertificate(1));
});

const installing = (host: RawHost, certificate: Uint8Array): Reply | undefined =>
  host.sealed(encodeRequest('installAuthorityKey', { certificate }));

export const documentAttacks: readonly Attack[] = [
  {
    name: 'a withdrawal that somebody else agreed to',
    flash: withdrawing,
    approach: officer,
    strike: (host) => [
      host.sealed(encodeRequest('withdrawalCommit', { authorisation: withdrawalAnswer(forged) })),
    ],
    allowed: NOTHING,
    soundStatus: ['signatureInvalid'],
  },
  {
    name: 'a withdrawal of less than there is',
    flash: withdrawing,
    approach: officer,
    strike: (host) => [
      host.sealed(
        encodeRequest('withdrawalCommit', { authorisation: withdrawalAnswer(providerKeys, 1) }),
      ),
    ],
    allowed: NOTHING,
    soundStatus: ['documentMismatch'],
  },
  {
    name: 'an order to unlock that somebody else signed',
    flash: locked,
    approach: user,
    strike: (host) => [
      host.sealed(encodeRequest('applyLockOrder', { order: order('unlock', 6, forged) })),
    ],
    allowed: NOTHING,
    soundStatus: ['signatureInvalid'],
  },
  {
    name: 'an old order to unlock',
    flash: locked,
    approach: user,
    strike: (host) => [host.sealed(encodeRequest('applyLockOrder', { order: order('unlock', 4) }))],
    allowed: NOTHING,
    soundStatus: ['documentOutdated'],
  },
  {
    name: 'a time that somebody else signed',
    flash: refilled,
    approach: user,
    strike(host) {
      const asked = host.sealed(empty('challengeClock'));
      const read = asked && decodeResponse('challengeClock', asked.payload);
      if (read?.ok !== true) return [asked];
      const fields = { meterId, challenge: read.value.challenge, timeMs: TEST_TIME_MS + 1_000 };
      const setting = issueClockSetting(nodeCrypto, forged, fields);
      return [host.sealed(encodeRequest('setClock', { setting }))];
    },
    allowed: NOTHING,
    soundStatus: ['signatureInvalid'],
  },
  {
    name: 'a licence that somebody else signed',
    flash: refilled,
    approach: officer,
    strike: (host) => [
      host.sealed(encodeRequest('register', { licence: licence({ sequence: 2 }, forged) })),
    ],
    allowed: NOTHING,
    soundStatus: ['signatureInvalid'],
  },
  {
    name: 'an authority key that nobody announced',
    flash: announced,
    approach: user,
    strike: (host) => [installing(host, lineCertificate(2, { own: forged }))],
    allowed: NOTHING,
    soundStatus: ['authorityKeyUnannounced'],
  },
  {
    name: 'the announced authority key, vouched for by somebody else',
    flash: announced,
    approach: user,
    strike: (host) => [installing(host, lineCertificate(2, { previous: forged }))],
    allowed: NOTHING,
    soundStatus: ['signatureInvalid'],
  },
  {
    name: 'another announcement of the next authority key',
    flash: announced,
    approach: user,
    strike: (host) => [installing(host, lineCertificate(1, { next: forged }))],
    allowed: NOTHING,
    soundStatus: ['documentOutdated'],
  },
  {
    name: 'rates that somebody else signed',
    flash: refilled,
    approach: user,
    strike: (host) => [
      host.sealed(
        encodeRequest('installRateTable', { rateTable: rateTable({ version: 2 }, forged) }),
      ),
    ],
    allowed: NOTHING,
    soundStatus: ['signatureInvalid'],
  },
];
