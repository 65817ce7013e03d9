/**
 * Damaged flash and damaged images: the meter comes up with the last state that is whole, or stops in the error state; it
 * never shows a register that never was, and the board never crashes (requirements.md B3, A3; docs/flash.md).
 */

import { beforeAll, describe, expect, test } from 'vitest';
import { createBoard } from '#emulator/board';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createMemoryFlash } from '#emulator/flash';
import { loadImage } from '#emulator/image-file';
import { commands } from '#protocol/command';
import type { MeterStatus } from '#protocol/command-layouts';
import { encodeRequest } from '#protocol/dispatch';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import { mills } from '#protocol/mills';
import { type RefusalName, statusName } from '#protocol/status';
import { makeBoard } from '#test/support/board';
import { committedStates, newestState } from '#test/support/journal-forgery';
import { letter } from '#test/support/mail';
import { flashAt, KEYED_IN, passwords, smallCard } from '#test/support/meter';
import { rawHost, requestWith } from '#test/support/raw-host';
import { seededRandom } from '#test/support/seeded-random';

/** Two banks of the store, three sectors of the security log, and a ring of four that the meter has gone round. */
const SECTOR = 4096;
const SECTORS = 13;
const BANK = 3 * SECTOR;
const JOURNAL = 9 * SECTOR;
const SLOTS_PER_SECTOR = 16;
const RECORD = 256;

const cpu = createNodeVmCpu();

/** What a meter of some use holds, before and after its last rate table and last piece. */
let whole: Uint8Array;
let before: Uint8Array;

/** The card of the meter is small here, so that few pieces fill it. */
const card = (contents: Uint8Array) =>
  createMemoryFlash({
    geometry: { size: SECTORS * SECTOR, sectorSize: SECTOR, programUnit: 16 },
    contents,
  });

beforeAll(async () => {
  const flash = card((await smallCard()).contents());
  const { board } = makeBoard({ flash, cpu });
  await using _ = board;
  const host = rawHost(board);
  host.openSession('user');
  const password = passwords.user();
  host.sealed(requestWith('logIn', Uint8Array.of(password.length, ...password)));
  for (let counter = 1; counter <= 60; counter++) {
    before = flash.contents();
    const piece = letter(counter, { serviceId: KEYED_IN, postage: mills(200 + counter) });
    expect(host.sealed(encodeRequest('createIndicium', piece))).toMatchObject({ status: 'ok' });
  }
  whole = flash.contents();
});

/** What a meter with this flash says of itself; the board must not crash. */
async function comeUp(contents: Uint8Array): Promise<MeterStatus> {
  const { board } = makeBoard({ flash: card(contents), cpu });
  await using _ = board;
  const host = rawHost(board);
  expect(board.fault).toBeUndefined();
  expect(host.bytesOut()).toBe(0);
  return host.status();
}

const money = ({ ascending, descending, credited, pieceCount }: MeterStatus['registers']): string =>
  `${pieceCount} pieces, ${ascending} spent, ${descending} left of ${credited}`;

/** What damage may lead to, found from the bytes alone: the newest state that is whole, or none. */
function expectLastGoodState(status: MeterStatus, contents: Uint8Array): RefusalName | 'works' {
  const fault = statusName(status.fault) as RefusalName | 'ok';
  const states = committedStates(contents);
  const newest = states.at(-1);
  if (newest === undefined) {
    expect(status).toMatchObject({ state: 'error', registersValid: false });
    expect(fault).toBe('registersInconsistent');
    return 'registersInconsistent';
  }
  expect(status.registersValid).toBe(true);
  expect(money(status.registers)).toBe(money({ ...status.registers, ...newest }));
  expect(status.lifeCycle).toBe(newest.lifeCycle);
  expect(['ok', 'storeDamaged', 'logDamaged']).toContain(fault);
  expect(status.state).toBe(fault === 'ok' ? 'uninitialized' : 'error');
  return fault === 'ok' ? 'works' : fault;
}

const sectors = Array.from({ length: SECTORS }, (_, sector) => sector);
const noise = seededRandom('damage');

function changed(at: number, data: Uint8Array): Uint8Array {
  const contents = whole.slice();
  contents.set(data, at);
  return contents;
}

/** Where the newest state is, and the bank that it names. */
function places() {
  const newest = newestState(whole);
  const bank = newest.storeGeneration % 2 === 0 ? 0 : BANK;
  return { newest, bank, otherBank: BANK - bank };
}

test('a meter that is whole comes up as it was left', async () => {
  const status = await comeUp(whole);

  expect(expectLastGoodState(status, whole)).toBe('works');
  expect(status.registers).toMatchObject({ pieceCount: 60, ascending: 60 * 200 + (60 * 61) / 2 });
});

