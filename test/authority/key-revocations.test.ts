/** The authority's side of P fig. 6, by its numerals, and what the world is told of it (requirements.md D5, G8). */

import { X509Certificate } from 'node:crypto';
import { CertificateRevocationList, OCSPRequest, OCSPResponse } from 'pkijs';
import { describe, expect, test } from 'vitest';
import { openAuthority } from '#authority/authority';
import { reasonOfCode } from '#authority/x509/crl';
import { sqliteDialect } from '#cli/database';
import { nodeCrypto } from '#driver/node-crypto';
import { equalBytes } from '#protocol/bytes';
import {
  issueFirstAuthorityKey,
  issueNextAuthorityKey,
  verifyAuthorityKey,
} from '#protocol/documents/authority-key';
import { type RevocationOrder, revocationOrderDocument } from '#protocol/documents/user-key';
import { mills } from '#protocol/mills';
import {
  DAY_MS,
  granted,
  license,
  makeAuthority,
  makeMeter,
  NOON_MS,
  refusalOf,
  type TestAuthority,
  type TestMeter,
  TODAY,
} from '#test/support/back-office';
import { confirmationOf, type HeldKey, holdKey, revocationOf } from '#test/support/key-holder';

const strangers = nodeCrypto.generateKeyPair();
const nothing = new Uint8Array(0);

async function makeDesk() {
  const base = await makeAuthority();
  const meter = await makeMeter(base.authority);
  await license(base.authority, meter);
  const issue = (number = 1) => issueKey(base, meter, number);
  return { ...base, meter, issue };
}

async function issueKey(
  { authority }: Pick<TestAuthority, 'authority'>,
  meter: TestMeter,
  number: number,
): Promise<HeldKey> {
  const held = holdKey(meter, { number, commonName: `Desk ${number}` });
  granted(await authority.requestCertificate(held));
  granted(await authority.keyCertificate({ meterId: meter.meterId, key: number }));
  return held;
}

function read(keys: { readonly publicKey: Uint8Array }, order: Uint8Array): RevocationOrder {
  const verified = revocationOrderDocument.verify(nodeCrypto, keys.publicKey, order);
  if (!verified.ok) throw new Error(verified.status);
  return verified.value;
}

/** The serial numbers on the list, each with its reason. */
async function listed(authority: TestAuthority['authority'], name?: string): Promise<string[]> {
  const outcome =
    name === undefined
      ? await authority.files.crl({}, nothing)
      : await authority.files.crlOf({ name }, nothing);
  const list = CertificateRevocationList.fromBER(new Uint8Array(granted(outcome)).buffer);
  return (list.revokedCertificates ?? []).map(({ userCertificate, crlEntryExtensions }) => {
    const code = crlEntryExtensions?.extensions[0]?.extnValue.valueBlock.valueHexView[2] ?? 0;
    const serial = Buffer.from(userCertificate.valueBlock.valueHexView).toString('hex');
    return `${serial} ${reasonOfCode(code)}`;
  });
}

async function serialOf(authority: TestAuthority['authority'], number: number): Promise<string> {
  return granted(await authority.showKeyRequest({ number })).serial ?? '';
}

describe('602 to 606: a request to revoke', () => {
  test('that is not signed by the device key of the meter is refused, and revokes nothing', async () => {
    const { authority, meter, issue } = await makeDesk();
    const held = await issue();
    const attempts = [
      revocationOf(meter, held, {}, strangers),
      revocationOf(meter, held, {}, held.pair),
      revocationOf(meter, held, { deviceSerial: 99 }),
    ];

    for (const request of attempts)
      expect(refusalOf(await authority.revokeCertificate({ request }))).toBe('signatureInvalid');

    expect(await listed(authority)).toEqual([]);
    expect(granted(await authority.revocationOrders(meter)).orders).toEqual([]);
  });

  test('for a key that has no certificate, or is another one, is refused', async () => {
    const { authority, meter, issue } = await makeDesk();
    const held = await issue();
    granted(
      await authority.requestCertificate(
        holdKey(meter, { number: 2, uses: ['sign'], commonName: 'Waiting' }),
      ),
    );
    const lies = [{ number: 2 }, { number: 3 }, { publicKey: strangers.publicKey }];

    for (const lie of lies)
      expect(
        refusalOf(await authority.revokeCertificate({ request: revocationOf(meter, held, lie) })),
      ).toBe('certificateUnknown');
    expect(refusalOf(await authority.revokeCertificate({ request: nothing }))).toBe(
      'documentMalformed',
    );
  });
});

