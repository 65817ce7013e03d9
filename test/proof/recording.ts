/** Conversations of the real code, with what is needed to tell what each byte of them is. */

import { memoryLink } from '#driver/link/memory';
import { openMeter } from '#driver/meter';
import { connectMemory } from '#emulator/ports/memory';
import type { KeyPair } from '#protocol/crypto';
import { createAssembler, type Message } from '#protocol/message';
import type { Role } from '#protocol/state';
import {
  authorityKeys,
  hostKeys,
  meterAt,
  meterId,
  passwords,
  type Stage,
} from '#test/support/meter';
import { notingCrypto, type SealedText } from './noting-crypto.ts';

/** One session as its client saw it. */
export interface Recording {
  readonly role: Role;
  readonly host: KeyPair;
  readonly ephemeral: KeyPair;
  readonly message1: Uint8Array;
  readonly message2: Uint8Array;
  readonly message3: Uint8Array;
  /** The records of each direction in their order. */
  readonly a: readonly SealedText[];
  readonly b: readonly SealedText[];
}

/** The payload of a message of the link: a command's code, or a response's head, in front of a handshake message. */
function handshakeMessages(messages: readonly Message[]): [Uint8Array, Uint8Array, Uint8Array] {
  const opening = messages.findIndex(({ kind, payload }) => kind === 'open' && payload[0] === 5);
  const [message1, message2, message3] = messages.slice(opening, opening + 3);
  if (message1 === undefined || message2 === undefined || message3 === undefined)
    throw new Error('no handshake was heard');
  return [message1.payload.slice(1), message2.payload.slice(4), message3.payload.slice(1)];
}

/** The real driver and the real image: a session in which a few things are asked. */
export async function recordSession(stage: Stage, role: Role): Promise<Recording> {
  await using device = await meterAt(stage);
  const line = connectMemory(device.board);
  const heard: Message[] = [];
  const assemblers = [0, 1].map(() => createAssembler((message) => heard.push(message)));
  const unused = line.onData((bytes) => assemblers[1]?.push(bytes));
  const { crypto, ephemerals, sealed, opened } = notingCrypto();
  const end = {
    ...line,
    send(bytes: Uint8Array) {
      assemblers[0]?.push(bytes);
      line.send(bytes);
    },
  };
  const isMade = stage !== 'blank' && stage !== 'keyed';
  {
    await using meter = await openMeter(memoryLink(end), {
      identity: hostKeys[role],
      role,
      trust: isMade ? { authorityKey: authorityKeys.publicKey, meterId } : 'unmade',
      crypto,
    });
    await meter.status();
    if (isMade) await meter.logIn(passwords[role]());
    if (isMade) await meter.registers();
    await meter.version();
  }
  unused();
  const [message1, message2, message3] = handshakeMessages(heard);
  const [ephemeral] = ephemerals;
  if (ephemeral === undefined) throw new Error('no ephemeral key was drawn');
  const messages = { message1, message2, message3 };
  return { role, host: hostKeys[role], ephemeral, ...messages, a: sealed, b: opened };
}
