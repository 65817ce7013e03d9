/** What a verified document must be beside well signed: of the right issuer, for this meter, for this use, on this day. */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import {
  type CertificateDemand,
  certificateUsages,
  issueCompactCertificate,
  verifyCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { issueLicence, verifyLicence } from '#protocol/documents/licence';
import { rateOf } from '#protocol/documents/rate-table';
import {
  matchRefill,
  type RefillAuthorisation,
  type RefillReason,
  signRefillAuthorisation,
  verifyRefillAuthorisation,
} from '#protocol/documents/refill';
import { verifyStatusReport } from '#protocol/documents/status-report';
import { mills } from '#protocol/mills';
import {
  authority,
  certificate,
  device,
  licence,
  meterId,
  otherMeterId,
  provider,
  rateTable,
  refillAuthorisation,
  refillRequest,
  samples,
  statusReport,
  stranger,
} from '#test/support/documents';

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

describe('a status report', () => {
  const { bytes } = samples['status-report'];
  const asked = { meterId, challenge: statusReport.challenge };

  test.each([
    ['to the question', asked, 'accepted'],
    ['of another meter', { ...asked, meterId: otherMeterId }, 'documentForOtherMeter'],
    ['to an older question', { ...asked, challenge: new Uint8Array(16) }, 'documentMismatch'],
  ])('%s', (_, question, expected) => {
    const result = verifyStatusReport(nodeCrypto, device.publicKey, bytes, question);

    expect(result.ok ? 'accepted' : result.status).toBe(expected);
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

  test.each<RefillReason>(['insufficientAccountFunds', 'accountClosed', 'poolEmpty'])(
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

test('a rate is found by its service, and none is made up', () => {
  expect(rateOf(rateTable, 2)?.minimum).toBe(mills(1070));
  expect(rateOf(rateTable, 3)).toBeUndefined();
});
