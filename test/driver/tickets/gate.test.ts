/** Gates: who comes in, how often, over restarts and torn lists, and what their lists show together (requirements.md C7). */

import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { findDoubles, type GateRules, letIn, readGrants } from '#driver/tickets/gate';
import { entriesIn, openUsedList } from '#driver/tickets/used-list';
import { ascii } from '#protocol/bytes';
import { keyId } from '#protocol/documents/key-id';
import { MINUTE_MS, type Ticket, ticketDocument } from '#protocol/documents/ticket';
import { keyUsesOf } from '#protocol/documents/user-key';
import { mills } from '#protocol/mills';
import { authorityKeys, meterId, providerKeys } from '#test/support/meter';
import { temporaryFolder } from '#test/support/temporary-folder';
import { grantFor } from '#test/support/user-keys';

const key = nodeCrypto.generateKeyPair();
const DOORS = Date.UTC(2026, 5, 1, 18) / MINUTE_MS;
const AT = (DOORS + 30) * MINUTE_MS;

const grant = grantFor(
  { number: 2, publicKey: key.publicKey, uses: keyUsesOf('sign') },
  ascii('x'),
);
const grants = readGrants(nodeCrypto, [authorityKeys.publicKey], [grant]);
const rules: GateRules = { grants: grants.ok ? grants.value : [], eventId: 7 };

const sign = (changes: Partial<Ticket> = {}, signer = key): Uint8Array =>
  ticketDocument.sign(nodeCrypto, signer.privateKey, {
    meterId,
    number: 1,
    issued: DOORS - 10_000,
    eventId: 7,
    kind: 'admission',
    validFrom: DOORS,
    validTo: DOORS + 60,
    seat: ascii('A1'),
    uses: 1,
    price: mills(20_000),
    keyId: keyId(nodeCrypto, key.publicKey),
    ...changes,
  });

let list: string;
beforeEach(() => {
  list = join(temporaryFolder(), 'used.jsonl');
});

const come = async (ticket: Uint8Array, gate = 'north', timeMs = AT, path = list) => {
  await using used = await openUsedList(path);
  return (await letIn(nodeCrypto, rules, used, ticket, { gate, timeMs })).verdict;
};

test.each<[string, () => Uint8Array, number, string]>([
  ['a ticket', sign, AT, 'enter'],
  ['bytes that are none', () => new Uint8Array(126), AT, 'forged'],
  ['one that another key signed', () => sign({}, providerKeys), AT, 'forged'],
  ['one of a key without grant', () => sign({ keyId: new Uint8Array(8) }), AT, 'unknownKey'],
  ['one signed after the days of its key', () => sign({ issued: 31_000_000 }), AT, 'forged'],
  ['one of another event', () => sign({ eventId: 8 }), AT, 'otherEvent'],
  ['one before its time', sign, DOORS * MINUTE_MS - 1, 'tooEarly'],
  ['one in its first minute', sign, DOORS * MINUTE_MS, 'enter'],
  ['one in its last minute', sign, (DOORS + 61) * MINUTE_MS - 1, 'enter'],
  ['one after it', sign, (DOORS + 61) * MINUTE_MS, 'tooLate'],
])('%s', async (_, ticket, timeMs, verdict) => {
  expect(await come(ticket(), 'north', timeMs)).toBe(verdict);
});

test('a grant that the authority did not sign is none', () => {
  expect(readGrants(nodeCrypto, [providerKeys.publicKey], [grant])).toMatchObject({ ok: false });
});

describe('a ticket for two', () => {
  const pair = sign({ uses: 2 });

  test('lets in twice, whoever signed it anew, and over restarts of the gate', async () => {
    expect(await come(pair)).toBe('enter');
    expect(await come(sign({ uses: 2 }))).toBe('enter'); // the same ticket with another signature
    expect(await come(pair)).toBe('usedUp');
  });

  test('a torn line let nobody in, and is taken away', async () => {
    await come(pair);
    const whole = await readFile(list, 'utf8');
    for (const size of [1, 20, whole.length - 1]) {
      await appendFile(list, whole.slice(0, size));
      await using used = await openUsedList(list);
      expect(used.timesUsed(JSON.parse(whole).ticket as string)).toBe(1);
      expect(await readFile(list, 'utf8')).toBe(whole);
    }
  });
});

test('one list is of one gate at a time', async () => {
  await using _ = await openUsedList(list);

  await expect(openUsedList(list)).rejects.toThrow('in use by another gate');
});

test('what no gate alone can see the lists show together', async () => {
  const south = `${list}.south`;
  const read = async (path: string) => entriesIn(await readFile(path, 'utf8'), path);
  await come(sign(), 'north');
  await come(sign({ number: 2 }), 'north');
  await come(sign({ number: 3, seat: ascii('B1') }), 'north');
  expect(findDoubles([await read(list), await read(list)])).toEqual([]);

  expect(await come(sign(), 'south', AT + 1, south)).toBe('enter');
  expect(await come(sign({ number: 3, seat: ascii('B2') }), 'south', AT + 2, south)).toBe('enter');
  const doubles = findDoubles([await read(list), await read(south)]);

  expect(doubles.map(({ number, kind }) => [number, kind])).toEqual([
    [1, 'uses'],
    [3, 'contents'],
  ]);
  expect(doubles[0]?.entries.map(({ gate }) => gate)).toEqual(['north', 'south']);
});
