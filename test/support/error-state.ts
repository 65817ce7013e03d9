/** The error state as a host finds it: the fault told, everything else refused, no byte but the answers (requirements.md A3). */

import { expect } from 'vitest';
import { type Board, type BoardOptions, createBoard } from '#emulator/board';
import { createManualClock } from '#emulator/clock';
import { createSeededEntropy } from '#emulator/entropy';
import type { FlashDevice } from '#emulator/flash';
import { loadImage } from '#emulator/image-file';
import { commandNames } from '#protocol/command';
import { encodeRequest } from '#protocol/dispatch';
import type { Role } from '#protocol/state';
import { type RefusalName, statuses } from '#protocol/status';
import { TEST_TIME_MS } from './board.ts';
import { hostKeys, meterId, passwords } from './meter.ts';
import { type RawHost, rawHost, requestWith } from './raw-host.ts';

export interface ToldFault {
  readonly name: RefusalName;
  readonly detail: number;
}

export interface Bench extends AsyncDisposable {
  readonly host: RawHost;
  readonly board: Board;
}

/** A board with its host connected before power comes, so that no byte escapes. */
export function bench(flash: FlashDevice, options: Partial<BoardOptions> = {}): Bench {
  const board = createBoard({
    ...loadImage(),
    deviceSecret: new Uint8Array(32).fill(0x5e),
    entropy: createSeededEntropy(1),
    clock: createManualClock(TEST_TIME_MS),
    ...options,
    flash,
  });
  const host = rawHost(board);
  board.powerOn();
  return { host, board, [Symbol.asyncDispose]: () => board[Symbol.asyncDispose]() };
}

/** What the error state is: the fault told, everything else refused, and no byte but the answers. */
export function expectStopped({ host, board }: Bench, { name, detail }: ToldFault): void {
  expect(board.fault).toBeUndefined();
  expect(board.indicator).toBe('error');
  expect(host.bytesOut()).toBe(0);
  for (let round = 0; round < 2; round++) {
    expect(host.status()).toMatchObject({
      state: 'error',
      caller: 'nobody',
      fault: statuses[name].code,
      faultDetail: detail,
    });
    expect(host.open(encodeRequest('version', {}))).toMatchObject({ status: 'ok', state: 'error' });
    for (const command of commandNames.filter((each) => each !== 'status' && each !== 'version')) {
      const reply = host.open(requestWith(command, new Uint8Array(40)));
      expect([command, reply?.status]).toEqual([command, 'wrongState']);
      expect(reply?.payload).toHaveLength(10);
    }
    const sealed = host.exchange('sealed', new Uint8Array(40));
    expect(sealed?.payload.slice(0, 3)).toEqual(Uint8Array.of(0, 0x05, 0x02)); // sessionEnded
    expect(sealed?.payload).toHaveLength(10);
    host.bytesOut();
    board.tick();
    expect(host.bytesOut()).toBe(0);
  }
}

export function expectWorking({ host }: Bench): void {
  expect(host.status()).toMatchObject({ state: 'uninitialized', fault: 0, faultDetail: 0 });
  host.openSession('cryptoOfficer');
}

export function powerCycle({ board, host }: Bench): void {
  board.powerOff();
  board.powerOn();
  host.bytesOut();
}

const password = (role: Role): Uint8Array =>
  Uint8Array.of(passwords[role]().length, ...passwords[role]());

/** A blank meter gets its keys; what it answers. */
export function initialize({ host }: Bench): unknown {
  host.openSession('cryptoOfficer');
  host.bytesOut();
  const request = {
    meterId,
    authorityKey: hostKeys.cryptoOfficer.publicKey,
    userKey: hostKeys.user.publicKey,
    userPassword: passwords.user(),
    officerPassword: passwords.cryptoOfficer(),
  };
  return host.sealed(encodeRequest('initialize', request));
}

/** The user of a meter logs in; what it answers. */
export function logIn({ host }: Bench): unknown {
  host.openSession('user');
  host.bytesOut();
  return host.sealed(requestWith('logIn', password('user')));
}
