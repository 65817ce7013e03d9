/** Checks 321 to 329: the meter that the kit has made is inspected, ordered and withdrawn. */

import { exportLog } from '#driver/contact/security-log';
import { LinkError } from '#driver/errors';
import {
  issueAcknowledgement,
  readInspectionReport,
  verifyInspectionReport,
} from '#protocol/documents/inspection';
import { issueClockSetting, issueLockOrder, type LockAction } from '#protocol/documents/orders';
import { EMPTY_LOG, verifyLogExport } from '#protocol/documents/security-log';
import { withdrawalReportDocument } from '#protocol/documents/withdrawal';
import { type Check, must } from '../check.ts';
import {
  franked,
  KIT_METER_ID,
  mustConserve,
  OTHER_METER_ID,
  type OwnOffices,
  passwordOf,
} from '../own-offices.ts';
import { requestWith } from '../raw-line.ts';
import type { Station } from '../station.ts';
import { mustRefuse } from './answers.ts';
import { mustBeRefused } from './sessions.ts';

const NONE = new Uint8Array();

function lockOrder(
  station: Station,
  sequence: number,
  action: LockAction,
  issuer = (station.offices as OwnOffices).authority,
  meterId = KIT_METER_ID,
): Uint8Array {
  const fields = { meterId, sequence, action, reason: 'ordered', timeMs: 1 } as const;
  return issueLockOrder(station.crypto, issuer, fields);
}

const life = { level: 'life', needs: ['working', 'offices'] } as const;
const registered = { level: 'life', needs: ['working', 'offices', 'registered'] } as const;

export const oversightChecks: readonly Check[] = [
  {
    ...registered,
    id: 321,
    title: 'a report is signed for its challenge and tells the truth; it is acknowledged once',
    requirements: ['A9', 'A8'],
    async run(station) {
      const { authority, stranger } = station.offices as OwnOffices;
      const { crypto, born } = station;
      await using meter = await station.session('user');
      const challenge = crypto.randomBytes(16);
      const { report } = await meter.inspectionReport(challenge);
      const asked = { meterId: KIT_METER_ID, challenge };
      const read = verifyInspectionReport(crypto, born?.deviceKey ?? NONE, report, asked);
      must(read.ok, `the report does not hold: ${read.ok ? '' : read.status}`);
      const told = JSON.stringify(read.value.registers);
      must(told === JSON.stringify(await meter.registers()), 'it tells other registers');
      const { logCount, logHead, timeMs } = read.value;
      const fields = { meterId: KIT_METER_ID, challenge, logCount, logHead, timeMs };
      const foreign = issueAcknowledgement(crypto, stranger, fields);
      await mustBeRefused(meter.acknowledgeInspection(foreign), 'a stranger', 'signatureInvalid');
      const acknowledgement = issueAcknowledgement(crypto, authority, fields);
      await meter.acknowledgeInspection(acknowledgement);
      const again = meter.acknowledgeInspection(acknowledgement);
      await mustBeRefused(again, 'again', 'challengeUnknown');
      return undefined;
    },
  },
  {
    ...registered,
    id: 322,
    title: 'the security log is a chain from its first record to the head that the report tells',
    requirements: ['A9', 'G6'],
    async run(station) {
      const { crypto } = station;
      await using meter = await station.session('user');
      const { report } = await meter.inspectionReport(crypto.randomBytes(16));
      const told = readInspectionReport(report);
      must(told.ok, 'it gives no report');
      const head = { count: told.value.logCount, head: told.value.logHead };
      const { records } = await exportLog(meter);
      const read = verifyLogExport(crypto, EMPTY_LOG, head, records);
      must(read.ok, `the log does not hold: ${read.ok ? '' : read.status}`);
      const events = read.value.map(({ event }) => event);
      for (const event of ['made', 'licensed', 'rateTable', 'refilled'] as const)
        must(events.includes(event), `${event} is not in the log`);
      return { records: read.value.length };
    },
  },
  {
    ...registered,
    id: 323,
    title: 'an order locks the meter, a later one unlocks it, and no older one counts',
    requirements: ['A8', 'G9'],
    async run(station) {
      const { stranger } = station.offices as OwnOffices;
      await using meter = await station.loggedIn('user');
      const foreign = lockOrder(station, 2, 'lock', stranger);
      await mustBeRefused(meter.applyLockOrder(foreign), 'a stranger', 'signatureInvalid');
      const other = lockOrder(station, 2, 'lock', undefined, OTHER_METER_ID);
      await mustBeRefused(meter.applyLockOrder(other), 'for another', 'documentForOtherMeter');
      await meter.applyLockOrder(lockOrder(station, 2, 'lock'));
      await mustBeRefused(franked(meter), 'a piece of a locked meter', 'locked');
      const older = meter.applyLockOrder(lockOrder(station, 1, 'unlock'));
      await mustBeRefused(older, 'an older order', 'documentOutdated');
      await meter.applyLockOrder(lockOrder(station, 3, 'unlock'));
      must((await franked(meter)).length > 0, 'no piece after the unlocking');
      return undefined;
    },
  },
  {
    ...registered,
    id: 324,
    title: 'the clock is set by whoever may, for a challenge, once, and never back',
    requirements: ['A8'],
    async run(station) {
      const { crypto } = station;
      const { authority, stranger } = station.offices as OwnOffices;
      await using meter = await station.anonymous();
      const { challenge } = await meter.challengeClock();
      const { timeMs } = await meter.status();
      const at = (time: number, issuer = authority, drawn = challenge): Uint8Array =>
        issueClockSetting(crypto, issuer, {
          meterId: KIT_METER_ID,
          challenge: drawn,
          timeMs: time,
        });
      const now = timeMs + 1;
      await mustBeRefused(meter.setClock(at(now, stranger)), 'a stranger', 'signatureInvalid');
      const undrawn = meter.setClock(at(now, authority, new Uint8Array(16)));
      await mustBeRefused(undrawn, 'another challenge', 'challengeUnknown');
      await mustBeRefused(meter.setClock(at(1)), 'a time long past', 'clockSetBack');
      await meter.setClock(at(now));
      await mustBeRefused(meter.setClock(at(now)), 'again', 'challengeUnknown');
      return undefined;
    },
  },
  {
    ...registered,
    id: 325,
    title: 'the crypto officer gives the user a new password, and the old one is worth nothing',
    requirements: ['A4', 'A5', 'F3'],
    async run(station) {
      const { user } = station.access;
      must(user !== undefined, 'nobody is user here');
      const next = { ...user, password: () => passwordOf('another password of the kit') };
      {
        await using officer = await station.loggedIn('cryptoOfficer');
        const reset = { newPassword: next.password(), userKey: new Uint8Array() };
        await officer.resetUserPassword(reset);
      }
      await using meter = await station.session('user');
      await mustBeRefused(meter.logIn(user.password()), 'the old password', 'passwordWrong');
      const delayed = await mustBeRefused(
        meter.logIn(next.password()),
        'a quick try',
        'passwordDelayed',
      );
      await station.pause(delayed.detail);
      await meter.logIn(next.password());
      station.access = { ...station.access, user: next };
      return undefined;
    },
  },
];

