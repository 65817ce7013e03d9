/**
 * What a curve or a password gave once is not computed again: the hosts and meters of a run meet a million times with the
 * same keys and the same noise. Pure functions only, so that nothing comes out otherwise than it would.
 */

import { nodeCrypto } from '#driver/node-crypto';
import { sign } from '#emulator/p256';
import type { CryptoEngine } from '#hw/crypto-engine';
import type { Entropy } from '#hw/hardware';
import type { Crypto } from '#protocol/crypto';
import { PRIVATE_KEY_SEED_SIZE, privateKeyFromSeed } from '#protocol/private-key';

/** Answers kept; then all are forgotten. */
const ANSWERS_MAX = 50_000;

type Answer = Uint8Array | number | boolean | undefined;

export interface Recall {
  /** @param question its name and all that its answer depends on @returns a copy: whoever asks may wipe it */
  ask<T extends Answer>(question: readonly (string | Uint8Array)[], compute: () => T): T;
}

export function createRecall(): Recall {
  const answers = new Map<string, Answer>();
  const copyOf = <T extends Answer>(answer: T): T =>
    (answer instanceof Uint8Array ? Uint8Array.from(answer) : answer) as T;
  return {
    ask<T extends Answer>(question: readonly (string | Uint8Array)[], compute: () => T): T {
      const key = keyOf(question);
      if (answers.has(key)) return copyOf(answers.get(key) as T);
      const answer = compute();
      if (answers.size >= ANSWERS_MAX) answers.clear();
      answers.set(key, copyOf(answer));
      return answer;
    },
  };
}

/** With the length of each part, so that no two questions have the same. */
function keyOf(question: readonly (string | Uint8Array)[]): string {
  return question
    .map((part) => (typeof part === 'string' ? part : latin1(part)))
    .map((part) => `${part.length}:${part}`)
    .join('');
}

const latin1 = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1');

/** A crypto engine that asks another one, each thing once. */
export function recallingEngine(engine: CryptoEngine, recall: Recall): CryptoEngine {
  let message: Uint8Array[] = [];
  const bytes = (buffer: ArrayBuffer): Uint8Array => new Uint8Array(buffer);

  function ask(name: string, given: readonly ArrayBuffer[], compute: () => ArrayBuffer) {
    const answer = recall.ask([name, ...given.map(bytes)], () => bytes(compute()));
    return answer.slice().buffer;
  }

  return {
    ...engine,
    hashBegin() {
      message = [];
      engine.hashBegin();
    },
    hashUpdate(data) {
      message.push(bytes(data).slice());
      engine.hashUpdate(data);
    },
    publicKey: (key) => ask('publicKey', [key], () => engine.publicKey(key)),
    agree: (key, other) => ask('agree', [key, other], () => engine.agree(key, other)),
    sign(key) {
      const signed = recall.ask(['sign', bytes(key), ...message], () => bytes(engine.sign(key)));
      return signed.slice().buffer;
    },
    verify: (key, signature) =>
      recall.ask(['verify', bytes(key), bytes(signature), ...message], () =>
        engine.verify(key, signature),
      ),
    stretch: (password, salt, iterations) =>
      ask(`stretch ${iterations}`, [password, salt], () =>
        engine.stretch(password, salt, iterations),
      ),
  };
}

/** The algorithms of a host whose noise repeats, and its signatures too. */
export function recallingCrypto(noise: Entropy, recall: Recall): Crypto {
  const randomBytes = (size: number): Uint8Array => new Uint8Array(noise.read(size));
  const publicKeyOf: Crypto['publicKeyOf'] = (key) =>
    recall.ask(['publicKey', key], () => nodeCrypto.publicKeyOf(key));
  return {
    ...nodeCrypto,
    randomBytes,
    publicKeyOf,
    generateKeyPair() {
      const privateKey = privateKeyFromSeed(randomBytes(PRIVATE_KEY_SEED_SIZE));
      return { privateKey, publicKey: publicKeyOf(privateKey) };
    },
    sign: (key, message) =>
      recall.ask(['sign', key, message], () => Uint8Array.from(sign(key, message))),
    verify: (key, message, signature) =>
      recall.ask(['holds', key, message, signature], () =>
        nodeCrypto.verify(key, message, signature),
      ),
    agree: (key, other) => recall.ask(['agree', key, other], () => nodeCrypto.agree(key, other)),
  };
}