describe.each<[string, () => Uint8Array]>([
  ['ones', () => new Uint8Array(SECTOR).fill(0xff)],
  ['zeros', () => new Uint8Array(SECTOR)],
  ['noise', () => noise(SECTOR)],
])('a sector overwritten with %s', (_name, pattern) => {
  test.each(sectors)('%i', async (sector) => {
    const contents = changed(sector * SECTOR, pattern());

    const outcome = expectLastGoodState(await comeUp(contents), contents);

    const isValidBank = sector * SECTOR === places().bank;
    const isLog = sector * SECTOR === 2 * BANK;
    expect(outcome).toBe(isValidBank ? 'storeDamaged' : isLog ? 'logDamaged' : 'works');
  });
});

describe('one flipped bit', () => {
  const random = new DataView(noise(4 * 48).buffer);
  const samples = Array.from({ length: 48 }, (_, index) => random.getUint32(4 * index));
  const flip = (at: number, bit: number): Uint8Array =>
    changed(at, Uint8Array.of((whole[at] as number) ^ (1 << bit)));

  test.each(samples.slice(0, 24))('anywhere in the journal (sample %i)', async (sample) => {
    const at = JOURNAL + (sample % (4 * SECTOR));
    const contents = flip(at, (sample >>> 24) & 7);

    expect(expectLastGoodState(await comeUp(contents), contents)).toBe('works');
  });

  test.each(samples.slice(24, 36))(
    'in one of the last three records (sample %i)',
    async (sample) => {
      const newest = places().newest.sequence;
      const at = offsetOf(newest - (sample % 3)) + ((sample >>> 8) % RECORD);
      const contents = flip(at, (sample >>> 24) & 7);
      const status = await comeUp(contents);

      // the newest debit has its signature behind it: it was said, so that nothing older is the truth
      if (sample % 3 === 0)
        expect([statusName(status.fault), status.state, status.registersValid]).toEqual([
          'registersInconsistent',
          'error',
          false,
        ]);
      else expect(expectLastGoodState(status, contents)).toBe('works');
    },
  );

  test.each(samples.slice(36))('in the store that is valid (sample %i)', async (sample) => {
    const { bank } = places();
    const size = new DataView(whole.buffer, bank + 12).getUint32(0, true);
    const place = sample % (32 + size);
    const isSpare = place >= 5 && place < 12; // bytes of the header that nothing depends on
    const contents = flip(bank + place, (sample >>> 24) & 7);

    const outcome = expectLastGoodState(await comeUp(contents), contents);

    expect(outcome).toBe(isSpare ? 'works' : 'storeDamaged');
  });

  test('in the store that is not valid changes nothing', async () => {
    const contents = flip(places().otherBank + 60, 3);

    expect(expectLastGoodState(await comeUp(contents), contents)).toBe('works');
  });
});

/** Where the record with this sequence number is. */
function offsetOf(sequence: number): number {
  for (let sector = JOURNAL; sector < whole.length; sector += SECTOR)
    for (let slot = 0; slot < SLOTS_PER_SECTOR; slot++) {
      const at = sector + slot * RECORD;
      const view = new DataView(whole.buffer, at);
      if (view.getUint16(2, true) + view.getUint32(4, true) * 65_536 === sequence) return at;
    }
  throw new Error(`no record ${sequence}`);
}

describe('the whole part', () => {
  test('of ones is that of a device that was never used: no value, no keys of before', async () => {
    const status = await comeUp(new Uint8Array(SECTORS * SECTOR).fill(0xff));

    expect(status).toMatchObject({
      state: 'uninitialized',
      lifeCycle: 'blank',
      meterId: new Uint8Array(8),
    });
    expect(money(status.registers)).toBe('0 pieces, 0 spent, 0 left of 0');
  });

  test.each<[string, () => Uint8Array]>([
    ['zeros', () => new Uint8Array(SECTORS * SECTOR)],
    ['noise', () => noise(SECTORS * SECTOR)],
    [
      'ones, but for the store',
      () => Uint8Array.of(...whole.slice(0, JOURNAL), ...new Uint8Array(4 * SECTOR).fill(0xff)),
    ],
    [
      'noise behind the store',
      () => Uint8Array.of(...whole.slice(0, JOURNAL), ...noise(4 * SECTOR)),
    ],
  ])('of %s stops the meter', async (_name, contents) => {
    const status = await comeUp(contents());

    expect(status).toMatchObject({ state: 'error', registersValid: false });
    expect(statusName(status.fault)).toBe('registersInconsistent');
  });
});

