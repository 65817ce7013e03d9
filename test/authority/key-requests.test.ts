/** The authority's side of P fig. 5, by its numerals: requests for certificates of keys in meters (requirements.md D4, D7, G8). */

import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CertificateRule } from '#authority/user-keys/rules';
import { nodeCrypto } from '#driver/node-crypto';
import { keyGrantDocument, keyUsesOf } from '#protocol/documents/user-key';
import {
  granted,
  license,
  makeAuthority,
  makeMeter,
  refusalOf,
  type TestMeter,
} from '#test/support/back-office';
import { type HeldKey, holdKey, type WantedKey } from '#test/support/key-holder';

const strangers = nodeCrypto.generateKeyPair();

async function makeDesk(certificateRules?: readonly CertificateRule[]) {
  const base = await makeAuthority(undefined, certificateRules);
  const { authority } = base;
  const licensed = async (): Promise<TestMeter> => {
    const made = await makeMeter(authority);
    await license(authority, made);
    return made;
  };
  const meter = await licensed();
  const ask = (wanted: WantedKey = {}, of = meter) =>
    authority.requestCertificate(holdKey(of, wanted));
  const fetch = (key: number, { meterId } = meter) => authority.keyCertificate({ meterId, key });
  return { ...base, meter, licensed, ask, fetch };
}

describe('512: a request', () => {
  const lies: readonly [name: string, wanted: WantedKey, refusal: string][] = [
    ['that another key signed', { device: strangers }, 'signatureInvalid'],
    [
      'under another certificate of the device key',
      { lies: { deviceSerial: 77 } },
      'signatureInvalid',
    ],
    [
      'of a meter nobody made',
      { lies: { meterId: Uint8Array.from(Buffer.from('TS01\x63\0\0\0')) } },
      'meterUnknown',
    ],
    [
      'with a key that is no point',
      { lies: { publicKey: new Uint8Array(33).fill(0xff).fill(2, 0, 1) } },
      'keyInvalid',
    ],
    [
      'with the digest of another PKCS#10',
      { lies: { csrDigest: new Uint8Array(32) } },
      'csrInvalid',
    ],
    [
      'for another key than its PKCS#10',
      { lies: { publicKey: strangers.publicKey } },
      'csrInvalid',
    ],
    [
      'for another name than its PKCS#10',
      { lies: { commonName: Buffer.from('Back desk') } },
      'csrInvalid',
    ],
    ['whose PKCS#10 another key signed', { csrSigner: strangers }, 'csrInvalid'],
    ['with a name of signs that are not seen', { commonName: 'Front\u200bdesk' }, 'nameInvalid'],
    ['with a name that turns its direction', { commonName: 'desk\u202etnorF' }, 'nameInvalid'],
    ['with a name out of two alphabets', { commonName: 'Frоnt desk' }, 'nameInvalid'],
    ['with a name that is not composed', { organization: 'So\u0308hne' }, 'nameInvalid'],
    ['with a name of blanks at its end', { organization: 'ACME ' }, 'nameInvalid'],
    ['with a name of dots alone', { commonName: '...' }, 'nameInvalid'],
  ];
  test.each(lies)('%s is refused, and leaves nothing', async (_, wanted, refusal) => {
    const { ask, authority } = await makeDesk();

    expect(refusalOf(await ask(wanted))).toBe(refusal);
    expect(
      granted(await authority.listKeyRequests({ after: 0, isPending: false })).requests,
    ).toEqual([]);
  });

  test('that is no document, or no UTF-8, is refused', async () => {
    const { authority, meter } = await makeDesk();
    const { csr } = holdKey(meter);
    const request = new Uint8Array(300);

    expect(refusalOf(await authority.requestCertificate({ request, csr }))).toBe(
      'documentMalformed',
    );
    const held = holdKey(meter);
    const broken = holdKey(meter, {
      pair: held.pair,
      lies: { commonName: Uint8Array.of(0xff, 0xfe) },
    });
    expect(refusalOf(await authority.requestCertificate(broken))).toBe('csrInvalid');
  });

  test('of a meter that is locked, revoked or not licensed is refused', async () => {
    const { authority, meter, ask } = await makeDesk();
    const order = (action: 'lock' | 'unlock' | 'revoke') =>
      authority.orderLock({ meterId: meter.meterId, action, reason: 'ordered' });

    granted(await order('lock'));
    expect(refusalOf(await ask())).toBe('meterLocked');
    granted(await order('unlock'));
    expect(refusalOf(await ask({ number: 2 }))).toBe('ok');
    granted(await order('revoke'));
    expect(refusalOf(await ask({ number: 3 }))).toBe('meterRevoked');
    expect(refusalOf(await ask({}, await makeMeter(authority)))).toBe('meterNotLicensed');
  });

  test('sent again, also under another signature, gets its standing; another one under its number does not', async () => {
    const { authority, meter } = await makeDesk();
    const held = holdKey(meter, { uses: ['sign'] });
    const first = granted(await authority.requestCertificate(held));

    const again = granted(
      await authority.requestCertificate(holdKey(meter, { uses: ['sign'], pair: held.pair })),
    );
    const others = [{ pair: held.pair, uses: ['agree'] }, { uses: ['sign'] }] as const;

    expect(again).toEqual(first);
    for (const other of others)
      expect(refusalOf(await authority.requestCertificate(holdKey(meter, other)))).toBe(
        'keyRequestChanged',
      );
  });

  test('for a key that is known already, of a user or of a meter, is refused', async () => {
    const { ask, meter, licensed } = await makeDesk();
    const pair = nodeCrypto.generateKeyPair();
    granted(await ask({ pair }));
    const other = await licensed();

    expect(refusalOf(await ask({ number: 2, pair }))).toBe('keyTaken');
    expect(refusalOf(await ask({ pair, commonName: 'Elsewhere' }, other))).toBe('keyTaken');
    expect(refusalOf(await ask({ number: 3, pair: meter.indicium }))).toBe('keyTaken');
  });

  test('is one of eight at most that wait', async () => {
    const { ask } = await makeDesk();
    for (let number = 1; number <= 8; number++)
      granted(await ask({ number, commonName: `Desk ${number}` }));

    expect(refusalOf(await ask({ number: 9 }))).toBe('keyRequestsWaiting');
  });

  const alike: readonly [name: string, holder: WantedKey, other: WantedKey, refusal: string][] = [
    ['the same', { commonName: 'Ada Writer' }, { commonName: 'Ada Writer' }, 'nameTaken'],
    ['another case', { commonName: 'Ada Writer' }, { commonName: 'ADA WRITER' }, 'nameTaken'],
    ['an accent', { commonName: 'Ada Writer' }, { commonName: 'Áda Writer' }, 'nameTaken'],
    [
      'a digit for a letter',
      { commonName: 'Bill Moore' },
      { commonName: 'Bi11 M00re' },
      'nameTaken',
    ],
    ['letters of Cyrillic', { commonName: 'scope' }, { commonName: 'ѕсоре' }, 'nameTaken'],
    ['two letters for one', { commonName: 'Modern' }, { commonName: 'Modem' }, 'nameTaken'],
    [
      'of an organization written otherwise',
      { organization: 'ACME' },
      { organization: 'Acme', commonName: 'Other' },
      'nameTaken',
    ],
    [
      'of the same organization',
      { organization: 'ACME' },
      { organization: 'ACME', commonName: 'Other' },
      'ok',
    ],
    ['one that is another', { commonName: 'Ada Writer' }, { commonName: 'Ada Waiter' }, 'ok'],
  ];
  test.each(alike)(
    'by another meter, under a name that is %s: %s',
    async (_, holder, other, refusal) => {
      const { ask, licensed } = await makeDesk();
      granted(await ask({ uses: ['sign'], ...holder }));

      expect(refusalOf(await ask({ uses: ['sign'], ...other }, await licensed()))).toBe(refusal);
    },
  );

  test('may have the name that another meter was refused, or has no more', async () => {
    const { authority, ask, licensed } = await makeDesk();
    const { number } = granted(await ask({ uses: ['sign'] }));
    granted(await authority.refuseKeyRequest({ number, reason: 'Not known here.' }));

    expect(refusalOf(await ask({ uses: ['sign'] }, await licensed()))).toBe('ok');
  });
});

