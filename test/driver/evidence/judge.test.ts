/** A postmark judged in host software: every branch of P fig. 4 by its numerals (requirements.md D2). */

import { describe, expect, test } from 'vitest';
import { sha256 } from '#driver/evidence/digest';
import { judgePostmark, type PostmarkQuestion } from '#driver/evidence/postmark/judge';
import { encodeTimeStampToken, readTimeStampToken } from '#driver/evidence/postmark/time-stamp';
import { readCertificate } from '#driver/evidence/x509/certificate';
import { readRevocationList } from '#driver/evidence/x509/revocation-list';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import { oids } from '#protocol/der';
import { encodeSignedAttributes, encodeTstInfo, postmarkSerial } from '#protocol/postmark';
import { strangeExtension } from '#test/support/user-keys';
import {
  below,
  type Certified,
  revocationListOf,
  rootOf,
  type Wanted,
} from '#test/support/x509-authority';

const root = rootOf();
const wanted: Wanted = { commonName: 'A Stamper', usage: 'sign', purpose: oids.timeStamping };
const stamper = below(root, wanted);
const digest = sha256(ascii('A message.'));
const STAMPED_MS = Date.UTC(2026, 2, 1, 12);
const DAY_MS = 86_400_000;

interface Forgery {
  readonly holder: Certified;
  /** Whose key signs; that of the holder unless given. */
  readonly signer: Certified;
  readonly attributes: (tstInfo: Uint8Array) => Uint8Array;
  readonly enclosed: readonly Uint8Array[];
}

function tokenOf(changes: Partial<Forgery> = {}): Uint8Array {
  const { holder = stamper, signer = holder, attributes, enclosed } = changes;
  const tstInfo = encodeTstInfo({
    isStreamed: false,
    digest,
    serial: postmarkSerial(42, 7),
    timeMs: STAMPED_MS,
    nonce: Uint8Array.of(5),
  });
  const signedAttributes =
    attributes?.(tstInfo) ??
    encodeSignedAttributes(nodeCrypto, tstInfo, sha256(holder.certificate));
  const signature = nodeCrypto.sign(signer.keys.privateKey, signedAttributes);
  return encodeTimeStampToken(
    { tstInfo, signedAttributes, signature },
    holder.certificate,
    enclosed ?? [holder.certificate],
  );
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('unreadable');
  return value;
}

const trusted = (certified: Certified) => given(readCertificate(certified.certificate));

function judged(token: Uint8Array, changes: Partial<PostmarkQuestion> = {}): string {
  const { box, verdict } = judgePostmark({
    timeStamp: given(readTimeStampToken(token)),
    digest,
    roots: [trusted(root)],
    nowMs: STAMPED_MS + DAY_MS,
    ...changes,
  });
  return `${box} ${verdict}`;
}

const tokenFor = (changes: Partial<Wanted>): Uint8Array =>
  tokenOf({ holder: below(root, { ...wanted, ...changes }) });

const listWith = (reason: number | undefined, timeMs: number) => {
  const entry = { certificate: stamper.certificate, timeMs };
  const list = revocationListOf(root, [reason === undefined ? entry : { ...entry, reason }]);
  return { lists: [given(readRevocationList(list))] };
};

describe('fig. 4 in host software', () => {
  test('420: a good postmark is valid', () => {
    expect(judged(tokenOf())).toBe('420 valid');
  });

  test('420: also one whose certificate comes apart from it', () => {
    const token = tokenOf({ enclosed: [] });

    expect(judged(token)).toBe('412 certificateMissing');
    expect(judged(token, { others: [trusted(stamper)] })).toBe('420 valid');
  });

  test.each([
    [
      'signed by somebody else of that name',
      tokenOf({ holder: below({ ...rootOf(), name: root.name }, wanted) }),
      'signature',
    ],
    [
      'of an issuer that nobody knows',
      tokenOf({ holder: below(rootOf(undefined, { commonName: 'Another' }), wanted) }),
      'issuerUnknown',
    ],
    ['that had expired when it was used', tokenFor({ toMs: STAMPED_MS - DAY_MS }), 'expired'],
    [
      'that was used before its first day',
      tokenFor({ fromMs: STAMPED_MS + DAY_MS }),
      'notYetValid',
    ],
    ['for mail', tokenFor({ purpose: oids.emailProtection }), 'purpose'],
    ['for every purpose', tokenFor({ purpose: undefined }), 'notForPostmarks'],
    ['for agreeing on keys', tokenFor({ usage: 'agree' }), 'keyUsage'],
    [
      'with something critical that nobody knows',
      tokenFor({ more: [strangeExtension] }),
      'criticalUnknown',
    ],
  ])('410, 412: with a certificate %s it is rejected', (_, token, verdict) => {
    expect(judged(token)).toBe(`412 ${verdict}`);
  });

  test.each([
    ['its key was told, though later', 1, STAMPED_MS + 1000, '412 revoked'],
    ['no reason was told, though later', undefined, STAMPED_MS + 1000, '412 revoked'],
    ['it was superseded before the postmark', 4, STAMPED_MS, '412 revoked'],
    ['it was superseded after the postmark', 4, STAMPED_MS + 1000, '420 valid'],
  ])('410: the certificate was revoked, as %s', (_, reason, timeMs, expected) => {
    expect(judged(tokenOf(), listWith(reason, timeMs))).toBe(expected);
  });

  test('410: where lists are asked for and none is of today, it is rejected', () => {
    const old = { fromMs: STAMPED_MS - 3 * DAY_MS, toMs: STAMPED_MS - 2 * DAY_MS };
    const lists = [given(readRevocationList(revocationListOf(root, [], old)))];

    expect(judged(tokenOf(), { lists })).toBe('412 revocationUnknown');
    expect(judged(tokenOf(), { lists: [] })).toBe('412 revocationUnknown');
  });

  test.each([
    ['signed by another key', tokenOf({ signer: root })],
    [
      'signed for another time-stamp',
      tokenOf({
        attributes: () =>
          encodeSignedAttributes(nodeCrypto, ascii('other'), sha256(stamper.certificate)),
      }),
    ],
    [
      'signed with another certificate',
      tokenOf({
        attributes: (tstInfo) =>
          encodeSignedAttributes(nodeCrypto, tstInfo, sha256(root.certificate)),
      }),
    ],
  ])('414, 418: %s it is rejected', (_, token) => {
    expect(judged(token)).toBe('418 postmarkSignature');
  });

  test('416, 418: of another message it is rejected', () => {
    expect(judged(tokenOf(), { digest: sha256(ascii('Another.')) })).toBe('418 digestDifferent');
  });

  test('what comes first in the figure is told first', () => {
    const token = tokenOf({ holder: below(rootOf(), wanted), signer: root });

    expect(judged(token, { digest: sha256(ascii('Another.')) })).toBe('412 signature');
    expect(judged(tokenOf({ signer: root }), { digest: sha256(ascii('Another.')) })).toBe(
      '418 postmarkSignature',
    );
  });

  test('whatever byte of it is changed, it is not valid or the same', () => {
    const token = tokenOf();

    for (let at = 0; at < token.length; at += 17) {
      const changed = Uint8Array.from(token);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      const timeStamp = readTimeStampToken(changed);
      const verdict =
        timeStamp &&
        judgePostmark({ timeStamp, digest, roots: [trusted(root)], nowMs: STAMPED_MS }).verdict;
      const isSame =
        timeStamp !== undefined &&
        Buffer.compare(timeStamp.tstInfo, given(readTimeStampToken(token)).tstInfo) === 0;
      if (verdict === 'valid') expect([at, isSame]).toEqual([at, true]);
    }
  });
});
