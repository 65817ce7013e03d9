/** The channel below its seals: handshake messages of whoever can sign them, records in any order, requests and responses. */

import { nodeCrypto } from '#driver/node-crypto';
import { commandName, commandNames, commandOf, commands } from '#protocol/command';
import type { Crypto } from '#protocol/crypto';
import { decodeResponse, encodeRefusal, encodeSuccess } from '#protocol/dispatch';
import { decode } from '#protocol/fields';
import { clientConfirm, clientHello, serverAnswer, serverConfirm } from '#protocol/handshake';
import { answerOf, helloLayout, SUITE_OFFSET } from '#protocol/handshake-layout';
import { createRecordLayer } from '#protocol/record';
import { statusName } from '#protocol/status';
import { hold, type Target } from '../target.ts';
import { createReader } from './reader.ts';

const isSame = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0;

const keys = nodeCrypto.generateKeyPair();
const client = { ...keys, role: 'user' as const };
const server = { ...keys, meterId: new Uint8Array(8), certificate: new Uint8Array(130) };

/** Proofs are zeros and right, every point is on the curve: what lies behind them is reached, and nothing is drawn. */
const trusting: Crypto = {
  ...nodeCrypto,
  verify: () => true,
  hmac: () => new Uint8Array(32),
  agree: () => new Uint8Array(32),
  sign: () => new Uint8Array(64),
  generateKeyPair: () => ({ ...keys, privateKey: keys.privateKey.slice() }),
  randomBytes: (size) => new Uint8Array(size).fill(7),
  kem: {
    generateKeyPair: () => ({ openingKey: new Uint8Array(64), sealingKey: new Uint8Array(1184) }),
    encapsulate: () => ({ secret: new Uint8Array(32), ciphertext: new Uint8Array(1088) }),
    decapsulate: () => new Uint8Array(32),
  },
};

const begin = () => clientHello(trusting, client, ['hybrid', 'classic']);
const answer = (message1: Uint8Array) => serverAnswer(trusting, server, message1, () => true);

function takeHello(message1: Uint8Array): void {
  const answered = answer(message1);
  if (!answered.ok) return;
  const hello = decode(helloLayout, message1, 'malformedRequest');
  hold(hello.ok && isSame(helloLayout.encode(hello.value), message1), 'a hello has one form');
  const { message2 } = answered.value;
  const layout = answerOf(message2[SUITE_OFFSET]).whole;
  hold(isSame(layout.encode(layout.decode(message2)), message2), 'an answer has one form');
}

function takeAnswer(message2: Uint8Array): void {
  const confirmed = clientConfirm(trusting, begin().pending, message2, () => true);
  if (!confirmed.ok) return;
  const layout = answerOf(message2[SUITE_OFFSET]).whole;
  hold(isSame(layout.encode(layout.decode(message2)), message2), 'an answer has one form');
}

function takeConfirmation(message3: Uint8Array): void {
  const answered = answer(begin().message1);
  if (!answered.ok) throw new Error('an honest hello is refused');
  const { pending } = answered.value;
  const confirmed = serverConfirm(trusting, pending, message3);
  hold(pending.isSpent, 'a handshake is confirmed once');
  hold(!serverConfirm(trusting, pending, message3).ok, 'a handshake is not confirmed again');
  hold(!confirmed.ok || confirmed.value.role === 'user', 'the role is that of the hello');
}

function honestMessages(): Uint8Array[] {
  const hello = begin();
  const answered = answer(hello.message1);
  if (!answered.ok) throw new Error('an honest hello is refused');
  const { message2 } = answered.value;
  const confirmed = clientConfirm(trusting, hello.pending, message2, () => true);
  if (!confirmed.ok) throw new Error('an honest answer is refused');
  const classic = clientHello(trusting, client, ['classic']).message1;
  const plain = answer(classic);
  if (!plain.ok) throw new Error('an honest hello is refused');
  const behind = (kind: number, bytes: Uint8Array) => Uint8Array.of(kind, ...bytes);
  return [
    behind(0, classic),
    behind(0, hello.message1),
    behind(1, message2),
    behind(1, plain.value.message2),
    behind(2, confirmed.value.message3),
  ];
}

const handshake: Target = {
  name: 'handshake',
  scope: ['protocol/handshake', 'protocol/fields.ts', 'node_modules/micro-packed/'],
  sizeMax: 1_600,
  share: 0.5,
  seeds: honestMessages,
  run(input) {
    const kinds = [takeHello, takeAnswer, takeConfirmation];
    kinds[(input[0] ?? 0) % kinds.length]?.(input.subarray(1));
  },
};

