/** The bytes of the journal: golden records, and docs/flash.md says of each field where it is (architecture.md decision 5). */

import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  AUDIT_HEAD_OFFSET,
  claimOf,
  encodeSignatureRecord,
  encodeStateRecord,
  keptLockNames,
  RECORD_BODY_SIZE,
  RECORD_SIZE,
  recordTypes,
  signatureRecord,
  stateRecord,
} from '#firmware/journal-record';
import { pieceKinds } from '#protocol/command-layouts';
import { refillKinds } from '#protocol/documents/refill';
import { logEventNames } from '#protocol/documents/security-log';
import { mills } from '#protocol/mills';
import { accountNames } from '#protocol/state';
import { fromHex, readGolden, toHex } from '#test/support/golden';
import { committedStates } from '#test/support/journal-forgery';
import { flashAt } from '#test/support/meter';
import { readRepositoryFile } from '#tools/sources';

const requestId = { counter: 1601, nonce: 0x0badcafe };

const state = {
  type: 'debit',
  version: 2,
  sequence: 6789,
  timeMs: Date.UTC(2026, 2, 1, 12),
  lifeCycle: 'registered',
  storeGeneration: 5,
  ascending: mills(1_234_567),
  descending: mills(45_670),
  credited: mills(1_283_447),
  spoilageCredited: mills(3_210),
  withdrawn: mills(6_420),
  settled: mills(17),
  certificateAscending: mills(400),
  certificateDescending: mills(600),
  certificateCredited: mills(1_050),
  certificateWithdrawn: mills(50),
  pieceCount: 1580,
  zeroPieceCount: 12,
  certificatePieceCount: 4,
  batchPieceCount: 33,
  batchAmount: mills(25_740),
  refillSequence: 5,
  refillNonce: fromHex('a0a1a2a3a4a5a6a7'),
  refillPending: mills(200_000),
  refillKind: 'spoilage',
  refillAccount: 'certificate',
  userTries: 2,
  officerTries: 1,
  requestId,
  locks: { locked: true, revoked: false, clockFault: true },
  lockReason: 'silent',
  lockSequence: 9,
  contactMs: Date.UTC(2026, 1, 1),
  qualityMs: Date.UTC(2026, 0, 2),
  clockSetMs: Date.UTC(2025, 11, 3),
  day: 20_513,
  dayPieces: 21,
  dayAmount: mills(16_380),
  powerCount: 77,
  logCount: 321,
  logAcknowledged: 300,
  logHead: Uint8Array.from({ length: 16 }, (_, at) => 0x90 + at),
  detail: {
    kind: 'redate',
    postage: mills(780),
    mailingDate: 20260302,
    destination: 20260123456,
    serviceId: 9,
    rateVersion: 7,
    original: 1579,
    requestDigest: fromHex('d0d1d2d3d4d5d6d7'),
  },
  auditHead: fromHex('8245f6748e75615475b49ebf84bcea2d'),
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
      debitedPiece: 1580,
      chargedService: undefined,
      redatedPiece: 1579,
      deniesSignature: false,
    });
  });
});

describe('the golden signature record', () => {
  test('is what a signature encodes to, and decodes to it', () => {
    expect(toHex(encodeSignatureRecord(signature))).toBe(toHex(bodyOf(goldenSignature)));
    expect(signatureRecord.decode(bodyOf(goldenSignature))).toEqual({
      ...signature,
      extra: new Uint8Array(96),
      type: 'signature',
      version: 2,
      spare: undefined,
    });
  });

  test('claims what it is before it is believed', () => {
    expect(claimOf(goldenSignature.bytes)).toMatchObject({
      type: 'signature',
      sequence: 6790,
      requestKey: `1601 ${0x0badcafe}`,
      debitedPiece: undefined,
      chargedService: undefined,
      redatedPiece: undefined,
    });
  });
});

test.each([
  ['state', goldenState],
  ['signature', goldenSignature],
])('the tag of the golden %s record is half an HMAC over all before it', (_name, { bytes }) => {
  const tag = createHmac('sha256', new Uint8Array(32).fill(3))
    .update(bytes.slice(0, 240))
    .digest('hex');

  expect(bytes).toHaveLength(RECORD_SIZE);
  expect(toHex(bytes.slice(RECORD_BODY_SIZE))).toBe(tag.slice(0, 32));
});

