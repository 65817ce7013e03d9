/** The bytes of the store: a golden bank, and docs/flash.md says of each field where it is and how large. */

import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { flashLayout } from '#firmware/flash-layout';
import { openStore, type RoleAccess, type StoreContent } from '#firmware/store';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { keyUsesOf } from '#protocol/documents/user-key';
import { mills } from '#protocol/mills';
import { crypto, smallFlash } from '#test/support/firmware-flash';
import { readGolden, toHex } from '#test/support/golden';
import { readRepositoryFile } from '#tools/sources';

const filled = (size: number, value: number): Uint8Array => new Uint8Array(size).fill(value);
const access = (value: number): RoleAccess => ({
  hostKey: filled(33, value),
  salt: filled(16, value + 1),
  iterations: 1000,
  wrappedVaultKey: filled(60, value + 2),
});
const content: StoreContent = {
  meterId: encodeMeterId({ model: 'TS01', serial: 42 }),
  authorityKey: filled(33, 0x11),
  devicePublicKey: filled(33, 0x12),
  sealedDeviceKey: filled(60, 0x13),
  indiciumPublicKey: filled(33, 0x14),
  sealedIndiciumKey: filled(60, 0x15),
  user: access(0x20),
  cryptoOfficer: access(0x30),
  deviceCertificate: filled(130, 0x41),
  indiciumCertificate: filled(130, 0x42),
  licence: filled(5, 0x43),
  rateTable: filled(4, 0x44),
  nextRateTable: filled(3, 0x45),
  withdrawalReport: filled(2, 0x46),
  authorityCertificate: filled(1, 0x47),
  pendingDevice: { publicKey: filled(33, 0x48), sealedKey: filled(60, 0x49) },
  pendingIndicium: { publicKey: filled(33, 0x4a), sealedKey: filled(60, 0x4b) },
  hasOldKeys: true,
  lastKeyNumber: 9,
  userKeys: [
    {
      number: 9,
      state: 'active',
      origin: 'imported',
      uses: keyUsesOf('sign', 'authenticate'),
      publicKey: filled(33, 0x4c),
      sealedKey: filled(60, 0x4d),
      organization: filled(2, 0x4e),
      commonName: filled(3, 0x4f),
      certificateDigest: filled(32, 0x50),
      serial: filled(16, 0x51),
      validFrom: 20260101,
      validTo: 20261231,
    },
  ],
  creditLines: [{ certificate: filled(4, 0x52), rest: mills(5_000), payments: 3 }],
  sealedTokenKeys: filled(96, 0x53),
};
const BANK_SIZE = 12_288;
const HEADER_SIZE = 32;
const key = filled(32, 4);
const golden = readGolden('store-bank-with-user-keys');

describe('the golden bank', () => {
  const flash = smallFlash();
  const store = openStore(flash, flashLayout(flash), crypto, key);

  test('is what a save leaves in flash, up to its end; ones are behind it', () => {
    expect(store.save(content, 6)).toBe(7);

    const bank = flash.contents().slice(BANK_SIZE, 2 * BANK_SIZE);
    expect(toHex(bank.slice(0, golden.bytes.length))).toBe(toHex(golden.bytes));
    expect(bank.slice(golden.bytes.length).every((byte) => byte === 0xff)).toBe(true);
    expect(store.load(7)).toEqual(content);
  });

  const empty = new Uint8Array(0);
  const none = { publicKey: empty, sealedKey: empty };
  const noKeys = { lastKeyNumber: 0, userKeys: [], creditLines: [], sealedTokenKeys: empty };
  test.each([
    ['store-bank-with-authority', noKeys],
    [
      'store-bank',
      {
        ...noKeys,
        authorityCertificate: empty,
        pendingDevice: none,
        pendingIndicium: none,
        hasOldKeys: false,
      },
    ],
  ])('of an image before, %s, is read, without what it had not', (name, missing) => {
    const contents = new Uint8Array(flash.contents().length).fill(0xff);
    contents.set(readGolden(name).bytes, BANK_SIZE);
    const old = smallFlash(contents);

    const read = openStore(old, flashLayout(old), crypto, key).load(7);

    expect(read).toEqual({ ...content, ...missing });
  });

  test('has a tag over generation and content, as another implementation of HMAC finds', () => {
    const tag = createHmac('sha256', key)
      .update(Uint8Array.of(7))
      .update(golden.bytes.subarray(HEADER_SIZE))
      .digest('hex');

    expect(toHex(golden.bytes.subarray(16, HEADER_SIZE))).toBe(tag.slice(0, 32));
  });
});

