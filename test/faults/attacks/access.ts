/** Attacks by somebody who has no right to what he asks for. */

import { nodeCrypto } from '#driver/node-crypto';
import type { FlashDevice } from '#emulator/flash';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import { clientConfirm, clientHello } from '#protocol/handshake';
import { appendState } from '#test/support/journal-forgery';
import { passwords } from '#test/support/meter';
import type { RawHost, Reply } from '#test/support/raw-host';
import { empty, forged, indicium, inSession, officer, refilled, user } from '../approach.ts';
import { type Attack, NOTHING } from '../attack.ts';

async function lockedOut(): Promise<FlashDevice> {
  const flash = await refilled();
  appendState(flash, (last) => ({ ...last, userTries: 10 }));
  return flash;
}

/** A handshake in somebody's name with a key that the meter was never told. */
function strangersSession(host: RawHost): readonly (Reply | undefined)[] {
  const hello = clientHello(nodeCrypto, { ...forged, role: 'user' });
  const first = host.open(encodeRequest('openSession', { message1: hello.message1 }));
  const opened = first && decodeResponse('openSession', first.payload);
  if (opened?.ok !== true) return [first?.status === 'ok' ? undefined : first]; // garbled
  const confirmed = clientConfirm(nodeCrypto, hello.pending, opened.value.message2, () => true);
  if (!confirmed.ok) return [undefined];
  const { message3, keys } = confirmed.value;
  host.open(encodeRequest('confirmSession', { message3 }));
  host.adoptSession(keys); // an answer under its keys is the proof of a session
  return [host.sealed(encodeRequest('registers', {}))];
}

/** A record of which one bit was changed on the way. */
function changedRecord(host: RawHost): readonly (Reply | undefined)[] {
  const record = host.record(indicium(1));
  record[record.length >> 1] = (record[record.length >> 1] as number) ^ 1;
  const answer = host.exchange('sealed', record);
  const payload = answer?.payload ?? new Uint8Array(4);
  return [{ kind: 'open', command: 0, status: undefined, state: undefined, payload }];
}

/** The same password that is right, in a meter where no password is taken any more. */
const rightPassword = (host: RawHost) => [
  host.sealed(encodeRequest('logIn', { password: passwords.user() })),
];
const wrongPassword = (host: RawHost) => [
  host.sealed(encodeRequest('logIn', { password: new TextEncoder().encode('wrong password') })),
];

export const accessAttacks: readonly Attack[] = [
  {
    name: 'a piece without a log-in',
    flash: refilled,
    approach: inSession('user'),
    strike: (host) => [host.sealed(indicium(1))],
    allowed: NOTHING,
    soundStatus: ['wrongState'],
  },
  {
    name: 'a piece in clear while the user is logged in',
    flash: refilled,
    approach: user,
    strike: (host) => [host.open(indicium(1))],
    allowed: NOTHING,
    soundStatus: ['sessionRequired'],
  },
  {
    name: 'a piece for the crypto officer',
    flash: refilled,
    approach: officer,
    strike: (host) => [host.sealed(indicium(1))],
    allowed: NOTHING,
    soundStatus: ['wrongRole'],
  },
  {
    name: 'a withdrawal by the user',
    flash: refilled,
    approach: user,
    strike: (host) => [host.sealed(empty('withdrawalRequest'))],
    allowed: NOTHING,
    soundStatus: ['wrongRole'],
  },
  {
    name: 'a wrong password',
    flash: refilled,
    approach: inSession('user'),
    strike: wrongPassword,
    allowed: { changes: ['userTries'] },
    isStranger: true,
    soundStatus: ['passwordWrong'],
  },
  {
    name: 'a wrong password right behind another',
    flash: refilled,
    approach: (host) => {
      host.openSession('user');
      wrongPassword(host);
    },
    strike: wrongPassword,
    allowed: { changes: ['userTries'] },
    isStranger: true,
    soundStatus: ['passwordDelayed'],
  },
  {
    name: 'a password where no try is left',
    flash: lockedOut,
    approach: inSession('user'),
    strike: rightPassword,
    allowed: NOTHING,
    isStranger: true,
    soundStatus: ['lockedOut'],
  },
  {
    name: 'a session under a key that the meter does not know',
    flash: refilled,
    approach: () => undefined,
    strike: strangersSession,
    allowed: NOTHING,
    isStranger: true,
    soundStatus: ['authenticationFailed'],
  },
  {
    name: 'a record that was changed on the way',
    flash: refilled,
    approach: user,
    strike: changedRecord,
    allowed: NOTHING,
    soundStatus: ['undefined'],
  },
];