test('a record with a byte where none may be is refused', () => {
  const spare = Array.from({ length: 42 }, (_, at) => 198 + at);
  const set = (body: Uint8Array, at: number): Uint8Array =>
    body.map((byte, place) => (place === at ? 1 : byte));

  for (const at of spare)
    expect(() => signatureRecord.decode(set(bodyOf(goldenSignature), at))).toThrow();
  expect(() => stateRecord.decode(set(bodyOf(goldenState), 239))).toThrow();
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
  ['credited', 'credited'],
  ['spoilage credited', 'spoilageCredited'],
  ['withdrawn', 'withdrawn'],
  ['settled', 'settled'],
  ['certificate ascending', 'certificateAscending'],
  ['certificate descending', 'certificateDescending'],
  ['certificate credited', 'certificateCredited'],
  ['certificate withdrawn', 'certificateWithdrawn'],
  ['piece count', 'pieceCount'],
  ['piece count of zero-value pieces', 'zeroPieceCount'],
  ['piece count of certificate services', 'certificatePieceCount'],
  ['batch: pieces', 'batchPieceCount'],
  ['batch: their postage', 'batchAmount'],
  ['sequence of the last refill', 'refillSequence'],
  ['nonce of the refill', 'refillNonce'],
  ['amount of the refill', 'refillPending'],
  ['kind of it', 'refillKind'],
  ['account of it', 'refillAccount'],
  ["tries of the user's password", 'userTries'],
  ["tries of the crypto officer's", 'officerTries'],
  ['request id of the last debit', 'requestId.counter', 'requestId.nonce'],
  ['locks that stay', 'locks'],
  ['reason of the last lock order', 'lockReason'],
  ['sequence of the last lock order', 'lockSequence'],
  ['contact', 'contactMs'],
  ['quality print', 'qualityMs'],
  ['clock', 'clockSetMs'],
  ['day that the next two count for', 'day'],
  ['day: pieces', 'dayPieces'],
  ['day: postage', 'dayAmount'],
  ['power count', 'powerCount'],
  ['security log: number of its last record', 'logCount'],
  ['security log: number of the last record that the authority has', 'logAcknowledged'],
  ['security log: chain', 'logHead'],
  [
    'of a debit',
    'detail.kind',
    'detail.postage',
    'detail.mailingDate',
    'detail.destination',
    'detail.serviceId',
    'detail.rateVersion',
    'detail.original',
    'detail.requestDigest',
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
  ['of a service', 'extra'],
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

test('docs/flash.md says of every field of a log record where it is and how large', () => {
  const { lines } = readGolden('security-log-record');
  let offset = 0;
  const expected = lines.map(([, hex]) => {
    offset += hex.length / 2;
    return { offset: offset - hex.length / 2, size: hex.length / 2 };
  });
  const rows = rowsOf('Security log');

  expect(rows.map(({ offset: at, size }) => ({ offset: at, size }))).toEqual(expected);
  const words = ['event', 'version', 'count', 'time', 'a', 'b', 'c', 'zeros', 'chain'];
  expect(rows.map(({ field }, index) => field.startsWith(words[index] as string))).toEqual(
    words.map(() => true),
  );
});

test('docs/flash.md gives record types, kinds, accounts, locks and log events their numbers', () => {
  const numbered = (heading: string, offset: number, names: readonly string[], from = 0) => {
    const row = rowsOf(heading).find((each) => each.offset === offset);
    const numbers = [...(row?.field ?? '').matchAll(/\b(\d+) ([a-z]\w+)/gi)];
    expect(
      numbers.slice(0, names.length - from).map(([, number, name]) => [Number(number), name]),
    ).toEqual(names.map((name, number) => [number, name]).slice(from));
  };

  expect(recordTypes[0]).toBe('signature');
  numbered('State record', 0, recordTypes, 1);
  numbered('State record', 116, refillKinds);
  numbered('State record', 117, accountNames);
  numbered('State record', 128, keptLockNames);
  numbered('State record', 192, ['none', ...pieceKinds]);
  numbered('Security log', 0, logEventNames);
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
