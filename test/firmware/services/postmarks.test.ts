/** Postmarks and their validation on the real image, by the numerals of P figs. 3 and 4 (requirements.md D1, D2, B1, B5). */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii, joinBytes } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import { mills } from '#protocol/mills';
import { readTstInfo } from '#protocol/postmark';
import { licence, meterWith, providerKeys, type TestMeter } from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import {
  buyServices,
  charges,
  emailProtection,
  holder,
  servicesFlash,
  stampingCertificate,
  stampingFlash,
  strangeExtension,
  takeKey,
  timeStamping,
  transaction,
  x509For,
} from '#test/support/user-keys';

const message = ascii('A message that wants a postmark.');
const digest = nodeCrypto.sha256(message);
const NONCE = Uint8Array.of(0x81, 2, 3, 4, 5, 6, 7, 8);

type Stamp = RequestOf<'postmark'>;
type Stamped = ResponseOf<'postmark'>;

const stamp = (changes: Partial<Stamp> = {}): Stamp => ({
  requestId: transaction(),
  number: 1,
  isStreamed: false,
  digest,
  nonce: NONCE,
  ...changes,
});

const validation = (
  { tstInfo, signedAttributes, signature }: Stamped,
  changes: Partial<RequestOf<'validatePostmark'>> = {},
): RequestOf<'validatePostmark'> => ({
  requestId: transaction(),
  isStreamed: false,
  digest,
  certificate: stampingCertificate(),
  tstInfo,
  signedAttributes,
  signature,
  ...changes,
});

let meter: TestMeter;
let user: Meter;
beforeAll(async () => {
  meter = meterWith(await stampingFlash());
  user = await meter.loggedIn('user');
});
afterAll(() => meter[Symbol.asyncDispose]());

describe('fig. 3, a postmark', () => {
  test('314: is what the key of the certificate signed: digest, time, serial number, nonce (306)', async () => {
    const { certificatePieceCount } = await user.registers();

    const { tstInfo, signedAttributes, signature } = await user.postmark(stamp());

    const key = (await user.userKeys()).keys[0]?.publicKey ?? new Uint8Array();
    expect(nodeCrypto.verify(key, signedAttributes, signature)).toBe(true);
    const info = readTstInfo(tstInfo);
    expect(Buffer.from(info?.digest ?? []).equals(digest)).toBe(true);
    expect(info?.time).toBe(20260301120000);
    const text = Buffer.from(tstInfo).toString('hex');
    expect(text).toContain(
      `0205${'2a'}${(certificatePieceCount + 1).toString(16).padStart(8, '0')}`,
    );
    expect(text.endsWith(`020900${Buffer.from(NONCE).toString('hex')}`)).toBe(true);
    const certificateDigest = Buffer.from(nodeCrypto.sha256(stampingCertificate()));
    expect(Buffer.from(signedAttributes).includes(certificateDigest)).toBe(true);
  });

  test('312: charges the certificate register by the table, and counts', async () => {
    const before = await user.registers();

    await user.postmark(stamp());

    const after = await user.registers();
    expect(before.certificateDescending - after.certificateDescending).toBe(charges.postmark);
    expect(after.certificateAscending - before.certificateAscending).toBe(charges.postmark);
    expect(after.certificatePieceCount).toBe(before.certificatePieceCount + 1);
    expect(after).toMatchObject({
      ascending: before.ascending,
      descending: before.descending,
      pieceCount: before.pieceCount,
    });
  });

  test('304: the meter hashes a content in parts, and the postmark says who did', async () => {
    await user.hashContent({ isFirst: true, data: message.subarray(0, 5) });
    const { size } = await user.hashContent({ isFirst: false, data: message.subarray(5) });
    expect(size).toBe(message.length);

    const hashed = await user.postmark(stamp({ isStreamed: true }));

    const given = await user.postmark(stamp());
    const policyOf = ({ tstInfo }: Stamped): string =>
      Buffer.from(tstInfo.subarray(5, 28)).toString('hex');
    expect(policyOf(hashed).slice(0, -2)).toBe(policyOf(given).slice(0, -2));
    expect([policyOf(hashed).slice(-2), policyOf(given).slice(-2)]).toEqual(['02', '01']);
  });

  test('304: another digest than that of the content is refused, and so is one of no content', async () => {
    await user.hashContent({ isFirst: true, data: ascii('Another message.') });
    await expectRefused(
      meter,
      () => user.postmark(stamp({ isStreamed: true })),
      'contentDifferent',
    );

    await user.hashContent({ isFirst: true, data: message });
    await user.postmark(stamp({ isStreamed: true }));
    await expectRefused(
      meter,
      () => user.postmark(stamp({ isStreamed: true })),
      'contentDifferent',
    );
    await expectRefused(
      meter,
      () => user.hashContent({ isFirst: false, data: message }),
      'contentDifferent',
    );
  });

  test('the same request again gives the same postmark, without a second charge', async () => {
    const request = stamp();
    const first = await user.postmark(request);
    const before = await user.registers();

    const again = await user.postmark(request);

    expect(again).toEqual(first);
    expect(await user.registers()).toEqual(before);
    const other = { ...request, digest: nodeCrypto.sha256(digest) };
    await expectRefused(meter, () => user.postmark(other), 'requestIdReused');
    const validated = validation(first, { requestId: request.requestId });
    await expectRefused(meter, () => user.validatePostmark(validated), 'requestIdReused');
    await expectRefused(meter, () => user.reprintIndicium(request.requestId), 'originalUnknown');
  });

  test('a key that is not there, or for another use, signs none', async () => {
    await expectRefused(meter, () => user.postmark(stamp({ number: 9 })), 'keyUnknown');
    await using other = meterWith(await servicesFlash());
    const officer = await other.loggedIn('cryptoOfficer');
    await officer.requestKey(holder('timeStamp'));
    await takeKey(officer, holder('sign'), { counter: 1, nonce: 1 });
    const caller = await other.loggedIn('user');

    await expectRefused(other, () => caller.postmark(stamp({ number: 1 })), 'keyNotActive');
    await expectRefused(other, () => caller.postmark(stamp({ number: 2 })), 'keyNotFor');
    other.clock.advance(310 * 86_400_000);
    await expectRefused(
      other,
      () => caller.postmark(stamp({ number: 2 })),
      'inspectionOverdue',
      4560,
    );
  });
});

