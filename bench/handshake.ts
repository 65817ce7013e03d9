/**
 * `node bench/handshake.ts`, after `npm run image`: what each suite of the handshake costs: bytes in messages and on the line,
 * how long those take, how long both sides compute (time of the processor, other programs left out), and what the hybrid
 * suite would add to the image.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { build } from 'esbuild';
import { nodeCrypto } from '#driver/node-crypto';
import type { Crypto } from '#protocol/crypto';
import { encodeRequest } from '#protocol/dispatch';
import { clientConfirm, clientHello, serverAnswer, serverConfirm } from '#protocol/handshake';
import { type SuiteName, suites } from '#protocol/handshake-layout';
import { encodeMessage } from '#protocol/message';
import { nobleCrypto } from '#protocol/noble-crypto';
import type { ImageSizes } from '#tools/image-build';
import { repositoryRoot } from '#tools/sources';

const ROUNDS = 21;
/** Of a compact certificate of a device key. */
const CERTIFICATE_SIZE = 130;
/** A serial line of 115,200 baud carries 10 bits for a byte; a full-speed HID endpoint one report of 64 bytes a millisecond. */
const BYTES_PER_MS = { 'serial 115200': 11.52, 'USB HID': 64 } as const;

const imageLike: Crypto = {
  ...nobleCrypto(nodeCrypto.randomBytes),
  kem: {
    generateKeyPair() {
      const { secretKey, publicKey } = ml_kem768.keygen();
      return { openingKey: secretKey, sealingKey: publicKey };
    },
    encapsulate(sealingKey) {
      const { sharedSecret, cipherText } = ml_kem768.encapsulate(sealingKey);
      return { secret: sharedSecret, ciphertext: cipherText };
    },
    decapsulate: (openingKey, ciphertext) => ml_kem768.decapsulate(ciphertext, openingKey),
  },
};

const client = { ...nodeCrypto.generateKeyPair(), role: 'user' } as const;
const server = {
  ...nodeCrypto.generateKeyPair(),
  meterId: new Uint8Array(8),
  certificate: new Uint8Array(CERTIFICATE_SIZE),
};
const anybody = () => true;

function must<T>(result: { readonly ok: boolean; readonly value?: T }): T {
  if (!result.ok) throw new Error('the handshake was refused');
  return result.value as T;
}

/** One handshake: its messages, and how long each side computed. */
function handshake(host: Crypto, meter: Crypto, suite: SuiteName) {
  const spent = { host: 0, meter: 0 };
  const timed = <T>(side: keyof typeof spent, work: () => T): T => {
    const start = process.cpuUsage();
    const result = work();
    const { user, system } = process.cpuUsage(start);
    spent[side] += (user + system) / 1000;
    return result;
  };
  const hello = timed('host', () => clientHello(host, client, [suite]));
  const answer = must(timed('meter', () => serverAnswer(meter, server, hello.message1, anybody)));
  if (answer.message2[6] !== suites[suite]) throw new Error('another suite was chosen');
  const confirmed = must(
    timed('host', () => clientConfirm(host, hello.pending, answer.message2, anybody)),
  );
  must(timed('meter', () => serverConfirm(meter, answer.pending, confirmed.message3)));
  return { messages: [hello.message1, answer.message2, confirmed.message3] as const, spent };
}

/** Bytes of the frames that carry the three messages and the answer to the third. */
function onTheLine([message1, message2, message3]: readonly [Uint8Array, Uint8Array, Uint8Array]) {
  const head = new Uint8Array(4);
  const answer2 = Uint8Array.of(...head, ...message2);
  const payloads = [
    encodeRequest('openSession', { message1 }),
    answer2,
    encodeRequest('confirmSession', { message3 }),
    head,
  ];
  return payloads
    .flatMap((payload) =>
      encodeMessage({ direction: 'request', kind: 'open', sequence: 1, payload }),
    )
    .reduce((size, frame) => size + frame.length, 0);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] as number;
const rounded = (value: number): number => Math.round(value * 100) / 100;

type Spent = ReturnType<typeof handshake>['spent'];
const names = ['classic', 'hybrid'] as const;
const meters = { node: nodeCrypto, noble: imageLike } as const;

/** Rounds of all in turn, so that what disturbs one disturbs the others; the first ones warm up. */
function measured(): Record<SuiteName, Record<keyof typeof meters, Spent[]>> {
  const runs = { classic: { node: [], noble: [] }, hybrid: { node: [], noble: [] } };
  const spent: Record<SuiteName, Record<keyof typeof meters, Spent[]>> = runs;
  for (let round = 0; round < 2 * ROUNDS; round++)
    for (const suite of names)
      for (const [name, meter] of Object.entries(meters) as [keyof typeof meters, Crypto][]) {
        const once = handshake(nodeCrypto, meter, suite).spent;
        if (round >= ROUNDS) spent[suite][name].push(once);
      }
  return spent;
}

function costs(suite: SuiteName, { node, noble }: Record<keyof typeof meters, Spent[]>) {
  const { messages } = handshake(nodeCrypto, nodeCrypto, suite);
  const bytes = onTheLine(messages);
  const lines = Object.entries(BYTES_PER_MS).map(([line, speed]) => [
    `${line} ms`,
    rounded(bytes / speed),
  ]);
  return {
    suite,
    messages: messages.map(({ length }) => length),
    bytesOnTheLine: bytes,
    ...Object.fromEntries(lines),
    'host, Node ms': rounded(median(node.map(({ host }) => host))),
    'meter, Node ms': rounded(median(node.map(({ meter }) => meter))),
    'meter, noble ms': rounded(median(noble.map(({ meter }) => meter))),
  };
}

/** Bytes that ML-KEM-768 of noble adds to the minified image. */
async function kemSize(): Promise<number> {
  const sizeWith = async (more: string): Promise<number> => {
    const { outputFiles } = await build({
      absWorkingDir: repositoryRoot,
      stdin: { contents: `import './firmware/image.ts';${more}`, resolveDir: repositoryRoot },
      bundle: true,
      write: false,
      minify: true,
      format: 'iife',
      target: 'es2022',
      platform: 'neutral',
      conditions: ['module', 'import'],
      legalComments: 'none',
    });
    return outputFiles[0]?.contents.length ?? 0;
  };
  const kem =
    "import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'; globalThis.kem = ml_kem768;";
  return (await sizeWith(kem)) - (await sizeWith(''));
}

const spent = measured();
for (const suite of names) process.stdout.write(`${JSON.stringify(costs(suite, spent[suite]))}\n`);
const { bodySize, bodySizeMax } = JSON.parse(
  readFileSync(join(repositoryRoot, 'build/image/sizes.json'), 'utf8'),
) as ImageSizes;
const image = { bodySize, bodySizeMax, kemSize: await kemSize() };
process.stdout.write(`${JSON.stringify({ script: 'handshake', image })}\n`);