describe('a journal that is cut off', () => {
  test.each([1, 2, 3, 4])('behind its sector %i: the newest state before that', async (kept) => {
    const end = JOURNAL + kept * SECTOR;
    const contents = changed(end, new Uint8Array(SECTORS * SECTOR - end).fill(0xff));

    expect(expectLastGoodState(await comeUp(contents), contents)).toBe('works');
  });

  test('in the middle of the newest record: the state before it', async () => {
    const at = offsetOf(places().newest.sequence) + 70;
    const contents = changed(at, new Uint8Array(SECTOR - (at % SECTOR)).fill(0xff));

    const status = await comeUp(contents);

    expect(expectLastGoodState(status, contents)).toBe('works');
    expect(status.registers.pieceCount).toBe(59);
  });
});

describe('parts that belong elsewhere', () => {
  const swapped = (left: number, right: number): Uint8Array => {
    const contents = whole.slice();
    contents.set(whole.subarray(left, left + SECTOR), right);
    contents.set(whole.subarray(right, right + SECTOR), left);
    return contents;
  };

  test.each([
    [9, 10],
    [10, 12],
    [9, 12],
  ])(
    'sectors %i and %i of the journal swapped: the newest state wins where it lies',
    async (left, right) => {
      const contents = swapped(left * SECTOR, right * SECTOR);

      const status = await comeUp(contents);

      expect(expectLastGoodState(status, contents)).toBe('works');
      expect(status.registers.pieceCount).toBe(60);
    },
  );

  test('the banks of the store swapped', async () => {
    const contents = swapped(0, BANK);

    expect(expectLastGoodState(await comeUp(contents), contents)).toBe('storeDamaged');
  });

  test('the bank before in the place of the valid one', async () => {
    const { bank, otherBank } = places();
    const contents = changed(bank, whole.slice(otherBank, otherBank + BANK));

    expect(expectLastGoodState(await comeUp(contents), contents)).toBe('storeDamaged');
  });

  test('an older copy of the bank, from before the meter was licensed', async () => {
    const older = (await flashAt('made')).contents();
    const { bank } = places();
    const contents = changed(bank, older.slice(bank, bank + BANK));

    expect(expectLastGoodState(await comeUp(contents), contents)).toBe('storeDamaged');
  });

  test('an older copy of one sector of the journal', async () => {
    for (const sector of [9, 10, 11, 12]) {
      const at = sector * SECTOR;
      const contents = changed(at, before.slice(at, at + SECTOR));

      expect(expectLastGoodState(await comeUp(contents), contents)).toBe('works');
    }
  });

  test('the records of another device count for nothing', async () => {
    const { board } = makeBoard({
      flash: card(whole.slice()),
      cpu,
      deviceSecret: new Uint8Array(32).fill(0x5f),
    });
    await using _ = board;
    const status = rawHost(board).status();

    expect(status).toMatchObject({ state: 'error', registersValid: false });
    expect(money(status.registers)).toBe('0 pieces, 0 spent, 0 left of 0');
  });
});

describe('an image with one flipped bit', () => {
  const { image, imageKey } = loadImage();
  const random = new DataView(noise(4 * 300).buffer);
  const body = Array.from(
    { length: 300 },
    (_, index) =>
      IMAGE_HEADER_SIZE + (random.getUint32(4 * index) % (image.length - IMAGE_HEADER_SIZE)),
  );

  /** Why a board does not let it run; it stays silent and dead. */
  async function refusal(bytes: Uint8Array): Promise<string | undefined> {
    await using board = createBoard({ image: bytes, imageKey, cpu });
    const host = rawHost(board);
    board.powerOn();
    const answer = host.exchange('open', Uint8Array.of(commands.status.code));
    const isSilent = answer === undefined && host.bytesOut() === 0 && board.indicator === 'error';
    return isSilent ? board.fault?.kind : `speaks, ${board.indicator}`;
  }

  test.each([
    ['in its header, at every byte', Array.from({ length: IMAGE_HEADER_SIZE }, (_, at) => at)],
    ['in its body, at 300 places', body],
    ['at its last byte', [image.length - 1]],
  ])('%s is refused by the boot ROM', async (_name, offsets) => {
    for (const at of offsets) {
      const bytes = image.slice();
      bytes[at] = (bytes[at] as number) ^ (1 << (at & 7));

      expect([at, await refusal(bytes)]).toEqual([at, 'imageRefused']);
    }
  });

  test('runs where nothing was flipped', async () => {
    expect(await refusal(image)).toBe('speaks, uninitialized');
  });

  test.each([
    ['shorter by a byte', image.slice(0, -1)],
    ['longer by a byte', Uint8Array.of(...image, 0x20)],
    ['empty', new Uint8Array(0)],
    ['its header alone', image.slice(0, IMAGE_HEADER_SIZE)],
  ])('%s is refused', async (_name, bytes) => {
    expect(await refusal(bytes)).toBe('imageRefused');
  });
});