const sessionKeys = (isServer: boolean) => {
  const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const [three, four] = [new Uint8Array(32).fill(3), new Uint8Array(32).fill(4)];
  return isServer
    ? { send: two, receive: one, sendRekey: four, receiveRekey: three }
    : { send: one, receive: two, sendRekey: three, receiveRekey: four };
};

/** Records that are sent and what a line makes of them: only the next one, as it was sealed, is ever opened. */
function takeRecords(input: Uint8Array): void {
  const reader = createReader(input);
  let nowMs = 0;
  const limits = { records: 5, ageMs: 40 };
  const sender = createRecordLayer(nodeCrypto, sessionKeys(false), () => nowMs, limits);
  const receiver = createRecordLayer(nodeCrypto, sessionKeys(true), () => nowMs, limits);
  const sent: { record: Uint8Array; text: Uint8Array }[] = [];
  let next = 0;
  for (let step = 0; step < 24 && !reader.isAtEnd; step++) {
    const [what, choice] = [reader.u8() % 5, reader.u8()];
    if (what === 0) {
      const text = reader.bytes(choice % 40);
      sent.push({ record: sender.seal(text), text });
    } else if (what === 1) nowMs += choice;
    else {
      const place = what === 2 ? next : choice % Math.max(1, sent.length);
      const chosen = sent[place];
      if (chosen === undefined) continue;
      const record = what === 4 ? changed(chosen.record, reader.u8(), reader.u8()) : chosen.record;
      const isNext = place === next && isSame(record, chosen.record) && receiver.isOpen;
      const opened = receiver.open(record);
      hold((opened !== undefined) === isNext, 'the next record alone is opened');
      hold(opened === undefined || isSame(opened, chosen.text), 'what is opened was sealed');
      hold(receiver.isOpen === isNext, 'any other record ends the session');
      next += 1;
    }
  }
}

function changed(record: Uint8Array, at: number, bits: number): Uint8Array {
  const place = at % record.length;
  return record.map((byte, index) => (index === place ? byte ^ bits : byte));
}

const records: Target = {
  name: 'records',
  scope: ['protocol/record.ts', 'protocol/kdf.ts'],
  sizeMax: 300,
  share: 0.1,
  seeds: () => [
    Uint8Array.of(0, 3, 1, 2, 3, 2, 0, 0, 1, 9, 2, 0),
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0),
    Uint8Array.of(0, 1, 9, 1, 50, 0, 1, 8, 2, 0, 2, 0, 4, 0, 3, 1),
  ],
  run: takeRecords,
};

function takeRequest(bytes: Uint8Array): void {
  const name = commandName(bytes[0] ?? 0);
  if (name === undefined) return;
  const { request } = commandOf(name);
  const read = decode(request, bytes.subarray(1), 'malformedRequest');
  if (read.ok)
    hold(isSame(request.encode(read.value), bytes.subarray(1)), 'a request has one form');
}

function takeResponse(bytes: Uint8Array): void {
  const name = commandName(bytes[0] ?? 0);
  if (name === undefined) return;
  const read = decodeResponse(name, bytes);
  if (read === undefined) return;
  const status = read.ok ? undefined : statusName(read.code);
  if (!read.ok && status === undefined) return;
  const again = read.ok
    ? encodeSuccess(name, read.value, read.state)
    : encodeRefusal(
        commands[name].code,
        { ok: false, status: status as never, detail: read.detail },
        read.state,
      );
  hold(isSame(again, bytes), 'a response has one form');
}

/** A request of each command in zeros, as many as its layout takes. */
function zeros(coder: { decode(bytes: Uint8Array): unknown }): Uint8Array {
  for (let size = 0; size < 400; size++) {
    try {
      coder.decode(new Uint8Array(size));
      return new Uint8Array(size);
    } catch {} // of another size
  }
  return new Uint8Array(0);
}

const requests: Target = {
  name: 'requests and responses',
  scope: [
    'protocol/command',
    'protocol/dispatch.ts',
    'protocol/fields.ts',
    'node_modules/micro-packed/',
  ],
  sizeMax: 600,
  share: 1,
  seeds: () =>
    commandNames.flatMap((name) => {
      const { code, request, response } = commandOf(name);
      return [
        Uint8Array.of(0, code, ...zeros(request)),
        Uint8Array.of(1, code, 0, 0, 4, ...zeros(response)),
        Uint8Array.of(1, code, 1, 1, 4, 0, 0, 0, 0, 0, 0),
      ];
    }),
  run(input) {
    if (input[0] === 0) takeRequest(input.subarray(1));
    else takeResponse(input.subarray(1));
  },
};

export const channelTargets: readonly Target[] = [handshake, records, requests];
