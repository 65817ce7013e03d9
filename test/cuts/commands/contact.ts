/** What authority and provider do to a meter from afar, in the table of cuts: inspection, lock orders, the time. */

import { nodeCrypto } from '#driver/node-crypto';
import { issueClockSetting } from '#protocol/documents/orders';
import { lineCertificate } from '#test/support/authority-line';
import { authorityKeys, meterId } from '#test/support/meter';
import { lockOrder } from '#test/support/offices';
import { acknowledge } from '#test/support/security-log';
import type { CutCommand } from './act.ts';
import { service, visitor } from './service.ts';

const acknowledgeInspection = service({
  name: 'acknowledgeInspection',
  from: 'refilled',
  who: visitor,
  async ask(meter) {
    await acknowledge(meter); // over a new report each time: the meter forgets its challenge with its power
    return '';
  },
});

const applyLockOrder = service({
  name: 'applyLockOrder',
  from: 'refilled',
  who: visitor,
  async ask(meter) {
    await meter.applyLockOrder(lockOrder());
    return '';
  },
  refusedAfter: 'documentOutdated',
});

/** Less than passes while power is gone: the clock that was not set yet is not behind the record then. */
const FORWARD_MS = 2_000;

/** The time is another one at each repetition, and when it was last set tells whether it was. */
const setClock: CutCommand = {
  name: 'setClock',
  from: 'refilled',
  async begin(host) {
    host.powerOn();
    const meter = await visitor(host);
    const { challenge } = await meter.challengeClock();
    const timeMs = host.clock.nowMs() + FORWARD_MS;
    const setting = (bytes: Uint8Array, time: number): Uint8Array =>
      issueClockSetting(nodeCrypto, authorityKeys, { meterId, challenge: bytes, timeMs: time });
    return {
      async perform() {
        await meter.setClock(setting(challenge, timeMs));
        return '';
      },
      async again(later) {
        const { condition } = await later.told();
        const again = await visitor(later);
        const asked = await again.challengeClock();
        await again.setClock(setting(asked.challenge, later.clock.nowMs() + FORWARD_MS));
        const isSet = (condition?.clockSetMs ?? 0) >= timeMs;
        return { said: '', found: isSet ? 'completed' : 'rolledBack' };
      },
    };
  },
};

const BACK_MS = 3_600_000;

/** The meter writes down by itself that its clock went back, before it answers whoever asks first. */
const clockFault: CutCommand = {
  name: 'clock gone back',
  from: 'refilled',
  async begin(host) {
    host.powerOn();
    return {
      async perform() {
        host.clock.set(host.clock.nowMs() - BACK_MS);
        await host.status();
        return '';
      },
      async again(later) {
        const { condition } = await later.told();
        if (condition?.locks.clockFault !== true) throw new Error('the wrong time is believed');
        return { said: '', found: undefined };
      },
    };
  },
};

const installAuthorityKey = service({
  name: 'installAuthorityKey',
  from: 'refilled',
  who: visitor,
  async ask(meter) {
    await meter.installAuthorityKey(lineCertificate(1));
    return '';
  },
  refusedAfter: 'documentOutdated',
});

export const contacts: readonly CutCommand[] = [
  acknowledgeInspection,
  installAuthorityKey,
  applyLockOrder,
  setClock,
  clockFault,
];