describe('608: the order', () => {
  test('is signed and charged, and the same for the same key; the certificate is on the list from then on', async () => {
    const { authority, meter, keys, issue } = await makeDesk();
    const held = await issue();
    expect(await listed(authority)).toEqual([]);

    const { order } = granted(
      await authority.revokeCertificate({ request: revocationOf(meter, held) }),
    );

    expect(await listed(authority)).toEqual([`${await serialOf(authority, 1)} keyCompromise`]);
    expect(read(keys, order)).toMatchObject({
      number: 1,
      publicKey: held.pair.publicKey,
      reason: 'keyCompromise',
      isCharged: true,
      isForced: false,
      timeMs: NOON_MS,
    });
    const other = revocationOf(meter, held, { reason: 'superseded' });
    expect(granted(await authority.revokeCertificate({ request: other })).order).toEqual(order);
    expect(granted(await authority.revocationOrders(meter)).orders).toEqual([order]);
  });

  test('of a meter that is locked is given as well', async () => {
    const { authority, meter, issue } = await makeDesk();
    const held = await issue();
    granted(
      await authority.orderLock({ meterId: meter.meterId, action: 'lock', reason: 'stolen' }),
    );

    expect(
      refusalOf(await authority.revokeCertificate({ request: revocationOf(meter, held) })),
    ).toBe('ok');
  });

  test('is forced by the operator: without payment, and waiting for the next contact', async () => {
    const { authority, meter, keys, issue } = await makeDesk();
    await issue();
    expect(refusalOf(await authority.forceRevocation({ number: 9, reason: 'superseded' }))).toBe(
      'certificateUnknown',
    );

    const { order } = granted(
      await authority.forceRevocation({ number: 1, reason: 'privilegeWithdrawn' }),
    );

    expect(read(keys, order)).toMatchObject({
      isCharged: false,
      isForced: true,
      reason: 'privilegeWithdrawn',
    });
    expect(granted(await authority.revocationOrders(meter)).orders).toEqual([order]);
    expect(await listed(authority)).toEqual([`${await serialOf(authority, 1)} privilegeWithdrawn`]);
  });

  test('is for every key of a meter that is revoked', async () => {
    const { authority, meter, issue } = await makeDesk();
    await issue(1);
    await issue(2);

    granted(
      await authority.orderLock({ meterId: meter.meterId, action: 'revoke', reason: 'ordered' }),
    );

    expect((await listed(authority)).length).toBe(2);
  });
});

describe('620 to 624: the confirmation', () => {
  test('enters time and reason, and what was paid or is due, in the data base', async () => {
    const { authority, meter, issue } = await makeDesk();
    for (const number of [1, 2]) {
      const held = await issue(number);
      const { order } = granted(
        await authority.revokeCertificate({ request: revocationOf(meter, held) }),
      );
      const payment =
        number === 1 ? { paid: mills(500), due: mills(0) } : { paid: mills(0), due: mills(500) };

      const answer = await authority.confirmRevocation({
        confirmation: confirmationOf(meter, held, order, payment),
      });

      expect(granted(answer)).toEqual(payment);
    }
    const all = granted(await authority.listRevocations({ after: 0, isDue: false })).revocations;
    const due = granted(await authority.listRevocations({ after: 0, isDue: true })).revocations;
    expect(all).toMatchObject([
      {
        key: 1,
        reason: 'keyCompromise',
        orderedMs: NOON_MS,
        destroyedMs: NOON_MS + 60_000,
        paid: 500,
        due: 0,
      },
      { key: 2, paid: 0, due: 500, isForced: false },
    ]);
    expect(due.map(({ key }) => key)).toEqual([2]);
    expect(granted(await authority.revocationOrders(meter)).orders).toEqual([]);
  });

  test('is taken once: the same again is nothing new, another one is refused', async () => {
    const { authority, meter, issue } = await makeDesk();
    const held = await issue();
    const { order } = granted(
      await authority.revokeCertificate({ request: revocationOf(meter, held) }),
    );
    const confirm = (lies = {}) =>
      authority.confirmRevocation({ confirmation: confirmationOf(meter, held, order, lies) });
    granted(await confirm());

    expect(refusalOf(await confirm())).toBe('ok');
    expect(refusalOf(await confirm({ paid: mills(0), due: mills(500) }))).toBe(
      'confirmationChanged',
    );
  });

  test('by another key, of another order, or of none is refused', async () => {
    const { authority, meter, issue } = await makeDesk();
    const held = await issue();
    const early = confirmationOf(meter, held, nothing);
    expect(refusalOf(await authority.confirmRevocation({ confirmation: early }))).toBe(
      'revocationUnknown',
    );
    const { order } = granted(
      await authority.revokeCertificate({ request: revocationOf(meter, held) }),
    );
    const attempts: readonly [confirmation: Uint8Array, refusal: string][] = [
      [confirmationOf(meter, held, order, {}, strangers), 'signatureInvalid'],
      [confirmationOf(meter, held, order, { deviceSerial: 99 }), 'signatureInvalid'],
      [confirmationOf(meter, held, order, { number: 2 }), 'revocationUnknown'],
      [early, 'revocationUnknown'],
      [nothing, 'documentMalformed'],
    ];

    for (const [confirmation, refusal] of attempts)
      expect(refusalOf(await authority.confirmRevocation({ confirmation }))).toBe(refusal);

    expect(granted(await authority.revocationOrders(meter)).orders).toEqual([order]);
  });
});