describe('514: whether the identity has been verified', () => {
  test('is not asked for postmarks of a meter under no organization', async () => {
    const { ask } = await makeDesk();

    expect(granted(await ask()).state).toBe('approved');
    expect(granted(await ask({ number: 2, organization: 'ACME' })).state).toBe('pending');
    expect(granted(await ask({ number: 3, uses: ['sign'] })).state).toBe('pending');
  });

  test('is answered by the rules of the authority, where there are some, and by no others', async () => {
    const rule = {
      name: 'desks of ACME',
      uses: ['sign', 'authenticate'],
      organizations: ['ACME'],
      commonName: 'Desk *',
    } as const;
    const { ask, authority } = await makeDesk([rule]);
    const uses = ['sign', 'authenticate'] as const;
    const wanted: readonly WantedKey[] = [
      { uses, organization: 'ACME', commonName: 'Desk 7' },
      { uses: ['sign'], organization: 'ACME', commonName: 'Desk 8' },
      { uses, organization: 'ACME', commonName: 'A Desk' },
      { uses, organization: 'ACNE', commonName: 'Desk 9' },
      { uses: ['timeStamp'] },
    ];
    const states = [];
    for (const [place, each] of wanted.entries())
      states.push(granted(await ask({ ...each, number: place + 1 })).state);

    expect(states).toEqual(['approved', 'pending', 'pending', 'pending', 'pending']);
    expect(granted(await authority.showKeyRequest({ number: 1 }))).toMatchObject({
      decidedBy: 'desks of ACME',
      organization: 'ACME',
    });
  });

  test('is for the operator to say: one decision, told again, and never the other', async () => {
    const { authority, ask, fetch } = await makeDesk();
    const first = granted(await ask({ uses: ['sign'] })).number;
    const second = granted(await ask({ uses: ['agree'], number: 2 })).number;
    expect(refusalOf(await fetch(1))).toBe('keyRequestPending');

    const approved = await authority.approveKeyRequest({ number: first });
    const refused = await authority.refuseKeyRequest({ number: second, reason: 'Nobody.' });

    expect([granted(approved).state, granted(refused).state]).toEqual(['approved', 'refused']);
    expect(refusalOf(await authority.approveKeyRequest({ number: first }))).toBe('ok');
    expect(refusalOf(await authority.approveKeyRequest({ number: second }))).toBe(
      'keyRequestDecided',
    );
    expect(refusalOf(await authority.refuseKeyRequest({ number: first, reason: 'No.' }))).toBe(
      'keyRequestDecided',
    );
    expect(refusalOf(await authority.approveKeyRequest({ number: 99 }))).toBe('keyRequestUnknown');
  });
});

