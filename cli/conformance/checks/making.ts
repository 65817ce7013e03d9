/** Checks 301 to 309: a blank device is made, licensed and refilled by the kit's own offices. */

import { equalBytes } from '#protocol/bytes';
import { verifyMakingProof } from '#protocol/documents/making';
import { mills } from '#protocol/mills';
import type { Role } from '#protocol/state';
import { type Check, must } from '../check.ts';
import {
  franked,
  KIT_DESCENDING_MAX,
  KIT_FUNDS,
  KIT_METER_ID,
  mustConserve,
  OTHER_METER_ID,
  type OwnOffices,
  passwordOf,
} from '../own-offices.ts';
import { requestWith } from '../raw-line.ts';
import type { Access, Station } from '../station.ts';
import { mustRefuse } from './answers.ts';
import { mustBeRefused } from './sessions.ts';

function newAccess({ crypto }: Station, role: Role): Access {
  return { identity: crypto.generateKeyPair(), password: () => passwordOf(`the kit as ${role}`) };
}

const NONE = new Uint8Array();

const wish = (amount: number) =>
  ({ kind: 'purchase', account: 'postal', amount: mills(amount) }) as const;

const life = { level: 'life', needs: ['working', 'offices'] } as const;
const registered = { level: 'life', needs: ['working', 'offices', 'registered'] } as const;

