/** The bytes of the journal: golden records, and docs/flash.md says of each field where it is (architecture.md decision 5). */

import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  AUDIT_HEAD_OFFSET,
  claimOf,
  encodeSignatureRecord,
  encodeStateRecord,
  RECORD_BODY_SIZE,
  RECORD_SIZE,
  recordTypes,
  signatureRecord,
  stateRecord,
} from '#firmware/journal-record';
import { mills } from '#protocol/mills';
import { fromHex, readGolden, toHex } from '#test/support/golden';
import { committedStates } from '#test/support/journal-forgery';
import { flashAt } from '#test/support/meter';
import { readRepositoryFile } from '#tools/sources';

const requestId = { counter: 1601, nonce: 0x0badcafe };

const state = {
  type: 'debit',
  version: 1,
  sequence: 6789,
  timeMs: Date.UTC(2026, 2, 1, 12),
  lifeCycle: 'registered',
  storeGeneration: 5,
  ascending: mills(1_234_567),
  descending: mills(45_670),
  refunded: mills(3_210),
  credited: mills(1_283_447),
  certificateAscending: mills(400),
  certificateDescending: mills(600),
  pieceCount: 1580,
  zeroPieceCount: 12,
  certificatePieceCount: 4,
  refillSequence: 5,
  userTries: 2,
  officerTries: 1,
  requestId,
  refillNonce: fromHex('a0a1a2a3a4a5a6a7'),
  refillPending: mills(200_000),
  detail: {
    postage: mills(780),
    mailingDate: 20260302,
    destination: 20260123456,
    serviceId: 9,
    rateVersion: 7,
    flags: 0,
  },
  auditHead: fromHex('6938440d83ac1de0a3a53fd2e5a22441'),
} as const;

const signature = {
  sequence: 6790,
  requestId,
  signature: Uint8Array.from({ length: 64 }, (_, at) => 0x40 + at),
  certificateSerial: 0x01020304,
  originZip: 20260,
  softwareId: fromHex('545300000100'),
  keyId: fromHex('c0c1c2c3c4c5c6c7'),
};

const goldenState = readGolden('journal-state');
const goldenSignature = readGolden('journal-signature');
const bodyOf = ({ bytes }: typeof goldenState): Uint8Array => bytes.slice(0, RECORD_BODY_SIZE);

describe('the golden state record', () => {
  test('is what the state of a debit encodes to, and decodes to it', () => {
    expect(toHex(encodeStateRecord(state))).toBe(toHex(bodyOf(goldenState)));
    expect(stateRecord.decode(bodyOf(goldenState))).toEqual({ ...state, spare: undefined });
  });

  test('has the audit head over the head before and itself', () => {
    const before = Uint8Array.from({ length: 16 }, (_, at) => 0xf0 + at);
    const body = bodyOf(goldenState);

    const blanked = body.map((byte, at) =>
      at >= AUDIT_HEAD_OFFSET && at < AUDIT_HEAD_OFFSET + 16 ? 0 : byte,
    );

    const head = createHash('sha256').update(before).update(blanked).digest('hex').slice(0, 32);
    expect(head).toBe(toHex(state.auditHead));
  });

  test('claims what it is before it is believed', () => {
    expect(claimOf(goldenState.bytes)).toEqual({
      type: 'debit',
      sequence: 6789,
      requestKey: `1601 ${0x0badcafe}`,
      holdsDebit: true,
    });
  });
});

describe('the golden signature record', () => {
  test('is what a signature encodes to, and decodes to it', () => {
    expect(toHex(encodeSignatureRecord(signature))).toBe(toHex(bodyOf(goldenSignature)));
    expect(signatureRecord.decode(bodyOf(goldenSignature))).toEqual({
      ...signature,
      type: 'signature',
      version: 1,
      spare: undefined,
    });
  });

  test('claims what it is before it is believed', () => {
    expect(claimOf(goldenSignature.bytes)).toMatchObject({
      type: 'signature',
      sequence: 6790,
      requestKey: `1601 ${0x0badcafe}`,
      holdsDebit: false,
    });
  });
});

test.each([
  ['state', goldenState],
  ['signature', goldenSignature],
])('the tag of the golden %s record is half an HMAC over all before it', (_name, { bytes }) => {
  const tag = createHmac('sha256', new Uint8Array(32).fill(3))
    .update(bytes.slice(0, 128))
    .digest('hex');

  expect(bytes).toHaveLength(RECORD_SIZE);
  expect(toHex(bytes.slice(RECORD_BODY_SIZE))).toBe(tag.slice(0, 32));
});

