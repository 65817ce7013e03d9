/**
 * The test vectors of docs/channel.md section 10 as text, made by the second implementation alone. All that is random comes
 * from SHA-256 of its name, so that whoever likes can make it again.
 */

import {
  agree,
  hash,
  join,
  type Pair,
  pairOf,
  type RandomSource,
  sign,
  text,
} from './algorithms.ts';
import {
  type AnsweredHandshake,
  answer,
  type BegunHandshake,
  begin,
  type ConfirmedHandshake,
  confirm,
  type RoleName,
  type Schedule,
  type ServerParty,
  type Step,
} from './handshake.ts';
import { AGE_MAX_MS, type Direction, directionsOf, sealRecord } from './records.ts';

type Line = readonly [name: string, bytes: Uint8Array];

const named = (name: string): Buffer => hash(text(`tessera channel vector: ${name}`));

/** Gives what was named, in this order, and nothing more. */
function listed(...names: readonly string[]): RandomSource {
  const left = [...names];
  return (size) => {
    const name = left.shift();
    if (name === undefined) throw new Error('the vectors name no more random bytes');
    return named(name).subarray(0, size);
  };
}

const client: Pair = pairOf(named('client private key'));
const device: Pair = pairOf(named('server private key'));
const made: ServerParty = {
  device,
  meterId: Buffer.from('545330312a000000', 'hex'),
  certificate: Buffer.from(Array.from({ length: 130 }, (_, at) => at)),
};
const unmade: ServerParty = { device, meterId: Buffer.alloc(8), certificate: Buffer.alloc(0) };
const anybody = (): boolean => true;

function done<T>(step: Step<T>): T {
  if (step.refusal !== undefined) throw new Error(`a vector was refused: ${step.refusal}`);
  return step;
}

interface Run {
  readonly begun: BegunHandshake;
  readonly answered: AnsweredHandshake;
  readonly confirmed: ConfirmedHandshake;
}

function run(role: RoleName, server: ServerParty, offer: Parameters<typeof begin>[3] = {}): Run {
  const begun = begin(listed('client ephemeral private key', 'nonce'), client, role, offer);
  const source = listed('server ephemeral private key');
  const answered = done(answer(source, server, begun.message1, anybody));
  const confirmed = done(confirm(begun, answered.message2, anybody));
  return { begun, answered, confirmed };
}

function scheduleLines(schedule: Schedule): Line[] {
  return [
    ['transcript', schedule.transcript],
    ['shared secret', schedule.shared],
    ['key-derivation key', schedule.extracted],
    ['key A', schedule.keyA],
    ['key B', schedule.keyB],
    ['rekey A', schedule.rekeyA],
    ['rekey B', schedule.rekeyB],
    ['confirm A', schedule.confirmA],
    ['confirm B', schedule.confirmB],
  ];
}

function sessionLines(server: ServerParty, { begun, answered, confirmed }: Run): Line[] {
  const core = answered.message2.length - 96;
  return [
    ['client private key', client.secret],
    ['client ephemeral private key', begun.ephemeral.secret],
    ['nonce', named('nonce').subarray(0, 16)],
    ['server private key', device.secret],
    ['server ephemeral private key', named('server ephemeral private key')],
    ['meter id', server.meterId],
    ['certificate', server.certificate],
    ['message 1', begun.message1],
    ...scheduleLines(confirmed.schedule),
    ['message 2 core', answered.message2.subarray(0, core)],
    ['message 2 SigS', answered.message2.subarray(core, core + 64)],
    ['message 2 MacS', answered.message2.subarray(core + 64)],
    ['message 3 magic', confirmed.message3.subarray(0, 5)],
    ['message 3 SigC', confirmed.message3.subarray(5, 69)],
    ['message 3 MacC', confirmed.message3.subarray(69)],
  ];
}

/** How many records an epoch has in the vectors: nobody waits for 2^20. */
export const VECTOR_RECORDS_MAX = 3;

/** When each record of the vectors is sealed, in milliseconds since the session was opened. */
export const vectorTimesMs: readonly number[] = [
  0,
  1_000,
  AGE_MAX_MS - 1, // the third: the keys are replaced by count behind it
  AGE_MAX_MS, // not by time, which counts from then on
  2 * AGE_MAX_MS - 1, // by time
  2 * AGE_MAX_MS,
  9 * AGE_MAX_MS, // by time, once
];

function recordLines(first: Direction, direction: string): Line[] {
  let state = first;
  return vectorTimesMs.flatMap((timeMs, at) => {
    const plain = Buffer.concat([text(`${direction} ${at + 1} `), Buffer.alloc(at * 7, 0xaa)]);
    const { record, used, next } = sealRecord(state, plain, timeMs, VECTOR_RECORDS_MAX);
    state = next;
    const nonce = join(Buffer.of(used.epoch, 0, 0, 0, used.sequence), Buffer.alloc(7));
    return [
      [`plaintext ${at + 1}`, plain],
      [`key ${at + 1}`, used.key],
      [`rekey secret ${at + 1}`, used.rekey],
      [`nonce ${at + 1}`, nonce],
      [`record ${at + 1}`, record],
    ] as Line[];
  });
}

const changed = (bytes: Uint8Array, at: number, value: number): Buffer =>
  Buffer.from(bytes.with(at, value));
const flipped = (bytes: Uint8Array, at: number): Buffer =>
  changed(bytes, at, (bytes[at] as number) ^ 1);
