/**
 * A device becomes a meter although power is cut at every flash operation on the way: a step is done or not done, and
 * repeating it leads on (requirements.md B3, G1; architecture.md decision 5).
 */

import { describe, expect, test } from 'vitest';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import { strictFlash } from '#emulator/flash-strict';
import type { RequestOf } from '#protocol/command';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import type { LifeCycleName } from '#protocol/state';
import { makeBoard, type TestBoard } from '#test/support/board';
import { storedContent } from '#test/support/journal-forgery';
import {
  authorityKeys,
  certificate,
  flashAt,
  hostKeys,
  licence,
  meterId,
  passwords,
  type Stage,
} from '#test/support/meter';
import { type RawHost, rawHost, requestWith } from '#test/support/raw-host';

const cpu = createNodeVmCpu();

const making = (): RequestOf<'initialize'> => ({
  meterId,
  authorityKey: authorityKeys.publicKey,
  userKey: hostKeys.user.publicKey,
  userPassword: passwords.user(),
  officerPassword: passwords.cryptoOfficer(),
});

function logIn(host: RawHost): void {
  const password = passwords.cryptoOfficer();
  host.openSession('cryptoOfficer');
  host.sealed(requestWith('logIn', Uint8Array.of(password.length, ...password)));
}

interface Step {
  readonly name: 'initialize' | 'installCertificates' | 'register';
  /** Where the meter is before. */
  readonly stage: Stage;
  readonly before: LifeCycleName;
  readonly after: LifeCycleName;
  /** The request, from what the flash holds. */
  readonly request: (flash: FlashDevice) => Uint8Array;
  /** What the step is answered with where it was done before the cut. */
  readonly repeated: 'ok' | 'wrongLifeCycle' | 'documentOutdated';
}

const steps: readonly Step[] = [
  {
    name: 'initialize',
    stage: 'blank',
    before: 'blank',
    after: 'keyed',
    request: () => encodeRequest('initialize', making()),
    repeated: 'ok',
  },
  {
    name: 'installCertificates',
    stage: 'keyed',
    before: 'keyed',
    after: 'made',
    request: (flash) => {
      const { devicePublicKey, indiciumPublicKey } = storedContent(flash);
      return encodeRequest('installCertificates', {
        device: certificate('device', devicePublicKey),
        indicium: certificate('indicium', indiciumPublicKey),
      });
    },
    repeated: 'wrongLifeCycle',
  },
  {
    name: 'register',
    stage: 'made',
    before: 'made',
    after: 'registered',
    request: () => encodeRequest('register', { licence: licence() }),
    repeated: 'documentOutdated',
  },
];

/** Opens the session that a step belongs to and asks for it. */
function perform({ name, request }: Step, host: RawHost, flash: FlashDevice) {
  if (name === 'initialize' || name === 'installCertificates') host.openSession('cryptoOfficer');
  else logIn(host);
  return () => host.sealed(request(flash));
}

/** Programs and erases that a step takes when nothing goes wrong. */
async function operationsOf(step: Step): Promise<number> {
  const { board, flash } = makeBoard({ flash: await flashAt(step.stage), cpu });
  await using _ = board;
  const act = perform(step, rawHost(board), flash);
  const { programs, erases } = { ...flash.counters };
  expect(act()).toMatchObject({ status: 'ok' });
  return flash.counters.programs - programs + flash.counters.erases - erases;
}

/** Whether what the step stores is there. */
function isDone({ name }: Step, flash: FlashDevice): boolean {
  const { indiciumPublicKey, deviceCertificate, licence: held } = storedContent(flash);
  switch (name) {
    case 'initialize':
      return indiciumPublicKey.length > 0;
    case 'installCertificates':
      return deviceCertificate.length > 0;
    case 'register':
      return held.length > 0;
  }
}

async function cutAt(step: Step, operation: number, tornBytes: number): Promise<'old' | 'new'> {
  const { board, flash } = makeBoard({ flash: await flashAt(step.stage), cpu });
  await using _ = board;
  const host = rawHost(board);
  const act = perform(step, host, flash);
  flash.losePowerAfter(operation, { tornBytes });
  expect(act()).toBeUndefined();
  expect(board.isPowered).toBe(false);

  board.powerOn();
  const outcome = isDone(step, flash);
  expect(host.status()).toMatchObject({
    state: 'uninitialized',
    fault: 0,
    lifeCycle: outcome ? step.after : step.before,
  });

  expect(perform(step, host, flash)()).toMatchObject({ status: outcome ? step.repeated : 'ok' });
  expect(host.status()).toMatchObject({ lifeCycle: step.after });
  expect(isDone(step, flash)).toBe(true);
  return outcome ? 'new' : 'old';
}

describe.each(steps)('$name', (step) => {
  test('cut at every operation is done or not done, and can be repeated', async () => {
    const operations = await operationsOf(step);
    const outcomes: string[] = [];

    for (let operation = 0; operation < operations; operation++)
      for (const tornBytes of operation === operations - 1
        ? [0, 143, 4_095]
        : [operation % 2 ? 0 : 100])
        outcomes.push(await cutAt(step, operation, tornBytes));

    expect(operations).toBeGreaterThanOrEqual(4); // a bank of three sectors erased and programmed, a record
    // the journal record is the one point where old turns into new
    expect(outcomes).toEqual([...outcomes.slice(0, -1).fill('old'), 'new']);
  });
});

test('a device that is switched on for the first time and cut at every operation is born in the end', async () => {
  const geometry = { size: 13 * 4096, sectorSize: 4096, programUnit: 16 };
  for (let operation = 0; operation < 9; operation++) {
    const flash = strictFlash(createMemoryFlash({ geometry }));
    flash.losePowerAfter(operation, { tornBytes: operation % 2 ? 60 : 0 });
    const { board }: TestBoard = makeBoard({ flash, cpu });
    await using _ = board;
    expect([operation, board.isPowered]).toEqual([operation, false]);

    board.powerOn();
    const host = rawHost(board);

    expect([operation, host.status()]).toMatchObject([
      operation,
      { state: 'uninitialized', lifeCycle: 'blank', fault: 0, registersValid: true },
    ]);
    host.openSession('cryptoOfficer');
    const reply = host.sealed(encodeRequest('initialize', making()));
    const answer = reply && decodeResponse('initialize', reply.payload);
    if (answer?.ok !== true) throw new Error(`initialize is answered by ${reply?.status}`);
    expect(answer.value.deviceKey).toEqual(storedContent(flash).devicePublicKey);
  }
});