describe('310: without funds', () => {
  test('by one mill, nothing is charged and nothing signed', async () => {
    await using poor = meterWith(await stampingFlash());
    const officer = await poor.loggedIn('cryptoOfficer');
    const { certificateDescending } = await officer.registers();
    const caller = await poor.loggedIn('user');
    let left = certificateDescending;
    for (let counter = 2; left >= charges.postmark; counter++) {
      await caller.postmark(stamp({ requestId: { counter, nonce: 1 } }));
      left = mills(left - charges.postmark);
    }
    const missing = charges.postmark - left;
    expect(missing).toBeGreaterThan(0);
    await expectRefused(poor, () => caller.postmark(stamp()), 'insufficientFunds', missing);

    const buyer = await buyServices(poor, mills(missing - 1));
    await expectRefused(poor, () => buyer.postmark(stamp()), 'insufficientFunds', 1);
  });
});

describe('one account for both', () => {
  test.each(['combined', 'current'] as const)(
    '%s: the postal register pays',
    async (accountKind) => {
      await using one = meterWith(await stampingFlash());
      const officer = await one.loggedIn('cryptoOfficer');
      await officer.register(
        licence({ sequence: 2, accountKind, certificateDescendingMax: mills(0) }),
      );
      const caller = await one.loggedIn('user');
      const before = await caller.registers();

      await caller.postmark(stamp({ requestId: { counter: 2, nonce: 1 } }));

      const after = await caller.registers();
      expect(after.ascending - before.ascending).toBe(charges.postmark);
      expect(before.descending - after.descending).toBe(
        accountKind === 'current' ? 0 : charges.postmark,
      );
      expect(after.certificateDescending).toBe(before.certificateDescending);
      expect(after.certificatePieceCount).toBe(before.certificatePieceCount + 1);
      expect(after.pieceCount).toBe(before.pieceCount);
    },
  );
});

