/**
 * The table of cuts: every command that writes, and what writes without being asked. A service is a few lines here
 * (service.ts); the rest says itself how to come back.
 */

import { mills } from '#protocol/mills';
import {
  authorityKeys,
  certificate,
  hostKeys,
  licence,
  meterId,
  passwords,
  rateTable,
} from '#test/support/meter';
import type { CutCommand } from './act.ts';
import { certificateCommands } from './certificates.ts';
import { contacts } from './contact.ts';
import { changePassword, resetUserPassword, rightPassword, wrongPassword } from './passwords.ts';
import { pieceCommands } from './piece-commands.ts';
import { firstPowerUp, openedWhileOff, openedWhileOn, powerUp, zeroize } from './power.ts';
import { refills } from './refill.ts';
import { hex, maker, officer, service, user } from './service.ts';
import { withdrawals } from './withdrawal.ts';

const making = () => ({
  meterId,
  authorityKey: authorityKeys.publicKey,
  userKey: hostKeys.user.publicKey,
  userPassword: passwords.user(),
  officerPassword: passwords.cryptoOfficer(),
});

const initialize = service({
  name: 'initialize',
  from: 'blank',
  who: maker,
  // each repetition makes a new indicium key; the key that the device was born with stays
  ask: async (meter) => hex((await meter.initialize(making())).deviceKey),
});

const installCertificates = service({
  name: 'installCertificates',
  from: 'blank',
  who: maker,
  async paper(host) {
    const born = await (await maker(host)).initialize(making());
    return {
      device: certificate('device', born.deviceKey),
      indicium: certificate('indicium', born.indiciumKey),
    };
  },
  async ask(meter, certificates) {
    await meter.installCertificates(certificates);
    return '';
  },
  refusedAfter: 'wrongLifeCycle',
});

const register = service({
  name: 'register',
  from: 'made',
  who: officer,
  async ask(meter) {
    await meter.register(licence());
    return '';
  },
  refusedAfter: 'documentOutdated',
});

const installRateTable = service({
  name: 'installRateTable',
  from: 'refilled',
  who: officer,
  async ask(meter) {
    await meter.installRateTable(rateTable({ version: 2 }));
    return '';
  },
  refusedAfter: 'documentOutdated',
});

const registerAgain = service({
  name: 'register anew',
  from: 'refilled',
  who: officer,
  async ask(meter) {
    await meter.register(licence({ sequence: 2, descendingMax: mills(400_000) }));
    return '';
  },
  refusedAfter: 'documentOutdated',
});

const installNextRateTable = service({
  name: 'installRateTable of the next year',
  from: 'refilled',
  who: user,
  async ask(meter) {
    const next = { version: 2, validFrom: 20270101, validTo: 20271231 };
    await meter.installRateTable(rateTable(next));
    return '';
  },
  refusedAfter: 'documentOutdated',
});

export const cutCommands: readonly CutCommand[] = [
  firstPowerUp,
  powerUp,
  initialize,
  installCertificates,
  register,
  registerAgain,
  installRateTable,
  installNextRateTable,
  rightPassword,
  wrongPassword,
  changePassword,
  resetUserPassword,
  ...refills,
  ...certificateCommands,
  ...pieceCommands,
  ...contacts,
  ...withdrawals,
  zeroize,
  openedWhileOn,
  openedWhileOff,
];