/** What docs/flash.md calls the fields of the content, in order. */
const names: readonly (readonly [words: string, field: string])[] = [
  ['meter id', 'meterId'],
  ['authority key', 'authorityKey'],
  ['public device key', 'devicePublicKey'],
  ['device key under the device seal', 'sealedDeviceKey'],
  ['public indicium key', 'indiciumPublicKey'],
  ['indicium key under the vault key', 'sealedIndiciumKey'],
  ['user: host key', 'user.hostKey'],
  ['user: salt', 'user.salt'],
  ['user: iterations', 'user.iterations'],
  ['user: vault key', 'user.wrappedVaultKey'],
  ['crypto officer: host key', 'cryptoOfficer.hostKey'],
  ['crypto officer: salt', 'cryptoOfficer.salt'],
  ['crypto officer: iterations', 'cryptoOfficer.iterations'],
  ['crypto officer: vault key', 'cryptoOfficer.wrappedVaultKey'],
  ['certificate of the device key', 'deviceCertificate'],
  ['certificate of the indicium key', 'indiciumCertificate'],
  ['licence', 'licence'],
  ['rate table', 'rateTable'],
  ['rate table loaded ahead', 'nextRateTable'],
  ['proof of a withdrawal', 'withdrawalReport'],
  ['certificate of the authority key', 'authorityCertificate'],
  ['public device key that waits', 'pendingDevice.publicKey'],
  ['device key that waits', 'pendingDevice.sealedKey'],
  ['public indicium key that waits', 'pendingIndicium.publicKey'],
  ['indicium key that waits', 'pendingIndicium.sealedKey'],
  ['1 where the other bank', 'hasOldKeys'],
  ['number that was last given', 'lastKeyNumber'],
  ['how many keys of the user', 'userKeys.length'],
  ['user key: number', 'userKeys.number'],
  ['user key: state', 'userKeys.state'],
  ['user key: origin', 'userKeys.origin'],
  ['user key: uses', 'userKeys.uses'],
  ['user key: public', 'userKeys.publicKey'],
  ['user key: under the vault key', 'userKeys.sealedKey'],
  ['user key: organization', 'userKeys.organization'],
  ['user key: common name', 'userKeys.commonName'],
  ['user key: SHA-256', 'userKeys.certificateDigest'],
  ['user key: serial', 'userKeys.serial'],
  ['user key: first day', 'userKeys.validFrom'],
  ['user key: last day', 'userKeys.validTo'],
  ['how many lines of credit', 'creditLines.length'],
  ['line of credit: certificate', 'creditLines.certificate'],
  ['line of credit: rest', 'creditLines.rest'],
  ['line of credit: payments', 'creditLines.payments'],
  ['keys of digital tokens', 'sealedTokenKeys'],
];

describe('docs/flash.md, Store', () => {
  const page = readRepositoryFile('docs/flash.md');
  const section = page.split(/^#+ /m).find((part) => part.startsWith('Store\n')) ?? '';
  const [headerPart = '', contentPart = ''] = section.split('The content, ');
  const sizes = new Map(golden.lines.map(([name, hex]) => [name, hex.length / 2]));
  const variable = [
    'licence',
    'rateTable',
    'nextRateTable',
    'withdrawalReport',
    'authorityCertificate',
    'userKeys.organization',
    'userKeys.commonName',
    'userKeys.serial',
    'creditLines.certificate',
  ];

  test('says where each field of the header is', () => {
    const rows = [...headerPart.matchAll(/^\| (\d+) \| (\d+) \| /gm)].map(([, at, size]) => [
      Number(at),
      Number(size),
    ]);

    expect(rows).toEqual([
      [0, sizes.get('magic')],
      [4, sizes.get('generation')],
      [5, sizes.get('spare')],
      [12, sizes.get('size')],
      [16, sizes.get('tag')],
    ]);
  });

  test('says of each field of the content how large it is, and leaves none out', () => {
    const rows = [...contentPart.matchAll(/^\| ((?:8 \+ |16 \+ )?(?:\d+|n)) \| (.*) \|$/gm)];

    expect(
      rows.map(([, size, text], index) => [size, text?.startsWith(names[index]?.[0] ?? '-')]),
    ).toEqual(
      names.map(([, field]) => {
        const prefix = sizes.get(`${field}.length`);
        const size = variable.includes(field) ? 'n' : String(sizes.get(field));
        return [prefix === undefined ? size : `${prefix * 8} + ${size}`, true];
      }),
    );
    const isCount = (name: string): boolean => ['userKeys', 'creditLines'].includes(name);
    const stored = [...sizes.keys()]
      .filter((name) => !name.endsWith('.length') || isCount(name.slice(0, -'.length'.length)))
      .slice(5);
    expect(names.map(([, field]) => field)).toEqual(stored);
  });
});
