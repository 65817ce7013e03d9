/** A meter that is started: ready when it is handed out, gone when it is disposed of (requirements.md H4). */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { createCpu } from '#emulator/cpu/cpus';
import { startEmulator } from '#emulator/emulator';
import { loadImage } from '#emulator/image-file';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import { createAssembler, encodeMessage, type Message } from '#protocol/message';
import { temporaryFolder } from '#test/support/temporary-folder';
import { TEST_FIRMWARE, testImage, testImageKey } from '#test/support/test-firmware';

const testKey = testImageKey.publicKey;

test('the real image comes up in a throw-away directory and answers on its port', async () => {
  const emulator = await startEmulator({ tcpPort: 0 });
  const answers: Message[] = [];
  const line = emulator.connect();
  const assembler = createAssembler((message) => answers.push(message));
  line.onData(assembler.push);
  const payload = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

  for (const frame of encodeMessage({ direction: 'request', kind: 'reset', sequence: 9, payload }))
    line.send(frame);

  expect(answers).toEqual([{ direction: 'response', kind: 'reset', sequence: 9, payload }]);
  expect(emulator.board.fault).toBeUndefined();
  expect(emulator.addresses.tcp).toMatch(/^tcp:127\.0\.0\.1:\d+$/);
  expect(existsSync(join(emulator.directory, 'flash.bin'))).toBe(true);

  await emulator[Symbol.asyncDispose]();
  expect(emulator.board.isPowered).toBe(false);
  expect(existsSync(emulator.directory)).toBe(false);
});

test('a processor that takes bytecode gets the image in that form', async () => {
  await using emulator = await startEmulator({ cpu: createCpu('quickjs') });

  expect(emulator.board.cpuFigures?.ram.limit).toBe(4 << 20);
  const { bodyDigest } = emulator.board.snapshot();
  const { image } = loadImage('bytecode');
  expect(bodyDigest).toEqual(nodeCrypto.sha256(image.subarray(IMAGE_HEADER_SIZE)));
});

test('a directory that is given stays, and has one emulator at a time', async () => {
  const directory = join(temporaryFolder(), 'meter');
  const emulator = await startEmulator({ directory });

  await expect(startEmulator({ directory })).rejects.toThrow('in use by another emulator');

  await emulator[Symbol.asyncDispose]();
  expect(existsSync(join(directory, 'board.json'))).toBe(true);
  await using again = await startEmulator({ directory });
  expect(again.directory).toBe(directory);
});

test.each<[string, Uint8Array, string]>([
  ['refused', testImage().fill(0, 0, 4), 'The image was refused'],
  [
    'that crashes as it loads',
    testImage('throw new Error("no such register")'),
    'no such register',
  ],
  [
    'that crashes at its first request',
    testImage(TEST_FIRMWARE.replace('counts.receives += 1;', 'throw new Error("no frame");')),
    'no frame',
  ],
])('an image %s is an error with the reason', async (_, image, reason) => {
  const directory = temporaryFolder();

  await expect(startEmulator({ directory, image, imageKey: testKey })).rejects.toThrow(reason);

  await expect(startEmulator({ directory, image, imageKey: testKey })).rejects.toThrow(reason); // and nothing is held
});

test('a meter that is silent is waited for until the caller gives up', async () => {
  const caller = new AbortController();

  const started = startEmulator({
    image: testImage(),
    imageKey: testKey,
    signal: caller.signal,
  });
  caller.abort(new Error('enough'));

  await expect(started).rejects.toThrow('enough');
});

test('an address that is taken is an error, and the meter is off again', async () => {
  const directory = temporaryFolder();
  await using first = await startEmulator({ tcpPort: 0 });
  const taken = Number(first.addresses.tcp?.split(':').at(-1));

  await expect(startEmulator({ directory, tcpPort: taken })).rejects.toThrow('EADDRINUSE');

  await using again = await startEmulator({ directory });
  expect(again.board.isPowered).toBe(true);
});

test('an image without its key is a mistake', async () => {
  await expect(startEmulator({ image: testImage() })).rejects.toThrow('given together');
});
