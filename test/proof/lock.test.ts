/** Model and code say the same: what the real code sent is what the model's terms are in bytes (docs/proof.md). */

import { describe, expect, test } from 'vitest';
import { type Change, importChanged } from '#test/support/changed-code';
import { type LockedSession, lock, modelTerms } from './lock.ts';
import { pma1 } from './model/pma1.ts';
import { epochOf } from './model/schedule.ts';
import { world } from './model/world.ts';
import type * as ProtocolRecording from './protocol-recording.ts';
import { recordProtocol, recordTimes } from './protocol-recording.ts';
import { recordSession } from './recording.ts';
import { match, written } from './term.ts';

const epochsIn = ({ records }: LockedSession): string[] =>
  records.map(({ beginning }) => written(epochOf(beginning)));

describe('every byte of a session is the value of a term', () => {
  test.each([
    ['blank', 'cryptoOfficer', 3],
    ['made', 'cryptoOfficer', 5],
    ['refilled', 'user', 5],
  ] as const)('of the driver and a meter that is %s, as %s', async (stage, role, requests) => {
    const recording = await recordSession(stage, role);

    const { records } = lock(recording);

    expect(records.length).toBe(2 * requests);
    expect(recording.message2.length > 180).toBe(stage !== 'blank');
  });

  test('of protocol/ alone, over epochs by count and by time', () => {
    const locked = lock(recordProtocol());

    const [e0, e1, e2, e3] = [
      'epoch0',
      'next(epoch0)',
      'next(next(epoch0))',
      'next(next(next(epoch0)))',
    ];
    const once = [e0, e0, e0, e1, e2, e2, e3];
    expect(epochsIn(locked)).toEqual([...once, ...once]);
  });
});

const ENTRY = 'test/proof/protocol-recording.ts';
/** One more byte on the wire. */
const MORE = '  more: P.magicBytes(Uint8Array.of(0)),\n';

test.each(Object.entries(recordTimes).slice(1))(
  'every message of a session is one that a clause of the model sends: epochs %s',
  (_, times) => {
    const patterns = world(pma1, { withRecords: true }, []).clauses.flatMap(({ needs, gives }) =>
      gives.predicate === 'known' && needs.some(({ predicate }) => predicate !== 'known')
        ? gives.of
        : [],
    );

    const terms = modelTerms(lock(recordProtocol(times)));

    const strange = terms.filter((term) => !patterns.some((pattern) => match(pattern, term)));
    expect(strange.map(written)).toEqual([]);
    expect(terms.length).toBe(4 + 2 * times.length);
  },
);

describe('a line changed in the code is noticed', () => {
  const handshake = 'protocol/handshake.ts';
  const layout = 'protocol/handshake-layout.ts';
  const record = 'protocol/record.ts';
  const kdf = 'protocol/kdf.ts';
  test.each<[string, string, ...(readonly [from: string, to: string, other?: string])[]]>([
    [
      'a field added to message 1',
      layout,
      ['  role: oneOf(callerNames),', `  role: oneOf(callerNames),\n${MORE}`],
    ],
    ['a field removed from message 1', layout, ['  nonce: bytes(NONCE_SIZE),', '']],
    [
      'a field added to message 2',
      layout,
      ['    suite: u8,\n    m', `    suite: u8,\n${MORE}    m`],
    ],
    [
      'a field removed from message 2',
      layout,
      ['  meterId: bytes(METER_ID_SIZE),', ''],
      ['core.meterId.slice()', 'new Uint8Array(8)', handshake],
      ['clientKey, server.meterId, server.publicKey)', 'clientKey, server.publicKey)', handshake],
    ],
    ['a field added to message 3', layout, ['  magic: magic(3),', `  magic: magic(3),\n${MORE}`]],
    [
      'message 1 left out of th',
      handshake,
      ['crypto.sha256(sizeOf(message1), message1, sizeOf', 'crypto.sha256(sizeOf'],
    ],
    [
      'no length in th',
      handshake,
      ['crypto.sha256(sizeOf(message1), message1,', 'crypto.sha256(message1,'],
    ],
    [
      'another salt',
      handshake,
      ['extractKey(crypto, transcript, shared)', 'extractKey(crypto, clientKey, shared)'],
    ],
    [
      'a context without the client key',
      handshake,
      ['joinBytes(transcript, clientKey, server', 'joinBytes(transcript, server'],
    ],
    ['one key for both directions', handshake, ["derive('PMA1 key B')", "derive('PMA1 key A')"]],
    ['one phase for both', handshake, ["ascii('PMA1 phase 3')", "ascii('PMA1 phase 2')"]],
    [
      'SigS that signs less',
      handshake,
      [
        'crypto.sign(server.privateKey, joinBytes(SERVER_PHASE, transcript))',
        'crypto.sign(server.privateKey, transcript)',
      ],
      ['joinBytes(SERVER_PHASE, transcript), signature)', 'transcript, signature)'],
    ],
    [
      'a record without its sequence',
      record,
      ['joinBytes(u32(epoch), u64(sequence))', 'joinBytes(u32(epoch), u64(0))'],
    ],
    [
      'a record with other associated data',
      record,
      ["ascii('PMA1 record')", "ascii('PMA1 recorD')"],
    ],
    ['keys that are not replaced', record, ['key.set(next.subarray(0, KEY_SIZE));', '']],
    [
      'a rekey secret that is not replaced',
      record,
      ['rekeySecret.set(next.subarray(KEY_SIZE));', ''],
    ],
    [
      'no count in keys replaced by time',
      record,
      ['rekey(BY_TIME, u64(sequence))', 'rekey(BY_TIME)'],
    ],
    ['another counter in the KDF', kdf, ['u32be(block + 1)', 'u32be(block)']],
  ])('%s', async (_, file, ...lines) => {
    const changes: Change[] = lines.map(([from, to, other = file]) => ({ file: other, from, to }));
    const changed = await importChanged<typeof ProtocolRecording>(ENTRY, changes);

    expect(() => lock(changed.recordProtocol())).toThrow('not as in the model');
  });

  test('no line changed is not', async () => {
    const same = await importChanged<typeof ProtocolRecording>(
      'test/proof/protocol-recording.ts',
      [],
    );

    expect(lock(same.recordProtocol()).records.length).toBe(14);
  });
});
