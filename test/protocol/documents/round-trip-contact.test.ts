/** Inspections, orders and withdrawals: whatever their fields hold, what is read is what was signed. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import {
  issueAcknowledgement,
  signInspectionReport,
  verifyAcknowledgement,
  verifyInspectionReport,
} from '#protocol/documents/inspection';
import { keyId } from '#protocol/documents/key-id';
import {
  issueClockSetting,
  issueLockOrder,
  lockActions,
  verifyClockSetting,
  verifyLockOrder,
} from '#protocol/documents/orders';
import { refillKinds } from '#protocol/documents/refill';
import {
  signWithdrawalAuthorisation,
  signWithdrawalReport,
  signWithdrawalRequest,
  withdrawalAuthorisationDocument,
  withdrawalReportDocument,
  withdrawalRequestDocument,
  withdrawalVerdicts,
} from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import { accountNames, lifeCycleNames, lockNames, lockReasonNames } from '#protocol/state';
import { amount, anyMeterId, bytesOf, unsigned } from '#test/support/any-fields';
import { authority, device, provider } from '#test/support/document-values';

const crypto = nodeCrypto;
const issuerKeyId = keyId(crypto, authority.publicKey);

/** Registers that need not agree. */
const anyRegisters = fc.record({
  ascending: amount(6),
  descending: amount(6),
  credited: amount(6),
  spoilageCredited: amount(6),
  withdrawn: amount(6),
  settled: amount(6),
  certificateAscending: amount(6),
  certificateDescending: amount(6),
  certificateCredited: amount(6),
  certificateWithdrawn: amount(6),
  pieceCount: unsigned(4),
  zeroPieceCount: unsigned(4),
  certificatePieceCount: unsigned(4),
  batchPieceCount: unsigned(4),
  batchAmount: amount(6),
  descendingMax: amount(6),
  certificateDescendingMax: amount(6),
  refillSequence: unsigned(4),
  refillPending: amount(6),
  refillKind: fc.constantFrom(...refillKinds),
  refillAccount: fc.constantFrom(...accountNames),
  requestCounter: unsigned(4),
});
const someLocks = fc
  .subarray([...lockNames])
  .map((set) => Object.fromEntries(lockNames.map((name) => [name, set.includes(name)])))
  .map((facts) => facts as Record<(typeof lockNames)[number], boolean>);

test('inspection report, with registers that contradict each other too', () => {
  const fields = fc.record({
    meterId: anyMeterId,
    challenge: bytesOf(16),
    timeMs: unsigned(6),
    lifeCycle: fc.constantFrom(...lifeCycleNames),
    locks: someLocks,
    imageVersion: unsigned(4),
    imageDigest: bytesOf(32),
    registers: anyRegisters,
    journalSequence: unsigned(6),
    auditHead: bytesOf(16),
    logCount: unsigned(4),
    logHead: bytesOf(16),
    logAcknowledged: unsigned(4),
    powerCount: unsigned(4),
    userTries: unsigned(1),
    officerTries: unsigned(1),
    contactMs: unsigned(6),
    clockSetMs: unsigned(6),
    lockSequence: unsigned(4),
    licenceSequence: unsigned(4),
    rateVersion: unsigned(4),
  });

  fc.assert(
    fc.property(fields, (value) => {
      const bytes = signInspectionReport(crypto, device.privateKey, value);

      expect(verifyInspectionReport(crypto, device.publicKey, bytes, value)).toEqual({
        ok: true,
        value,
      });
    }),
  );
});

test('acknowledgement, lock order, clock setting', () => {
  const fields = fc.record({
    meterId: anyMeterId,
    challenge: bytesOf(16),
    logCount: unsigned(4),
    logHead: bytesOf(16),
    sequence: unsigned(4),
    action: fc.constantFrom(...lockActions),
    reason: fc.constantFrom(...lockReasonNames),
    timeMs: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
  });
  const key = authority.publicKey;

  fc.assert(
    fc.property(fields, ({ sequence, action, reason, logCount, logHead, ...asked }) => {
      const { meterId, timeMs } = asked;
      const answer = { ...asked, logCount, logHead };
      const order = { meterId, sequence, action, reason, timeMs };
      const bytes = {
        answer: issueAcknowledgement(crypto, authority, answer),
        order: issueLockOrder(crypto, authority, order),
        setting: issueClockSetting(crypto, authority, asked),
      };

      const whole = <T>(value: T) => ({ ok: true, value: { ...value, issuerKeyId } });
      expect(verifyAcknowledgement(crypto, key, bytes.answer, asked)).toEqual(whole(answer));
      expect(verifyLockOrder(crypto, key, bytes.order, meterId)).toEqual(whole(order));
      expect(verifyClockSetting(crypto, [key], bytes.setting, asked)).toEqual(whole(asked));
    }),
  );
});

test('withdrawal: request, authorisation, report', () => {
  const fields = fc.record({
    terms: fc.record({
      meterId: anyMeterId,
      sequence: unsigned(4),
      nonce: bytesOf(8),
      postal: amount(6),
      certificate: amount(6),
      timeMs: unsigned(6),
    }),
    registers: anyRegisters,
    verdict: fc.constantFrom(...withdrawalVerdicts),
    proof: fc.record({
      journalSequence: unsigned(6),
      auditHead: bytesOf(16),
      logCount: unsigned(4),
      logHead: bytesOf(16),
    }),
  });
  const nothing = { descending: mills(0), certificateDescending: mills(0) };

  fc.assert(
    fc.property(fields, ({ terms, registers, verdict, proof }) => {
      const { postal, certificate } = terms;
      const full = { ...registers, descending: postal, certificateDescending: certificate };
      const request = { ...terms, registers: full };
      const answer = { ...terms, verdict };
      const report = { ...terms, ...proof, registers: { ...registers, ...nothing } };
      const bytes = {
        request: signWithdrawalRequest(crypto, device.privateKey, request),
        answer: signWithdrawalAuthorisation(crypto, provider.privateKey, answer),
        report: signWithdrawalReport(crypto, device.privateKey, report),
      };

      const { publicKey } = device;
      expect(withdrawalRequestDocument.verify(crypto, publicKey, bytes.request)).toEqual({
        ok: true,
        value: request,
      });
      expect(
        withdrawalAuthorisationDocument.verify(crypto, provider.publicKey, bytes.answer),
      ).toEqual({ ok: true, value: answer });
      expect(withdrawalReportDocument.verify(crypto, publicKey, bytes.report)).toEqual({
        ok: true,
        value: report,
      });
    }),
  );
});
