/** Each service of the command table is one method of the driver, with its request and its answer (F4, decision 3). */

import { describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { type ServiceName, serviceNames } from '#driver/services';
import { commands, type RequestOf, type ResponseOf } from '#protocol/command';
import type { Handlers } from '#protocol/dispatch';
import { keyUsesOf } from '#protocol/documents/user-key';
import { mills } from '#protocol/mills';
import { ok } from '#protocol/result';
import { createImitation, sampleIndicium, testMeterId } from '#test/support/imitation';
import { openTo, registers } from '#test/support/imitation-host';

interface Sample<N extends ServiceName> {
  readonly ask: (meter: Meter) => Promise<unknown>;
  readonly request: RequestOf<N>;
  readonly response: ResponseOf<N>;
}
const password = new Uint8Array(8).fill(1);
const newPassword = new Uint8Array(9).fill(2);
const key = nodeCrypto.generateKeyPair().publicKey;
const document = new Uint8Array(20).fill(3);
const making = { meterId: testMeterId, authorityKey: key, userKey: key };
const passwords = { userPassword: password, officerPassword: newPassword };
const requestId = { counter: 10, nonce: 11 };
const piece = {
  requestId,
  kind: 'correction',
  original: 7,
  serviceId: 1,
  weightMg: 28_350,
  zone: 2,
  extras: [30, 31],
  postage: mills(780),
  isConfirmed: true,
  mailingDate: 20_260_101,
  destination: 123_456_789,
} as const;
const wish = { kind: 'purchase', account: 'certificate', amount: mills(50_000) } as const;
const challenge = new Uint8Array(16).fill(4);
const condition = {
  locks: {
    clockNotTrusted: false,
    clockFault: false,
    inspectionOverdue: true,
    locked: true,
    revoked: false,
    licenceExpired: false,
    logFull: false,
  },
  warnings: {
    lowFunds: true,
    inspectionDue: true,
    qualityPrintDue: false,
    logAlmostFull: false,
    refillPending: false,
    certificateExpiring: false,
    licenceExpiring: false,
    rateTableExpiring: true,
  },
  inspectionDueMs: 1_800_000_000_000,
  inspectionLockMs: 1_800_000_000_001,
  qualityDueMs: 1_800_000_000_002,
  clockSetMs: 0,
  lockSequence: 2,
  lockReason: 'silent',
  logCount: 9,
  logAcknowledged: 7,
  logFree: 100,
  licenceSequence: 1,
  rateVersion: 3,
  nextRateVersion: 4,
} as const;

const holder = {
  uses: keyUsesOf('timeStamp'),
  organization: new Uint8Array(0),
  commonName: document,
} as const;
const keyRequested = {
  number: 3,
  requestInfo: document,
  requestSignature: new Uint8Array(64),
  request: document,
} as const;
const digested = { requestId, isStreamed: false, digest: new Uint8Array(32).fill(6) } as const;
const stamp = { ...digested, number: 3, nonce: document } as const;
const stamped = {
  ...digested,
  certificate: document,
  tstInfo: document,
  signedAttributes: document,
  signature: new Uint8Array(64),
} as const;

const samples: { readonly [N in ServiceName]: Sample<N> } = {
  status: {
    ask: (meter) => meter.status(),
    request: {},
    response: {
      state: 'idle',
      lifeCycle: 'registered',
      caller: 'nobody',
      fault: 0,
      faultDetail: 0,
      meterId: testMeterId,
      timeMs: 1_800_000_000_000,
      registersValid: true,
      registers,
    },
  },
  condition: { ask: (meter) => meter.condition(), request: {}, response: condition },
  version: {
    ask: (meter) => meter.version(),
    request: {},
    response: { protocolVersion: 2, imageVersion: 0x10000, imageDigest: new Uint8Array(32) },
  },
  selfTest: { ask: (meter) => meter.selfTest(), request: {}, response: { passed: 12 } },
  certificates: {
    ask: (meter) => meter.certificates(),
    request: {},
    response: { device: document, indicium: new Uint8Array() },
  },
  logIn: { ask: (meter) => meter.logIn(password), request: { password }, response: {} },
  logOut: { ask: (meter) => meter.logOut(), request: {}, response: {} },
  changePassword: {
    ask: (meter) => meter.changePassword({ oldPassword: password, newPassword }),
    request: { oldPassword: password, newPassword },
    response: {},
  },
  resetUserPassword: {
    ask: (meter) => meter.resetUserPassword({ newPassword, userKey: new Uint8Array() }),
    request: { newPassword, userKey: new Uint8Array() },
    response: {},
  },
  initialize: {
    ask: (meter) => meter.initialize({ ...making, ...passwords }),
    request: { ...making, ...passwords },
    response: { deviceKey: key, indiciumKey: key, proof: new Uint8Array(64) },
  },
  installCertificates: {
    ask: (meter) => meter.installCertificates({ device: document, indicium: document }),
    request: { device: document, indicium: document },
    response: {},
  },
  register: {
    ask: (meter) => meter.register(document),
    request: { licence: document },
    response: {},
  },
  installRateTable: {
    ask: (meter) => meter.installRateTable(document),
    request: { rateTable: document },
    response: {},
  },
  registers: { ask: (meter) => meter.registers(), request: {}, response: registers },
  rateTables: {
    ask: (meter) => meter.rateTables(),
    request: {},
    response: { current: document, next: new Uint8Array() },
  },
  licence: { ask: (meter) => meter.licence(), request: {}, response: { licence: document } },
  refillRequest: {
    ask: (meter) => meter.refillRequest(wish),
    request: wish,
    response: { request: document },
  },
  refillCommit: {
    ask: (meter) => meter.refillCommit(document),
    request: { authorisation: document },
    response: { credited: mills(50_000), registers },
  },
  createIndicium: {
    ask: (meter) => meter.createIndicium(piece),
    request: piece,
    response: { indicium: sampleIndicium(1) },
  },
  reprintIndicium: {
    ask: (meter) => meter.reprintIndicium(requestId),
    request: { requestId },
    response: { indicium: sampleIndicium(2) },
  },
  testPrint: {
    ask: (meter) => meter.testPrint(true),
    request: { isQualityPrint: true },
    response: { indicium: sampleIndicium(3) },
  },
  resetBatch: {
    ask: (meter) => meter.resetBatch(),
    request: {},
    response: { batchPieceCount: 5, batchAmount: mills(3_900) },
  },
  inspectionReport: {
    ask: (meter) => meter.inspectionReport(challenge),
    request: { challenge },
    response: { report: document },
  },
  acknowledgeInspection: {
    ask: (meter) => meter.acknowledgeInspection(document),
    request: { acknowledgement: document },
    response: {},
  },
  readLog: {
    ask: (meter) => meter.readLog(3),
    request: { from: 3 },
    response: { from: 4, records: new Uint8Array(128).fill(5) },
  },
  applyLockOrder: {
    ask: (meter) => meter.applyLockOrder(document),
    request: { order: document },
    response: {},
  },
  challengeClock: { ask: (meter) => meter.challengeClock(), request: {}, response: { challenge } },
  setClock: {
    ask: (meter) => meter.setClock(document),
    request: { setting: document },
    response: {},
  },
  installAuthorityKey: {
    ask: (meter) => meter.installAuthorityKey(document),
    request: { certificate: document },
    response: {},
  },
  authorityKey: {
    ask: (meter) => meter.authorityKey(),
    request: {},
    response: { key: new Uint8Array(33).fill(2), certificate: document },
  },
  changeHostKey: {
    ask: (meter) => meter.changeHostKey(new Uint8Array(33).fill(3)),
    request: { hostKey: new Uint8Array(33).fill(3) },
    response: {},
  },
  renewKeys: { ask: (meter) => meter.renewKeys(), request: {}, response: { request: document } },
  installRenewedKeys: {
    ask: (meter) => meter.installRenewedKeys({ device: document, indicium: document }),
    request: { device: document, indicium: document },
    response: {},
  },
  hashContent: {
    ask: (meter) => meter.hashContent({ isFirst: true, data: document }),
    request: { isFirst: true, data: document },
    response: { size: 3 },
  },
  postmark: {
    ask: (meter) => meter.postmark(stamp),
    request: stamp,
    response: { tstInfo: document, signedAttributes: document, signature: new Uint8Array(64) },
  },
  validatePostmark: {
    ask: (meter) => meter.validatePostmark(stamped),
    request: stamped,
    response: { verdict: 'digestDifferent' },
  },
  requestKey: {
    ask: (meter) => meter.requestKey(holder),
    request: holder,
    response: keyRequested,
  },
  installKey: {
    ask: (meter) => meter.installKey({ requestId, grant: document }),
    request: { requestId, grant: document },
    response: { number: 3 },
  },
  userKeys: {
    ask: (meter) => meter.userKeys(),
    request: {},
    response: {
      keys: [
        {
          ...holder,
          number: 3,
          isActive: true,
          isImported: false,
          publicKey: key,
          certificateDigest: new Uint8Array(32).fill(4),
          serial: document,
          validFrom: 20260101,
          validTo: 20261231,
        },
      ],
    },
  },
  requestRevocation: {
    ask: (meter) => meter.requestRevocation({ number: 3, reason: 'superseded' }),
    request: { number: 3, reason: 'superseded' },
    response: { request: document },
  },
  revokeKey: {
    ask: (meter) => meter.revokeKey({ requestId, order: document }),
    request: { requestId, order: document },
    response: { confirmation: document },
  },
  importKey: {
    ask: (meter) => meter.importKey({ ...holder, privateKey: new Uint8Array(32).fill(5) }),
    request: { ...holder, privateKey: new Uint8Array(32).fill(5) },
    response: keyRequested,
  },
  dropKey: { ask: (meter) => meter.dropKey(3), request: { number: 3 }, response: {} },
  withdrawalRequest: {
    ask: (meter) => meter.withdrawalRequest(),
    request: {},
    response: { request: document },
  },
  withdrawalCommit: {
    ask: (meter) => meter.withdrawalCommit(document),
    request: { authorisation: document },
    response: {},
  },
  withdrawalReport: {
    ask: (meter) => meter.withdrawalReport(),
    request: {},
    response: { report: document },
  },
  updateBegin: {
    ask: (meter) => meter.updateBegin(new Uint8Array(128).fill(6)),
    request: { header: new Uint8Array(128).fill(6) },
    response: { have: 4096 },
  },
  updateWrite: {
    ask: (meter) => meter.updateWrite({ offset: 4096, data: document }),
    request: { offset: 4096, data: document },
    response: {},
  },
  updateFinish: { ask: (meter) => meter.updateFinish(), request: {}, response: {} },
  updateStatus: {
    ask: (meter) => meter.updateStatus(),
    request: {},
    response: { running: 'b', securityVersion: 1, spare: 'loading', spareVersion: 0x101 },
  },
  zeroize: { ask: (meter) => meter.zeroize(), request: {}, response: {} },
};

describe('each service of the command table is one method', () => {
  test.each(serviceNames)('%s', async (name) => {
    const sample: Sample<ServiceName> = samples[name];
    let asked: unknown;
    const services = {
      [name]: (request: unknown) => {
        asked = request;
        return ok(sample.response);
      },
    } as Partial<Handlers>;
    const imitation = createImitation({ services });
    await using meter = await openTo(imitation);
    const { states, callers, lifeCycles } = commands[name];
    Object.assign(imitation.situation, {
      state: states[0],
      caller: callers[0],
      lifeCycle: lifeCycles[0],
    });

    const answer = await sample.ask(meter);

    expect(asked).toEqual(sample.request);
    expect(answer).toEqual(Object.keys(sample.response).length === 0 ? undefined : sample.response);
  });
});