const noPoint = join(Buffer.of(2), Buffer.alloc(31), Buffer.of(1));

function withField(bytes: Uint8Array, at: number, field: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  copy.set(field, at);
  return copy;
}

/** Every message that is refused, by whom, and how; in the session of the first case. */
function refusals({ begun, answered, confirmed }: Run): [string, string, Buffer][] {
  const { message1 } = begun;
  const { message2 } = answered;
  const { message3 } = confirmed;
  const size2 = message2.length;
  const stranger = pairOf(named('somebody else'));
  const end = message2.subarray(0, size2 - 96);
  const forgedSig = sign(stranger.secret, text('PMA1 phase 2'), answered.schedule.transcript);
  return [
    ['message 1 cut by a byte', 'malformedRequest', Buffer.from(message1.subarray(0, -1))],
    ['message 1 with a byte more', 'malformedRequest', join(message1, Buffer.of(0))],
    ['message 1 with the magic of message 2', 'malformedRequest', changed(message1, 4, 2)],
    ['message 1 of version 0', 'versionUnsupported', changed(message1, 5, 0)],
    ['message 1 without suites', 'versionUnsupported', withoutSuites(message1)],
    ['message 1 with an unknown suite', 'versionUnsupported', changed(message1, 7, 0xee)],
    ['message 1 with the role 0', 'malformedRequest', changed(message1, 8, 0)],
    ['message 1 with the role 3', 'malformedRequest', changed(message1, 8, 3)],
    ['message 1 of another host', 'authenticationFailed', withField(message1, 9, stranger.public)],
    ['message 1 with no point', 'authenticationFailed', withField(message1, 42, noPoint)],
    ['message 2 cut by a byte', 'malformedRequest', Buffer.from(message2.subarray(0, -1))],
    ['message 2 with a byte more', 'malformedRequest', join(message2, Buffer.of(0))],
    ['message 2 of version 0', 'versionUnsupported', changed(message2, 5, 0)],
    ['message 2 of version 2', 'versionUnsupported', changed(message2, 5, 2)],
    ['message 2 with another suite', 'versionUnsupported', changed(message2, 6, 0xee)],
    ['message 2 of another meter', 'authenticationFailed', flipped(message2, 7)],
    ['message 2 with no point', 'authenticationFailed', withField(message2, 48, noPoint)],
    ['message 2 with a certificate changed', 'authenticationFailed', flipped(message2, 90)],
    ['message 2 with SigS changed', 'authenticationFailed', flipped(message2, size2 - 90)],
    ['message 2 with MacS changed', 'authenticationFailed', flipped(message2, size2 - 1)],
    [
      'message 2 signed by another key',
      'authenticationFailed',
      join(end, forgedSig, message2.subarray(size2 - 32)),
    ],
    ['message 3 cut by a byte', 'malformedRequest', Buffer.from(message3.subarray(0, -1))],
    ['message 3 with a byte more', 'malformedRequest', join(message3, Buffer.of(0))],
    ['message 3 with SigC changed', 'authenticationFailed', flipped(message3, 5)],
    ['message 3 with MacC changed', 'authenticationFailed', flipped(message3, 100)],
  ];
}

const withoutSuites = (message1: Buffer): Buffer =>
  join(message1.subarray(0, 6), Buffer.of(0), message1.subarray(8));

function section(title: string, lines: readonly Line[], results: readonly string[] = []): string {
  const written = lines.map(([name, bytes]) => {
    const mark = results.some((prefix) => name.startsWith(prefix)) ? '> ' : '';
    return `${mark}${name}: ${Buffer.from(bytes).toString('hex')}`.trimEnd();
  });
  return [`== ${title}`, ...written].join('\n');
}

/** The whole file test/golden/v01/channel.txt. */
export function vectorText(): string {
  const first = run('user', made);
  const sessions: [string, ServerParty, Run][] = [
    ['a user and a meter that was made', made, first],
    ['a crypto officer and a meter that was made', made, run('cryptoOfficer', made)],
    ['a crypto officer and a meter that was not made yet', unmade, run('cryptoOfficer', unmade)],
    [
      'a user who offers version 3 and the suites 238, 1, 119',
      made,
      run('user', made, { version: 3, suites: [238, 1, 119] }),
    ],
  ];
  const { a, b } = directionsOf(first.confirmed.schedule, 0);
  const check = agree(named('server ephemeral private key'), first.begun.ephemeral.public);
  if (check === undefined || !check.equals(first.confirmed.schedule.shared))
    throw new Error('the two sides of the first session do not agree');
  return `${[
    [
      '# The secure channel: docs/channel.md. Made by test/independent/make-vectors.ts, not to be changed by hand.',
      '# A private key, and the nonce, is SHA-256 of "tessera channel vector: " and its name. Signatures: RFC 6979.',
    ].join('\n'),
    ...sessions.map(([title, server, each]) =>
      section(title, sessionLines(server, each), ['message ']),
    ),
    '# Records of the first session; three in an epoch here, at 0, 1 s, 1 h less 1 ms, 1 h, 2 h less 1 ms, 2 h and 9 h.',
    section('records of direction A', recordLines(a, 'A'), ['record ']),
    section('records of direction B', recordLines(b, 'B'), ['record ']),
    '# Messages of the first session that are refused.',
    ...refusals(first).map(([what, status, bytes]) =>
      section(`${what} is refused: ${status}`, [['message', bytes]]),
    ),
  ].join('\n\n')}\n`;
}