describe('fig. 4, a validation', () => {
  let stamped: Stamped;
  beforeAll(async () => {
    await buyServices(meter);
    user = await meter.loggedIn('user');
    stamped = await user.postmark(stamp());
  });

  const verdictOn = async (changes: Partial<RequestOf<'validatePostmark'>>) =>
    (await user.validatePostmark(validation(stamped, changes))).verdict;

  test('420: a postmark of a meter of this authority is valid, and 408 accounts for it', async () => {
    const before = await user.registers();

    expect(await verdictOn({})).toBe('valid');

    const after = await user.registers();
    expect(before.certificateDescending - after.certificateDescending).toBe(charges.validation);
  });

  test('420: of a content that is hashed here', async () => {
    await user.hashContent({ isFirst: true, data: message });

    expect(await verdictOn({ isStreamed: true })).toBe('valid');
  });

  test('412: a certificate that the authority did not sign, not for postmarks, or out of date', async () => {
    const [key] = (await user.userKeys()).keys;
    const of = (
      ...parameters: Parameters<typeof x509For> extends [unknown, ...infer R] ? R : never
    ) => x509For(key?.publicKey ?? new Uint8Array(), ...parameters);
    const changed = Uint8Array.from(stampingCertificate());
    changed[20] = (changed[20] as number) ^ 1; // of its serial number

    expect(await verdictOn({ certificate: message })).toBe('certificateMalformed');
    expect(await verdictOn({ certificate: of({}, providerKeys) })).toBe('certificateSignature');
    expect(await verdictOn({ certificate: changed })).toBe('certificateSignature');
    expect(await verdictOn({ certificate: of({ extensions: [emailProtection] }) })).toBe(
      'certificatePurpose',
    );
    expect(
      await verdictOn({ certificate: of({ extensions: [timeStamping, strangeExtension] }) }),
    ).toBe('certificatePurpose');
    expect(await verdictOn({ certificate: of({ toMs: Date.UTC(2026, 1, 1) }) })).toBe(
      'certificateDates',
    );
    expect(await verdictOn({ certificate: of({ fromMs: Date.UTC(2026, 5, 1) }) })).toBe(
      'certificateDates',
    );
  });

  test('418: another signature, other attributes, another certificate of the same key, another message', async () => {
    const { signature, signedAttributes, tstInfo } = stamped;
    const [key] = (await user.userKeys()).keys;
    const flipped = (bytes: Uint8Array, at: number) =>
      bytes.map((byte, place) => (place === at ? byte ^ 1 : byte));
    const other = x509For(key?.publicKey ?? new Uint8Array(), { toMs: Date.UTC(2028, 0, 1) });

    expect(await verdictOn({ signature: flipped(signature, 40) })).toBe('postmarkSignature');
    expect(await verdictOn({ signedAttributes: joinBytes(signedAttributes, message) })).toBe(
      'postmarkSignature',
    );
    expect(await verdictOn({ certificate: other })).toBe('postmarkSignature');
    expect(await verdictOn({ tstInfo: flipped(tstInfo, tstInfo.length - 1) })).toBe(
      'postmarkSignature',
    );
    expect(await verdictOn({ tstInfo: message })).toBe('postmarkMalformed');
    expect(await verdictOn({ digest: nodeCrypto.sha256(digest) })).toBe('digestDifferent');
  });

  test('a verdict is charged for whatever it is, and given again for nothing', async () => {
    const request = validation(stamped, { signature: new Uint8Array(64) });
    const before = await user.registers();

    const first = await user.validatePostmark(request);
    const again = await user.validatePostmark(request);

    expect([first, again]).toEqual([
      { verdict: 'postmarkSignature' },
      { verdict: 'postmarkSignature' },
    ]);
    const after = await user.registers();
    expect(before.certificateDescending - after.certificateDescending).toBe(charges.validation);
  });

  test('406: refused without funds, and where the licence does not name it', async () => {
    await using poor = meterWith(await stampingFlash());
    const caller = await poor.loggedIn('user');
    let { certificateDescending: left } = await caller.registers();
    for (let counter = 2; left >= charges.validation; counter++) {
      const request = validation(stamped, { requestId: { counter, nonce: 1 } });
      expect((await caller.validatePostmark(request)).verdict).toBe('valid');
      left = mills(left - charges.validation);
    }
    const missing = charges.validation - left;
    const ask = () => caller.validatePostmark(validation(stamped));
    await expectRefused(poor, ask, 'insufficientFunds', missing);

    const officer = await poor.loggedIn('cryptoOfficer');
    await officer.register(licence({ sequence: 2, services: [300, 302] }));
    const again = await poor.loggedIn('user');
    const unlicensed = () => again.validatePostmark(validation(stamped));
    await expectRefused(poor, unlicensed, 'serviceNotLicensed');
  });
});