test('516: who was refused gets no certificate, and is told why', async () => {
  const { authority, meter, ask, fetch } = await makeDesk();
  const { number } = granted(await ask({ uses: ['sign'] }));
  granted(await authority.refuseKeyRequest({ number, reason: 'No such person.' }));

  const answer = await fetch(1);
  const standing = granted(await authority.keyRequest({ meterId: meter.meterId, key: 1 }));

  expect(answer).toMatchObject({
    ok: false,
    error: 'keyRequestRefused',
    detail: 'No such person.',
  });
  expect(standing).toEqual({ number, state: 'refused', reason: 'No such person.' });
  expect(refusalOf(await fetch(2))).toBe('keyRequestUnknown');
  expect(refusalOf(await authority.keyRequest({ meterId: meter.meterId, key: 2 }))).toBe(
    'keyRequestUnknown',
  );
});

describe('518: the certificate', () => {
  test('and its grant are for the key that was asked for, by the root, and the same for ever', async () => {
    const { authority, meter, keys, fetch } = await makeDesk();
    const held = holdKey(meter);
    granted(await authority.requestCertificate(held));

    const given = granted(await fetch(1));

    const x509 = new X509Certificate(given.certificate);
    const [root] = granted(await authority.roots({})).roots;
    expect(x509.verify(new X509Certificate(root as Uint8Array).publicKey)).toBe(true);
    expect(given.root).toEqual(root);
    const grant = keyGrantDocument.verify(nodeCrypto, keys.publicKey, given.grant);
    expect(grant.ok && grant.value).toMatchObject({
      number: 1,
      publicKey: held.pair.publicKey,
      uses: keyUsesOf('timeStamp'),
      certificateDigest: nodeCrypto.sha256(given.certificate),
      validFrom: 20270301,
      validTo: 20280229,
    });
    expect(grant.ok && Buffer.from(grant.value.serial).toString('hex').toUpperCase()).toBe(
      x509.serialNumber,
    );
    expect(granted(await fetch(1))).toEqual(given);
    expect(granted(await authority.requestCertificate(held)).state).toBe('issued');
  });

  test('is not issued to a meter that was locked or revoked after its request', async () => {
    const { authority, meter, ask, fetch } = await makeDesk();
    granted(await ask());
    granted(
      await authority.orderLock({ meterId: meter.meterId, action: 'lock', reason: 'ordered' }),
    );
    expect(refusalOf(await fetch(1))).toBe('meterLocked');

    granted(
      await authority.orderLock({ meterId: meter.meterId, action: 'unlock', reason: 'none' }),
    );
    expect(refusalOf(await fetch(1))).toBe('ok');
  });

  test('is one, however many ask for it at once', async () => {
    const { ask, fetch } = await makeDesk();
    granted(await ask());

    const answers = await Promise.all([1, 2, 3, 4].map(() => fetch(1)));

    const certificates = answers.map((answer) =>
      Buffer.from(granted(answer).certificate).toString('hex'),
    );
    expect(new Set(certificates).size).toBe(1);
  });
});

test('a PKCS#10 request with anything behind its signature is none', async () => {
  const { authority, meter } = await makeDesk();
  const held: HeldKey = holdKey(meter);
  const csr = Uint8Array.from([...held.csr, 0]);
  const request = holdKey(meter, {
    pair: held.pair,
    lies: { csrDigest: nodeCrypto.sha256(csr) },
  }).request;

  expect(refusalOf(await authority.requestCertificate({ request, csr }))).toBe('csrInvalid');
});
