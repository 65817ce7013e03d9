/** A whole life of a meter, with everything in it that takes memory: made, refilled, printing, inspected, withdrawn. */

import type { BoardFault } from '#emulator/board-fault';
import type { Cpu, CpuFigures } from '#emulator/cpu/cpu';
import type { RequestOf } from '#protocol/command';
import { dateOf } from '#protocol/documents/date';
import type { BodyForm } from '#protocol/documents/image-header';
import { issueAcknowledgement, readInspectionReport } from '#protocol/documents/inspection';
import { issueClockSetting, issueLockOrder } from '#protocol/documents/orders';
import {
  signWithdrawalAuthorisation,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import { createBench } from '#test/differential/bench';
import {
  authority,
  meterId,
  password,
  provider,
  rateTable,
  repeatingCrypto,
  services,
  signing,
} from '#test/differential/documents';
import { createHost, type Host, unknown } from '#test/differential/host';
import { load, logIn, make, must } from '#test/differential/stages';
import { TEST_TIME_MS } from '#test/support/board';

export interface Conditions {
  readonly form: BodyForm;
  readonly cryptoEngine: boolean;
}

/** How a life ended: with the proof of the withdrawal, or before. */
export type Outcome =
  | { readonly passes: true; readonly figures: CpuFigures }
  | { readonly passes: false; readonly fault: BoardFault };

const INDICIA = 5;
const today = dateOf(TEST_TIME_MS);

/** @throws Error where the meter refuses something, which no limit makes it do */
export async function liveWholly(cpu: Cpu, conditions: Conditions): Promise<Outcome> {
  await using bench = createBench(cpu, { seed: 3, ...conditions });
  const marks: CpuFigures[] = [];
  const note = (): void => {
    const { cpuFigures } = bench.board;
    if (cpuFigures !== undefined) marks.push(cpuFigures);
  };
  const host = createHost(
    repeatingCrypto('a whole life'),
    (input) => {
      const output = bench.apply(input);
      note();
      return output;
    },
    unknown(),
  );
  try {
    bench.apply({ op: 'powerOn' });
    if (bench.board.fault === undefined)
      live(
        host,
        () => bench.apply({ op: 'powerOff' }),
        () => {
          bench.apply({ op: 'powerOn' });
          note();
        },
      );
  } catch (error) {
    if (bench.board.fault === undefined) throw error;
  }
  const { fault } = bench.board;
  if (fault !== undefined) return { passes: false, fault };
  return { passes: true, figures: highest(marks) };
}

function live(host: Host, switchOff: () => void, switchOn: () => void): void {
  must(host, 'selfTest', {});
  make(host);
  load(host);
  for (let counter = 1; counter <= INDICIA; counter += 1)
    piece(host, { requestId: { counter, nonce: 1 } });
  const { requestId } = piece(host, {
    requestId: { counter: INDICIA + 1, nonce: 1 },
    serviceId: services.weighed,
    weightMg: 90_000,
    zone: 1,
    extras: [services.extra],
    postage: mills(4_200),
  });
  must(host, 'reprintIndicium', { requestId });
  must(host, 'testPrint', { isQualityPrint: true });
  inspect(host);
  setClock(host);
  host.forget();
  switchOff();
  switchOn();
  must(host, 'selfTest', {});
  logIn(host, 'cryptoOfficer');
  must(host, 'installRateTable', { rateTable: largeRateTable() });
  must(host, 'resetUserPassword', { newPassword: password('user'), userKey: new Uint8Array(0) });
  orders(host);
  withdraw(host);
}

/** Price and day of a letter, unless it is another. */
function piece(
  host: Host,
  fields: Pick<RequestOf<'createIndicium'>, 'requestId'> & Partial<RequestOf<'createIndicium'>>,
): RequestOf<'createIndicium'> {
  const request: RequestOf<'createIndicium'> = {
    kind: 'postage',
    original: 0,
    serviceId: services.fixed,
    weightMg: 0,
    zone: 0,
    extras: [],
    postage: mills(780),
    isConfirmed: true,
    mailingDate: today,
    destination: 20260432109,
    ...fields,
  };
  must(host, 'createIndicium', request);
  return request;
}

function inspect(host: Host): void {
  const challenge = new Uint8Array(16).fill(7);
  const { report } = must(host, 'inspectionReport', { challenge });
  must(host, 'readLog', { from: 0 });
  const read = readInspectionReport(report);
  if (!read.ok) throw new Error('that is no report');
  const { logCount, logHead } = read.value;
  const fields = { meterId, challenge, logCount, logHead, timeMs: TEST_TIME_MS };
  must(host, 'acknowledgeInspection', {
    acknowledgement: issueAcknowledgement(signing, authority, fields),
  });
}

function setClock(host: Host): void {
  const { challenge } = must(host, 'challengeClock', {});
  const fields = { meterId, challenge, timeMs: TEST_TIME_MS };
  must(host, 'setClock', { setting: issueClockSetting(signing, authority, fields) });
}

function orders(host: Host): void {
  for (const [place, action] of (['lock', 'unlock'] as const).entries()) {
    const fields = { meterId, sequence: place + 1, action, timeMs: TEST_TIME_MS } as const;
    const order = issueLockOrder(signing, authority, { ...fields, reason: 'ordered' });
    must(host, 'applyLockOrder', { order });
  }
}

/** As large as a meter takes one: 4,096 bytes. */
function largeRateTable(): Uint8Array {
  const rates = Array.from({ length: 430 }, (_, place) => ({
    serviceId: place + 1,
    kind: 'fixed' as const,
    minimum: mills(780),
    maximum: mills(780),
    steps: [],
  }));
  for (let count = rates.length; count > 0; count -= 1) {
    const table = rateTable({ version: 2, rates: rates.slice(0, count) });
    if (table.length <= 4096) return table;
  }
  throw new Error('no rate table is small enough');
}

function withdraw(host: Host): void {
  const { request } = must(host, 'withdrawalRequest', {});
  const read = withdrawalRequestDocument.read(request);
  if (!read.ok) throw new Error('that is no request');
  const { sequence, nonce, postal, certificate } = read.value;
  const terms = { meterId, sequence, nonce, postal, certificate };
  must(host, 'withdrawalCommit', {
    authorisation: signWithdrawalAuthorisation(signing, provider.privateKey, {
      ...terms,
      verdict: 'agreed',
      timeMs: TEST_TIME_MS,
    }),
  });
  host.forget();
  must(host, 'withdrawalReport', {});
}

function highest(marks: readonly CpuFigures[]): CpuFigures {
  const [first, ...others] = marks;
  if (first === undefined) throw new Error('this processor has no marks');
  const higher = <K extends keyof CpuFigures>(left: CpuFigures, right: CpuFigures, name: K) =>
    left[name].peak >= right[name].peak ? left[name] : right[name];
  return others.reduce(
    (sum, each) => ({
      ram: higher(sum, each, 'ram'),
      stack: higher(sum, each, 'stack'),
      polls: higher(sum, each, 'polls'),
    }),
    first,
  );
}