export const endChecks: readonly Check[] = [
  {
    ...registered,
    id: 327,
    title: 'a withdrawal that the provider agreed to takes all money out and leaves the proof',
    requirements: ['B7'],
    async run(station) {
      const { agree, stranger } = station.offices as OwnOffices;
      const { crypto, born } = station;
      const meter = await station.loggedIn('cryptoOfficer');
      const before = await meter.registers();
      const { request } = await meter.withdrawalRequest();
      const foreign = meter.withdrawalCommit(agree(request, stranger));
      await mustBeRefused(foreign, 'a stranger', 'signatureInvalid');
      await orRestarting(meter.withdrawalCommit(agree(request)));
      await meter.close();
      await using after = await station.anonymous();
      const { report } = await after.withdrawalReport();
      const read = withdrawalReportDocument.verify(crypto, born?.deviceKey ?? NONE, report);
      must(read.ok, 'the proof does not hold');
      must(read.value.postal === before.descending, 'another amount was withdrawn');
      const { registers, lifeCycle } = await after.status();
      must(lifeCycle === 'withdrawn' && registers.descending === 0, 'something is left');
      mustConserve(registers);
      return { withdrawnMills: read.value.postal };
    },
  },
  {
    ...life,
    id: 328,
    title: 'a withdrawn meter opens no session and is made into nothing else, after power too',
    requirements: ['A1', 'B7'],
    needs: ['working', 'withdrawn', 'offices'],
    async run(station) {
      await station.power?.off();
      await station.power?.on();
      await using raw = await station.line();
      for (const name of ['openSession', 'confirmSession', 'challengeClock'] as const)
        mustRefuse(await raw.open(requestWith(name)), name, 'wrongLifeCycle');
      const { device, indicium } = await raw.ask('certificates', {});
      must(device.length === 0 && indicium.length === 0, 'it still shows certificates');
      return undefined;
    },
  },
];

/** The meter restarts behind its answer, which may be lost with that. */
async function orRestarting(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof LinkError && error.isUncertain)) throw error;
  }
}