describe('the revocation list', () => {
  test('is the same while nothing happens, numbered upwards, and renewed before it ends', async () => {
    const { authority, clock, meter, issue } = await makeDesk();
    const held = await issue();
    const fetch = async () => granted(await authority.files.crl({}, nothing));
    const numberOf = (list: Uint8Array): number => {
      const { crlExtensions } = CertificateRevocationList.fromBER(new Uint8Array(list).buffer);
      return crlExtensions?.extensions[1]?.extnValue.valueBlock.valueHexView[2] ?? 0;
    };
    const first = await fetch();
    expect(await fetch()).toEqual(first);

    granted(await authority.revokeCertificate({ request: revocationOf(meter, held) }));
    const second = await fetch();
    clock.timeMs += DAY_MS;
    const third = await fetch();

    expect([first, second, third].map(numberOf)).toEqual([1, 2, 3]);
    expect(refusalOf(await authority.files.crlOf({ name: '00' }, nothing))).toBe('rootUnknown');
  });
});

describe('OCSP', () => {
  test('answers what cannot be read, and what is not ours, without a signature', async () => {
    const { authority } = await makeDesk();
    const ask = async (question: Uint8Array): Promise<number> => {
      const answer = granted(await authority.files.askOcsp({}, question));
      const { responseStatus } = OCSPResponse.fromBER(new Uint8Array(answer).buffer);
      return responseStatus.valueBlock.valueDec;
    };
    const empty = new Uint8Array(new OCSPRequest().toSchema(true).toBER());

    expect(await ask(nothing)).toBe(1);
    expect(await ask(Uint8Array.from(Buffer.from('no question')))).toBe(1);
    expect(await ask(empty)).toBe(1);
  });
});

describe('once the authority key is another one', () => {
  test('both roots are told, and the new key signs the list of the old one, which named it', async () => {
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(':memory:');
    const keep = { ...sqliteDialect(() => database) };
    const [first, second, third] = Array.from({ length: 3 }, () =>
      nodeCrypto.generateKeyPair(),
    ) as [Pair, Pair, Pair];
    const own = issueFirstAuthorityKey(nodeCrypto, first, second.publicKey, TODAY);
    const before = verifyAuthorityKey(nodeCrypto, own);
    if (!before.ok) throw new Error(before.status);
    const next = issueNextAuthorityKey(
      nodeCrypto,
      before.value,
      { previous: first, own: second },
      third.publicKey,
      TODAY,
    );
    const open = (keys: Pair, authorityKeys: readonly Uint8Array[]) =>
      openAuthority({ dialect: keep, crypto: nodeCrypto, now: () => NOON_MS, keys, authorityKeys });
    const old = await open(first, [own]);
    const meter = await makeMeter(old);
    await license(old, meter);
    const held = await issueKey({ authority: old }, meter, 1);
    const { order } = granted(await old.forceRevocation({ number: 1, reason: 'superseded' }));
    await old.appointSuccessor(second.publicKey);

    const authority = await open(second, [own, next]);

    const roots = granted(await authority.roots({})).roots.map((root) => new X509Certificate(root));
    expect(roots.map(({ subject }) => subject)).toEqual([
      'CN=Tessera Authority\nserialNumber=1',
      'CN=Tessera Authority\nserialNumber=2',
    ]);
    expect(await listed(authority)).toEqual([]);
    const name = Buffer.from(nodeCrypto.sha256(first.publicKey).subarray(0, 8)).toString('hex');
    expect(await listed(authority, name)).toEqual([`${await serialOf(authority, 1)} superseded`]);
    const { orders } = granted(await authority.revocationOrders(meter));
    expect(orders).toHaveLength(1);
    expect(equalBytes(orders[0] as Uint8Array, order)).toBe(false);
    expect(read(second, orders[0] as Uint8Array)).toMatchObject({
      number: 1,
      reason: 'superseded',
    });
    // whichever of the two the meter had
    for (const had of [order, orders[0] as Uint8Array])
      expect(
        refusalOf(
          await authority.confirmRevocation({ confirmation: confirmationOf(meter, held, had) }),
        ),
      ).toBe('ok');
  });
});

type Pair = ReturnType<typeof nodeCrypto.generateKeyPair>;