test('a record with a byte where none may be is refused', () => {
  const spare = [127, ...Array.from({ length: 26 }, (_, at) => 102 + at)];
  const set = (body: Uint8Array, at: number): Uint8Array =>
    body.map((byte, place) => (place === at ? 1 : byte));

  for (const at of spare)
    expect(() => signatureRecord.decode(set(bodyOf(goldenSignature), at))).toThrow();
  expect(() => stateRecord.decode(set(bodyOf(goldenState), 127))).toThrow();
});

/** The rows of the table under a heading of docs/flash.md: offset, size, what is there. */
function rowsOf(heading: string): { offset: number; size: number; field: string }[] {
  const page = readRepositoryFile('docs/flash.md');
  const section = page.split(/^#+ /m).find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| (\d+) \| (\d+) \| (.*) \|$/gm)].map(
    ([, offset, size, field]) => ({
      offset: Number(offset),
      size: Number(size),
      field: field as string,
    }),
  );
}

/** What docs/flash.md calls the fields, each with those of the layout that it stands for. */
const stateNames: readonly (readonly [words: string, ...fields: string[]])[] = [
  ['type', 'type'],
  ['version of this layout', 'version'],
  ['sequence', 'sequence'],
  ['secure clock', 'timeMs'],
  ['life cycle', 'lifeCycle'],
  ['generation of the store', 'storeGeneration'],
  ['ascending', 'ascending'],
  ['descending', 'descending'],
  ['refunded', 'refunded'],
  ['credited', 'credited'],
  ['certificate ascending', 'certificateAscending'],
  ['certificate descending', 'certificateDescending'],
  ['piece count', 'pieceCount'],
  ['piece count of zero-value pieces', 'zeroPieceCount'],
  ['piece count of certificate services', 'certificatePieceCount'],
  ['sequence of the last refill', 'refillSequence'],
  ["tries of the user's password", 'userTries'],
  ["tries of the crypto officer's", 'officerTries'],
  ['request id of the last debit', 'requestId.counter', 'requestId.nonce'],
  ['nonce of the refill', 'refillNonce'],
  ['amount of the refill', 'refillPending'],
  [
    'of a debit',
    'detail.postage',
    'detail.mailingDate',
    'detail.destination',
    'detail.serviceId',
    'detail.rateVersion',
    'detail.flags',
  ],
  ['audit head', 'auditHead'],
  ['0', 'spare'],
];
const signatureNames: typeof stateNames = [
  ['type, version, sequence', 'type', 'version', 'sequence'],
  ['request id', 'requestId.counter', 'requestId.nonce'],
  ['signature', 'signature'],
  ['serial of the certificate', 'certificateSerial'],
  ['origin ZIP', 'originZip'],
  ['software id', 'softwareId'],
  ['key id', 'keyId'],
  ['zeros', 'spare'],
];

describe.each([
  ['State record', goldenState, stateNames],
  ['Signature record', goldenSignature, signatureNames],
] as const)('docs/flash.md, %s', (heading, golden, names) => {
  const rows = rowsOf(heading);
  const sizes = new Map(golden.lines.map(([name, hex]) => [name, hex.length / 2]));

  test('says of every field where it is and how large', () => {
    let offset = 0;
    const expected = names.map(([, ...fields]) => {
      const size = fields.reduce((sum, field) => sum + (sizes.get(field) ?? Number.NaN), 0);
      offset += size;
      return { offset: offset - size, size };
    });

    expect(rows.map(({ offset: at, size }) => ({ offset: at, size }))).toEqual(expected);
    expect(offset).toBe(RECORD_BODY_SIZE);
  });

  test('calls them by their names, and leaves none out', () => {
    for (const [index, [words]] of names.entries())
      expect(rows[index]?.field.slice(0, words.length)).toBe(words);
    expect([...names.flatMap(([, ...fields]) => fields), 'tag']).toEqual([...sizes.keys()]);
  });
});

test('docs/flash.md gives the record types their numbers', () => {
  const [type] = rowsOf('State record');
  const numbers = [...(type?.field ?? '').matchAll(/(\d+) (\w+)/g)].map(([, number, name]) => [
    name,
    Number(number),
  ]);

  expect(numbers).toEqual(recordTypes.map((name, number) => [name, number]).slice(1));
  expect(recordTypes[0]).toBe('signature');
});

test('the audit heads of a meter are a chain over all that it has written', async () => {
  const states = committedStates((await flashAt('refilled')).contents());

  let head = new Uint8Array(16);
  for (const { auditHead, ...written } of states) {
    const body = encodeStateRecord({ ...written, auditHead: new Uint8Array(16) });
    head = Uint8Array.from(createHash('sha256').update(head).update(body).digest().subarray(0, 16));
    expect([written.type, toHex(auditHead)]).toEqual([written.type, toHex(head)]);
  }

  expect(states.map(({ type }) => type)).toEqual(
    expect.arrayContaining([
      'format',
      'store',
      'passwordTry',
      'passwordRight',
      'refillRequest',
      'refillCommit',
    ]),
  );
});
