/** What a verified document must be beside well signed: of the right issuer, for this meter, for this use, on this day. */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import {
  type CertificateDemand,
  certificateUsages,
  issueCompactCertificate,
  verifyCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { verifyAcknowledgement, verifyInspectionReport } from '#protocol/documents/inspection';
import { issueLicence, verifyLicence } from '#protocol/documents/licence';
import { issueClockSetting, verifyClockSetting, verifyLockOrder } from '#protocol/documents/orders';
import {
  matchRefill,
  type RefillAuthorisation,
  refillReasons,
  signRefillAuthorisation,
  verifyRefillAuthorisation,
} from '#protocol/documents/refill';
import { matchWithdrawal, type WithdrawalAuthorisation } from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import {
  acknowledgement,
  authority,
  certificate,
  clockSetting,
  device,
  inspectionReport,
  licence,
  meterId,
  otherMeterId,
  provider,
  refillAuthorisation,
  refillRequest,
  stranger,
  withdrawalAuthorisation,
  withdrawalRequest,
} from '#test/support/document-values';
import { samples } from '#test/support/documents';

const refused = (status: string) => ({ ok: false, status, detail: 0 });

describe('a compact certificate', () => {
  const { bytes } = samples['compact-certificate'];

  test.each<[string, CertificateDemand, string]>([
    ['for its use', { usage: 'indicium' }, 'accepted'],
    ['of its meter', { usage: 'indicium', subject: meterId }, 'accepted'],
    ['on its first day', { usage: 'indicium', date: 20270101 }, 'accepted'],
    ['on its last day', { usage: 'indicium', date: 20291231 }, 'accepted'],
    ['for another use', { usage: 'device' }, 'documentMismatch'],
    ['of another meter', { usage: 'indicium', subject: otherMeterId }, 'documentForOtherMeter'],
    ['the day before', { usage: 'indicium', date: 20261231 }, 'documentNotValidNow'],
    ['the day after', { usage: 'indicium', date: 20300101 }, 'documentNotValidNow'],
  ])('%s', (_, demand, expected) => {
    const result = verifyCompactCertificate(nodeCrypto, authority.publicKey, bytes, demand);

    expect(result.ok ? 'accepted' : result.status).toBe(expected);
  });

  test.each(certificateUsages)('for %s is not one for anything else', (usage) => {
    const own = issueCompactCertificate(nodeCrypto, authority, { ...certificate, usage });

    const accepted = certificateUsages.filter(
      (each) => verifyCompactCertificate(nodeCrypto, authority.publicKey, own, { usage: each }).ok,
    );

    expect(accepted).toEqual([usage]);
  });

  test('may name a subject that is no meter where it is not for one', () => {
    const subject = new Uint8Array(8);
    const fields = { ...certificate, subject, usage: 'provider' as const };

    const own = issueCompactCertificate(nodeCrypto, authority, fields);

    expect(verifyCompactCertificate(nodeCrypto, authority.publicKey, own, fields).ok).toBe(true);
  });

  test('of an issuer that only claims the name of the authority is refused', () => {
    const impostor = { privateKey: stranger.privateKey, publicKey: authority.publicKey };

    const own = issueCompactCertificate(nodeCrypto, impostor, certificate);

    expect(
      verifyCompactCertificate(nodeCrypto, authority.publicKey, own, { usage: 'indicium' }),
    ).toEqual(refused('signatureInvalid'));
  });

  test('that names another issuer is refused though the signature is right', () => {
    const mislabelled = { privateKey: authority.privateKey, publicKey: stranger.publicKey };

    const own = issueLicence(nodeCrypto, mislabelled, licence);

    expect(verifyLicence(nodeCrypto, authority.publicKey, own)).toEqual(
      refused('signatureInvalid'),
    );
  });
});

const otherBytes = new Uint8Array(16);

describe('an inspection report', () => {
  const { bytes } = samples['inspection-report'];
  const asked = { meterId, challenge: inspectionReport.challenge };

  test.each([
    ['to the question', asked, 'accepted'],
    ['of another meter', { ...asked, meterId: otherMeterId }, 'documentForOtherMeter'],
    ['to an older question', { ...asked, challenge: otherBytes }, 'documentMismatch'],
  ])('%s', (_, question, expected) => {
    const result = verifyInspectionReport(nodeCrypto, device.publicKey, bytes, question);

    expect(result.ok ? 'accepted' : result.status).toBe(expected);
  });
});

describe('an acknowledgement', () => {
  const { bytes } = samples['acknowledgement'];
  const asked = { meterId, challenge: acknowledgement.challenge };

  test.each([
    ['of the last report', asked, 'accepted'],
    ['for another meter', { ...asked, meterId: otherMeterId }, 'documentForOtherMeter'],
    ['of another report', { ...asked, challenge: otherBytes }, 'challengeUnknown'],
    ['where no report was made', { ...asked, challenge: undefined }, 'challengeUnknown'],
  ])('%s', (_, question, expected) => {
    const result = verifyAcknowledgement(nodeCrypto, authority.publicKey, bytes, question);

    expect(result.ok ? 'accepted' : result.status).toBe(expected);
  });
});

test('a lock order is for the meter that it names', () => {
  const { bytes } = samples['lock-order'];
  const verify = (meter: Uint8Array) =>
    verifyLockOrder(nodeCrypto, authority.publicKey, bytes, meter);

  expect(verify(meterId).ok).toBe(true);
  expect(verify(otherMeterId)).toEqual(refused('documentForOtherMeter'));
});

describe('a clock setting', () => {
  const asked = { meterId, challenge: clockSetting.challenge };
  const issuers = [authority.publicKey, provider.publicKey];
  const verdict = (document: Uint8Array, question: Parameters<typeof verifyClockSetting>[3]) => {
    const result = verifyClockSetting(nodeCrypto, issuers, document, question);
    return result.ok ? 'accepted' : result.status;
  };

  test.each([
    ['authority', authority],
    ['provider', provider],
  ])('of the %s is accepted', (_, issuer) => {
    expect(verdict(issueClockSetting(nodeCrypto, issuer, clockSetting), asked)).toBe('accepted');
  });

  test.each([
    ['somebody else', stranger],
    [
      'somebody who claims to be the provider',
      { privateKey: stranger.privateKey, publicKey: provider.publicKey },
    ],
    [
      'the provider in the name of the authority',
      { privateKey: provider.privateKey, publicKey: authority.publicKey },
    ],
  ])('of %s is refused', (_, issuer) => {
    expect(verdict(issueClockSetting(nodeCrypto, issuer, clockSetting), asked)).toBe(
      'signatureInvalid',
    );
  });

  test.each([
    ['for another meter', { ...asked, meterId: otherMeterId }, 'documentForOtherMeter'],
    ['to another question', { ...asked, challenge: otherBytes }, 'challengeUnknown'],
    ['where nothing was asked', { ...asked, challenge: undefined }, 'challengeUnknown'],
  ])('%s is refused', (_, question, expected) => {
    expect(verdict(samples['clock-setting'].bytes, question)).toBe(expected);
  });
});

describe('a withdrawal authorisation', () => {
  test('answers the request it was made for', () => {
    expect(matchWithdrawal(withdrawalAuthorisation, withdrawalRequest)).toEqual({
      ok: true,
      value: withdrawalAuthorisation,
    });
  });

  test.each<[string, Partial<WithdrawalAuthorisation>, string]>([
    ['another meter', { meterId: otherMeterId }, 'documentForOtherMeter'],
    ['another withdrawal', { sequence: 7 }, 'documentMismatch'],
    ['another nonce', { nonce: new Uint8Array(8) }, 'documentMismatch'],
    ['another amount', { postal: mills(45_671) }, 'documentMismatch'],
    ['another amount of the certificate register', { certificate: mills(0) }, 'documentMismatch'],
  ])('for %s answers nothing', (_, difference, expected) => {
    expect(
      matchWithdrawal({ ...withdrawalAuthorisation, ...difference }, withdrawalRequest),
    ).toEqual(refused(expected));
  });
});

describe('a refill authorisation', () => {
  const { ascending, descending } = refillRequest;
  const pending = { ...refillRequest, controlSum: ascending + descending };

  test('answers the request it was made for', () => {
    expect(matchRefill(refillAuthorisation, pending)).toEqual({
      ok: true,
      value: refillAuthorisation,
    });
  });

  test.each<[string, Partial<RefillAuthorisation>, string]>([
    ['another meter', { meterId: otherMeterId }, 'documentForOtherMeter'],
    ['another refill', { sequence: 6 }, 'documentMismatch'],
    ['another nonce', { nonce: new Uint8Array(8) }, 'documentMismatch'],
    ['another amount', { requestedAmount: mills(199_999) }, 'documentMismatch'],
    ['another kind of refill', { kind: 'spoilage' }, 'documentMismatch'],
    ['the other account', { account: 'postal' }, 'documentMismatch'],
    ['another control sum', { ascending: mills(refillRequest.ascending + 1) }, 'documentMismatch'],
    ['a control sum of one register', { descending: mills(1) }, 'documentMismatch'],
  ])('for %s answers nothing', (_, difference, expected) => {
    expect(matchRefill({ ...refillAuthorisation, ...difference }, pending)).toEqual(
      refused(expected),
    );
  });

  test('answers it too where pieces were printed meanwhile: the sum of the registers is the same', () => {
    const moved = { ascending: mills(ascending - 1), descending: mills(descending + 1) };

    expect(matchRefill({ ...refillAuthorisation, ...moved }, pending).ok).toBe(true);
  });

  describe('of a settlement', () => {
    const settling = { kind: 'settlement', account: 'postal' } as const;
    const answer = { ...refillAuthorisation, ...settling };

    test('answers it too where the meter has spent more meanwhile: its sum only grows', () => {
      const later = { ...pending, ...settling, controlSum: pending.controlSum + 780 };

      expect(matchRefill(answer, later).ok).toBe(true);
    });

    test('answers nothing where the meter tells less than it did', () => {
      const earlier = { ...pending, ...settling, controlSum: pending.controlSum - 1 };

      expect(matchRefill(answer, earlier)).toEqual(refused('documentMismatch'));
    });
  });

  test.each(refillReasons.filter((reason) => reason !== 'ok'))(
    'that refuses because of %s answers too, with nothing to credit',
    (reason) => {
      const refusal = { ...refillAuthorisation, reason, amount: mills(0), available: mills(1_000) };

      const bytes = signRefillAuthorisation(nodeCrypto, provider.privateKey, refusal);
      const result = verifyRefillAuthorisation(nodeCrypto, provider.publicKey, bytes);

      expect(result).toEqual({ ok: true, value: refusal });
      expect(matchRefill(refusal, pending).ok).toBe(true);
    },
  );
});
