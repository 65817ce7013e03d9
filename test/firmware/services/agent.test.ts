/** Certificates for others on the real image, by the numerals of P fig. 3A (requirements.md D3; domain.md R49, R51). */

import { createPublicKey, type KeyObject, sign, verify, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { findSecret } from '#emulator/secret-scan';
import { ascii } from '#protocol/bytes';
import type { ResponseOf } from '#protocol/command';
import { type KeyUse, keyUsesOf } from '#protocol/documents/user-key';
import { mills } from '#protocol/mills';
import { isSignedBy, readX509 } from '#protocol/x509';
import { atEachCut } from '#test/support/each-cut';
import { authorityKeys, licence, meterWith, type TestMeter } from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import {
  agentRequest,
  keyFor,
  keyNumbers,
  keyUnderPassword,
  NO_POINT,
  NONE,
  receivedKey,
  securityFlash,
} from '#test/support/security-services';
import { buyServices, charges, revocationOrder, transaction } from '#test/support/user-keys';

type Issued = ResponseOf<'agentCertificate'>;

let meter: TestMeter;
let user: Meter;
beforeAll(async () => {
  meter = meterWith(await securityFlash());
  user = await meter.loggedIn('user');
});
afterAll(() => meter[Symbol.asyncDispose]());

const certificateOf = ({ certificate }: Issued) => new X509Certificate(certificate);

/** Whether a private key is that of a certificate: what it signs verifies. */
function belongs(privateKey: KeyObject, issued: Issued): boolean {
  const message = Buffer.from('statement');
  const signature = sign('sha256', message, privateKey);
  return verify('sha256', message, certificateOf(issued).publicKey, signature);
}

describe('fig. 3A, a certificate for another', () => {
  test('364, 366: is signed by the key of the agent, for whom was asked for (350, 356)', async () => {
    const issued = await user.agentCertificate(agentRequest());

    const x509 = readX509(issued.certificate);
    const { request } = keyFor('issue');
    expect(x509 && isSignedBy(nodeCrypto, x509, request.publicKey)).toBe(true);
    expect(x509 && isSignedBy(nodeCrypto, x509, authorityKeys.publicKey)).toBe(false);
    const certificate = certificateOf(issued);
    expect(certificate.subject).toBe('O=Example Works\nCN=An Employee');
    expect(certificate.issuer).toBe('O=Example Works\nCN=A Holder\nserialNumber=TS01-0000000042');
    expect(certificate.validFrom).toBe('Mar  1 00:00:00 2026 GMT');
    expect(certificate.validTo).toBe('Sep 30 23:59:59 2026 GMT');
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.4']);
    expect(certificate.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  test('354: the private key leaves for the key of its receiver', async () => {
    const issued = await user.agentCertificate(agentRequest());

    expect(belongs(receivedKey(issued), issued)).toBe(true);
  });

  test('354: or under what was made of a password', async () => {
    const passwordKey = nodeCrypto.sha256(ascii('stretched'));

    const issued = await user.agentCertificate(agentRequest({ receiverKey: NONE, passwordKey }));

    expect(belongs(keyUnderPassword(issued, passwordKey), issued)).toBe(true);
    expect([issued.ephemeralKey, issued.wrappedKey]).toEqual([NONE, NONE]);
  });

  test('351: another pair for each, with another serial number', async () => {
    const one = await user.agentCertificate(agentRequest());
    const other = await user.agentCertificate(agentRequest());

    const spki = (issued: Issued) =>
      certificateOf(issued).publicKey.export({ format: 'der', type: 'spki' }).toString('hex');
    expect(spki(one)).not.toBe(spki(other));
    expect(certificateOf(one).serialNumber).not.toBe(certificateOf(other).serialNumber);
  });

  test('354: in clear it is nowhere in flash', async () => {
    const issued = await user.agentCertificate(agentRequest());

    const { d = '' } = receivedKey(issued).export({ format: 'jwk' });

    const secret = Buffer.from(d, 'base64url');
    expect(secret).toHaveLength(32);
    expect(findSecret(secret, { flash: meter.flash.contents() })).toEqual([]);
  });

  test('362: charges the certificate register by the table, and counts', async () => {
    const before = await user.registers();

    await user.agentCertificate(agentRequest());

    const after = await user.registers();
    const paid = before.certificateDescending - after.certificateDescending;
    expect(paid).toBe(charges.agentCertificate);
    expect(after.certificatePieceCount).toBe(before.certificatePieceCount + 1);
  });

  test('the same request again gives the same certificate and key, encrypted anew, for nothing', async () => {
    const request = agentRequest();
    const first = await user.agentCertificate(request);
    const before = await user.registers();

    const again = await user.agentCertificate(request);

    expect(again.certificate).toEqual(first.certificate);
    expect(again.encryptedKey).not.toEqual(first.encryptedKey);
    expect(receivedKey(again).equals(receivedKey(first))).toBe(true);
    expect(await user.registers()).toEqual(before);
    const stolen = { ...request, receiverKey: NONE, passwordKey: new Uint8Array(32) };
    await expectRefused(meter, () => user.agentCertificate(stolen), 'requestIdReused');
  });

  test('350: each set of uses as X.509 says it', async () => {
    const issued = async (...uses: readonly KeyUse[]) => {
      const { certificate } = await user.agentCertificate(
        agentRequest({ uses: keyUsesOf(...uses) }),
      );
      return Buffer.from(certificate).toString('hex');
    };
    const keyUsage = (bits: string) => `0603551d0f0101ff04040302${bits}`;
    const [email, client] = ['06082b06010505070304', '06082b06010505070302'];

    const agree = await issued('agree');
    const authenticate = await issued('authenticate');
    const both = await issued('sign', 'authenticate');

    expect(agree).toContain(keyUsage('0308'));
    expect(agree).toContain(`300a${email}`);
    expect(authenticate).toContain(keyUsage('0780'));
    expect(authenticate).toContain(`300a${client}`);
    expect(both).toContain(keyUsage('06c0'));
    expect(both).toContain(`3014${email}${client}`);
  });
});

describe('350: refused', () => {
  const refusals = [
    ['a key that does not issue', { number: keyNumbers.sign }, 'keyNotFor'],
    ['a key that is not there', { number: 9 }, 'keyUnknown'],
    ['an end behind that of the agent', { validTo: 20270101 }, 'validityOutside'],
    ['a beginning before today', { validFrom: 20260228 }, 'validityOutside'],
    ['an end before the beginning', { validFrom: 20260801, validTo: 20260731 }, 'validityOutside'],
    ['nobody who gets the private key', { receiverKey: NONE }, 'fieldOutOfRange'],
    ['receiver and password at once', { passwordKey: new Uint8Array(32) }, 'fieldOutOfRange'],
    ['a receiver whose key is no point', { receiverKey: NO_POINT }, 'receiverKeyInvalid'],
    ['a use that is no use of a holder', { uses: keyUsesOf('issue') }, 'fieldOutOfRange'],
    ['a name that is empty', { commonName: NONE }, 'fieldOutOfRange'],
  ] as const;
  test.each(refusals)('%s', async (_, changes, status) => {
    await expectRefused(meter, () => user.agentCertificate(agentRequest(changes)), status);
  });

  test('once the certificate of the agent is revoked, what was issued before as well', async () => {
    await using late = meterWith(await securityFlash());
    const caller = await late.loggedIn('user');
    const request = agentRequest({ requestId: { counter: 100, nonce: 1 } });
    await caller.agentCertificate(request);
    const order = revocationOrder(keyFor('issue').request);

    await caller.revokeKey({ requestId: { counter: 101, nonce: 1 }, order });

    await expectRefused(late, () => caller.agentCertificate(request), 'keyUnknown');
    const another = agentRequest({ requestId: { counter: 102, nonce: 1 } });
    await expectRefused(late, () => caller.agentCertificate(another), 'keyUnknown');
  });
});

describe('358', () => {
  test('360: without funds by one mill nothing is charged, signed or sent', async () => {
    await using poor = meterWith(await securityFlash());
    const caller = await poor.loggedIn('user');
    let { certificateDescending: left } = await caller.registers();
    for (let counter = 10; left >= charges.signature; counter++) {
      const requestId = { counter, nonce: 1 };
      await caller.signContent({ requestId, number: keyNumbers.sign, content: NONE });
      left = mills(left - charges.signature);
    }
    const buyer = await buyServices(poor, mills(charges.agentCertificate - left - 1));
    const request = agentRequest();

    await expectRefused(poor, () => buyer.agentCertificate(request), 'insufficientFunds', 1);

    const payer = await buyServices(poor, mills(1));
    const issued = await payer.agentCertificate(request);
    expect(belongs(receivedKey(issued), issued)).toBe(true);
    expect((await payer.registers()).certificateDescending).toBe(0);
  });

  test('refused where the licence does not name the service', async () => {
    await using other = meterWith(await securityFlash());
    await (await other.loggedIn('cryptoOfficer')).register(
      licence({ sequence: 2, services: [300] }),
    );
    const caller = await other.loggedIn('user');

    const ask = () => caller.agentCertificate(agentRequest({ requestId: transaction() }));

    await expectRefused(other, ask, 'serviceNotLicensed');
  });
});

test('a receiver is not the holder: only the key of the receiver opens what leaves', async () => {
  const issued = await user.agentCertificate(agentRequest());

  const stranger = nodeCrypto.generateKeyPair();

  expect(() => receivedKey({ ...issued, ephemeralKey: stranger.publicKey })).toThrow();
  expect(createPublicKey(receivedKey(issued)).equals(certificateOf(issued).publicKey)).toBe(true);
});

describe('with power cut at each operation of the flash', () => {
  test('it is charged once or not, and the same request gives the certificate with its key', async () => {
    const contents = (await securityFlash()).contents();
    const request = agentRequest({ requestId: { counter: 10, nonce: 1 } });
    const found = new Set<number>();

    const operations = await atEachCut(
      contents,
      (cut) => cut.loggedIn('user'),
      (caller) => caller.agentCertificate(request, { timeoutMs: 20 }),
      async (later, boot) => {
        const caller = await later.loggedIn('user');
        const before = await caller.registers();
        const issued = await caller.agentCertificate(request);
        const after = await caller.registers();
        const paid = before.certificateDescending - after.certificateDescending;
        expect([0, charges.agentCertificate]).toContain(paid);
        expect(belongs(receivedKey(issued), issued)).toBe(true);
        if (boot === 0) found.add(paid);
      },
    );

    expect(operations).toBe(2); // the charge, what was signed and born
    expect(found.size).toBe(2);
  });
});