export const makingChecks: readonly Check[] = [
  {
    ...life,
    id: 301,
    title: 'a blank device has no certificates, no user and nothing to produce with',
    requirements: ['A4', 'G1'],
    needs: ['working', 'blank'],
    async run(station) {
      station.before = undefined;
      await station.ownOffices();
      await using raw = await station.line();
      const { device, indicium } = await raw.ask('certificates', {});
      must(device.length === 0 && indicium.length === 0, 'it has certificates');
      await raw.openSession(station.crypto.generateKeyPair(), 'cryptoOfficer');
      for (const name of ['logIn', 'registers', 'inspectionReport'] as const)
        mustRefuse(await raw.sealed(requestWith(name)), name, 'wrongLifeCycle');
      mustRefuse(await raw.sealed(requestWith('createIndicium')), 'a piece', 'wrongState');
      return undefined;
    },
  },
  {
    ...life,
    id: 302,
    title: 'keys are born in the device, and prove it',
    requirements: ['G1', 'C3', 'D4'],
    needs: ['working', 'blank', 'offices'],
    async run(station) {
      const { authority } = station.offices as OwnOffices;
      const access = {
        user: newAccess(station, 'user'),
        cryptoOfficer: newAccess(station, 'cryptoOfficer'),
      };
      station.access = access;
      station.authorityKey = undefined;
      await using meter = await station.session('cryptoOfficer');
      const wanted = {
        meterId: KIT_METER_ID,
        authorityKey: authority.publicKey,
        userKey: access.user.identity.publicKey,
        userPassword: access.user.password(),
        officerPassword: access.cryptoOfficer.password(),
      };
      const unfit = meter.initialize({ ...wanted, userPassword: passwordOf('short') });
      await mustBeRefused(unfit, 'a short password', 'passwordUnfit');
      const born = await meter.initialize({ ...wanted, userPassword: access.user.password() });
      const { deviceKey, indiciumKey, proof } = born;
      const keys = { meterId: KIT_METER_ID, deviceKey, indiciumKey };
      must(verifyMakingProof(station.crypto, keys, proof), 'the proof of the keys does not hold');
      must(!equalBytes(deviceKey, indiciumKey), 'one key was born twice');
      station.born = born;
      return undefined;
    },
  },
  {
    ...life,
    id: 303,
    title: 'certificates of a stranger are refused, those of the authority make a meter',
    requirements: ['G1', 'D7', 'D8'],
    needs: ['working', 'keyed', 'offices'],
    async run(station) {
      const { certificate, stranger, authority } = station.offices as OwnOffices;
      const { deviceKey, indiciumKey } = station.born ?? {
        deviceKey: NONE,
        indiciumKey: NONE,
      };
      await using meter = await station.session('cryptoOfficer');
      const device = certificate('device', deviceKey);
      const indicium = certificate('indicium', indiciumKey);
      const foreign = { device: certificate('device', deviceKey, stranger), indicium };
      await mustBeRefused(meter.installCertificates(foreign), 'a stranger', 'signatureInvalid');
      const swapped = { device: certificate('device', indiciumKey), indicium };
      await mustBeRefused(meter.installCertificates(swapped), 'another key', 'keyMismatch');
      await meter.installCertificates({ device, indicium });
      station.authorityKey = authority.publicKey;
      return undefined;
    },
  },
  {
    ...life,
    id: 304,
    title: 'a meter cannot be made again',
    requirements: ['A1', 'G1'],
    needs: ['working', 'made', 'officer'],
    async run(station) {
      await using raw = await station.rawSession('cryptoOfficer');
      for (const name of ['initialize', 'installCertificates'] as const)
        mustRefuse(await raw.sealed(requestWith(name)), name, 'wrongLifeCycle');
      return undefined;
    },
  },
  {
    ...life,
    id: 305,
    title: 'a licence is taken from the authority, for this meter, and no older one after it',
    requirements: ['G1', 'A8'],
    needs: ['working', 'made', 'offices'],
    async run(station) {
      const { licence, stranger } = station.offices as OwnOffices;
      await using meter = await station.loggedIn('cryptoOfficer');
      await mustBeRefused(meter.register(licence({}, stranger)), 'a stranger', 'signatureInvalid');
      const other = licence({ meterId: OTHER_METER_ID });
      await mustBeRefused(meter.register(other), 'for another', 'documentForOtherMeter');
      await meter.register(licence({ sequence: 2 }));
      await mustBeRefused(meter.register(licence({ sequence: 2 })), 'again', 'documentOutdated');
      await mustBeRefused(meter.register(licence({ sequence: 1 })), 'older', 'documentOutdated');
      return undefined;
    },
  },
  {
    ...registered,
    id: 306,
    title: 'a rate table is taken from the authority, and no older one after it',
    requirements: ['B4'],
    async run(station) {
      const { rateTable, stranger } = station.offices as OwnOffices;
      await using meter = await station.loggedIn('cryptoOfficer');
      const foreign = meter.installRateTable(rateTable(2, stranger));
      await mustBeRefused(foreign, 'a stranger', 'signatureInvalid');
      await meter.installRateTable(rateTable(2));
      const again = meter.installRateTable(rateTable(2));
      await mustBeRefused(again, 'again', 'documentOutdated');
      const older = meter.installRateTable(rateTable(1));
      await mustBeRefused(older, 'older', 'documentOutdated');
      return undefined;
    },
  },
  {
    ...registered,
    id: 309,
    title: 'the largest rate table is taken, and a larger one refused',
    requirements: ['B4', 'H1'],
    async run(station) {
      const { largeRateTable } = station.offices as OwnOffices;
      await using meter = await station.loggedIn('cryptoOfficer');
      const larger = meter.installRateTable(largeRateTable(4, 'refused'));
      await mustBeRefused(larger, 'a larger one', 'fieldOutOfRange');
      await meter.installRateTable(largeRateTable(3, 'taken'));
      return undefined;
    },
  },
  {
    ...registered,
    id: 307,
    title: 'without funds nothing is produced',
    requirements: ['B5'],
    async run(station) {
      await using meter = await station.loggedIn('user');
      const before = await meter.registers();
      await mustBeRefused(franked(meter), 'a piece', 'insufficientFunds');
      const after = await meter.registers();
      must(JSON.stringify(before) === JSON.stringify(after), 'the registers changed');
      return undefined;
    },
  },
  {
    ...registered,
    id: 308,
    title: 'a refill is credited exactly once, for the request it answers, up to the limit',
    requirements: ['B6', 'B3'],
    async run(station) {
      const { authorise, stranger } = station.offices as OwnOffices;
      await using meter = await station.loggedIn('user');
      const most = meter.refillRequest(wish(KIT_DESCENDING_MAX + 1));
      await mustBeRefused(most, 'more than the limit', 'refillAboveMaximum');
      const { request } = await meter.refillRequest(wish(KIT_FUNDS));
      const foreign = authorise(request, {}, stranger);
      await mustBeRefused(meter.refillCommit(foreign), 'a stranger', 'signatureInvalid');
      const unasked = authorise(request, { nonce: new Uint8Array(8) });
      await mustBeRefused(meter.refillCommit(unasked), 'an unasked one', 'documentMismatch');
      const right = authorise(request);
      const { credited } = await meter.refillCommit(right);
      await meter.refillCommit(right);
      const registers = await meter.registers();
      must(credited === KIT_FUNDS, 'another amount was credited');
      must(registers.descending === KIT_FUNDS, `descending is ${registers.descending}`);
      mustConserve(registers);
      return undefined;
    },
  },
];
