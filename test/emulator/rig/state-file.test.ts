/** States of a board as files: exact, judged when they come back, and read for ever (requirements.md H4). */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryLink } from '#driver/link/memory';
import { openMeter } from '#driver/meter';
import { pieceRequest } from '#driver/piece';
import { boardPorts } from '#emulator/board-ports';
import { cpuNames, createCpu } from '#emulator/cpu/cpus';
import { createMemoryFlash, type FlashSnapshot } from '#emulator/flash';
import { SLOT_GEOMETRY } from '#emulator/image-slots';
import { connectMemory } from '#emulator/ports/memory';
import { type BoardState, blankState, StateError } from '#emulator/rig/board-state';
import { createRig, type Rig } from '#emulator/rig/rig';
import { decodeState, encodeState, STATE_VERSION } from '#emulator/rig/state-file';
import { mills } from '#protocol/mills';
import { homeOf } from '#test/support/rig-home';
import { slotWith } from '#test/support/slots';
import { testImageKey } from '#test/support/test-firmware';
import { NEW, OLD, release } from '#test/support/update';
import { type EmulatedMeter, emulatedMeter } from '#testing/emulated-meter';
import { FUNDS, openSession, POSTAGE_SERVICE, parties } from '#testing/made-meter';
import { repositoryRoot } from '#tools/sources';

describe.each(cpuNames)('a state of %s', (cpu) => {
  let meter: EmulatedMeter;
  let state: BoardState;
  let file: Uint8Array;
  beforeAll(async () => {
    meter = await emulatedMeter({ lifeCycle: 'funded', cpu });
    const { control } = meter;
    await control.breakEntropy({ kind: 'biased', onesOf256: 130 });
    await control.setSurroundings({ temperatureMilliC: -1_000 });
    await control.breakSector({ sector: 3, failure: 'readFails' });
    await control.mendSector({ sector: 3 });
    await control.breakSector({ sector: 60, failure: 'eraseFails' });
    await control.cutPower({ operations: 1_000, tear: 'weak', unsynced: 'lost' });
    await control.driftClock({ ppm: -20 });
    state = meter.rig.capture();
    file = encodeState(state);
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('is the same after its file', async () => {
    const read = await decodeState(file);

    expect(encodeState(read)).toEqual(file);
    expect(read.flash.snapshot.broken).toEqual(new Map([[60, 'eraseFails']]));
    expect(read.flash.snapshot.cut?.cut).toEqual({ tear: 'weak', unsynced: 'lost' });
    expect(read).toMatchObject({
      clock: { driftPpm: -20 },
      entropy: { seed: 1, fault: { kind: 'biased', onesOf256: 130 } },
      surroundings: { temperatureMilliC: -1_000 },
    });
    expect(read.running !== undefined).toBe(cpu === 'quickjs');
  });

  test('is a meter again elsewhere, with its funds, and a session where its memory is there', async () => {
    await using rig = createRig(await decodeState(file), homeOf(cpu));

    expect(rig.board.isRunning).toBe(true);
    expect(rig.entropy.state.fault).toMatchObject({ kind: 'biased' });
    rig.entropy.break(undefined);
    await using user = await openSession(rig, 'user', 'registered');
    await user.logIn(parties.passwords.user());
    expect(await user.registers()).toMatchObject({ descending: FUNDS });
  });

  test('is refused where a bit of it is another, wherever', async () => {
    const step = Math.max(1, Math.floor(file.length / 60));

    for (let at = 0; at < file.length; at += at < 64 ? 1 : step) {
      const damaged = file.with(at, (file[at] as number) ^ (1 << (at % 8)));
      await expect(decodeState(damaged), `byte ${at}`).rejects.toBeInstanceOf(StateError);
    }
    await expect(decodeState(file.slice(0, -1))).rejects.toMatchObject({ reason: 'stateDamaged' });
    await expect(decodeState(new Uint8Array(0))).rejects.toMatchObject({ reason: 'stateDamaged' });
  });

  test('of a newer version says so', async () => {
    const newer = file.with(9, STATE_VERSION + 1);

    await expect(decodeState(newer)).rejects.toMatchObject({ reason: 'stateOfNewerVersion' });
  });
});

test('a board goes back to where it was, again and again', async () => {
  await using meter = await emulatedMeter({ lifeCycle: 'funded', cpu: 'quickjs' });
  const user = await meter.logIn('user');
  const state = meter.rig.capture();
  const piece = {
    serviceId: POSTAGE_SERVICE,
    postage: mills(500),
    mailingDate: 20260301,
    destination: 0,
  };

  const spent = async (): Promise<number> => {
    await using other = await openSession(meter.rig, 'user', 'registered');
    await other.logIn(parties.passwords.user());
    await other.createIndicium(pieceRequest({ counter: 1, nonce: 1 }, piece));
    return (await other.registers()).ascending;
  };
  const ascendings = [await spent()];
  meter.rig.restore(state);
  ascendings.push(await spent());

  expect(ascendings).toEqual([500, 500]);
  expect(user.isOpen).toBe(true);
});

/** A file as whoever knows the form would make it. */
function packed(json: Uint8Array): Uint8Array {
  const body = zstdCompressSync(json);
  const version = Uint8Array.of(0, STATE_VERSION);
  const digest = createHash('sha256').update(body).digest();
  return Buffer.concat([Buffer.from('TSSTATE\n'), version, digest, body]);
}

describe('a state', () => {
  test.each(['[', '{},', ',,'])(
    'of endless %s is small, and refused before it is parsed',
    async (text) => {
      const file = packed(Buffer.alloc(5_000_000 * text.length, text));

      expect(file.length).toBeLessThan(10_000);
      await expect(decodeState(file)).rejects.toThrow(/more than \d+ values/);
    },
  );

  test('of another board is refused, and nothing has changed', async () => {
    await using meter = await emulatedMeter();
    const state = meter.rig.capture();
    const other = { ...state, fuses: { ...state.fuses, deviceSecret: new Uint8Array(32) } };

    expect(() => meter.rig.restore(other)).toThrow(StateError);

    expect(meter.rig.board.isRunning).toBe(true);
  });

  test('with memory is for its processor alone, unless it may boot', async () => {
    await using meter = await emulatedMeter({ cpu: 'quickjs' });
    const state = meter.rig.capture();
    const home = homeOf('node-vm');

    expect(() => createRig(state, home)).toThrow(/cannot go on from it/);

    await using rig = createRig(state, home, { boots: true });
    expect(rig.board.indicator).toBe('uninitialized');
  });
});

describe.each(cpuNames)('slots of %s', (name) => {
  const cpu = createCpu(name);
  const form = cpu.bytecodeEngine === undefined ? 'source' : 'bytecode';
  const home = { image: release(OLD, { form }), imageKey: testImageKey.publicKey, cpu };
  /** A board whose first slot has a later image than its fixed place. */
  const updated = (): BoardState => {
    const slot = slotWith({ image: release(NEW, { form }), confirmed: 2 });
    const blank = blankState({ seed: 1, imageSlots: true });
    const contents = { 1: slot.snapshot() };
    return { ...blank, imageSlots: { geometry: SLOT_GEOMETRY, contents }, isPowered: true };
  };
  function slotOf({ imageSlots }: BoardState): Uint8Array {
    const slot = createMemoryFlash({ geometry: SLOT_GEOMETRY });
    slot.restore(imageSlots?.contents[1] as FlashSnapshot);
    return slot.contents();
  }
  async function versionOf(rig: Rig): Promise<number> {
    await using meter = await openMeter(memoryLink(connectMemory(rig.lines, boardPorts.memory)));
    return (await meter.version()).imageVersion;
  }

  test('are in a state and its file, and the image in them runs on', async () => {
    await using rig = createRig(updated(), home);
    const state = await decodeState(encodeState(rig.capture()));
    await using again = createRig(state, home);

    expect(await versionOf(again)).toBe(NEW.imageVersion);
    expect(Object.keys(again.capture().imageSlots?.contents ?? {})).toEqual(['1']);
    expect(Buffer.compare(slotOf(again.capture()), slotOf(state))).toBe(0);
  });

  test('come back with a state, and forks share none of them', async () => {
    await using rig = createRig(updated(), home);
    const state = rig.capture();
    const [fork] = rig.fork(1) as [Rig];
    await using _owned = fork;
    const fuses = { ...state.fuses, securityVersion: 0 };
    const imageSlots = { geometry: SLOT_GEOMETRY, contents: {} };
    rig.restore({ ...state, fuses, imageSlots }, { boots: true });

    expect(await versionOf(rig)).toBe(OLD.imageVersion);
    expect(await versionOf(fork)).toBe(NEW.imageVersion);
    rig.restore(state);
    expect(await versionOf(rig)).toBe(NEW.imageVersion);
  });

  test('of another board are refused, and a state without says nothing of them', async () => {
    await using rig = createRig(updated(), home);
    await using bare = createRig({ ...updated(), imageSlots: undefined }, home);
    const state = rig.capture();

    expect(() => bare.restore(state)).toThrow(/other slots/);
    rig.restore({ ...state, imageSlots: undefined });
    expect(await versionOf(rig)).toBe(NEW.imageVersion);
    expect(await versionOf(bare)).toBe(OLD.imageVersion);
  });
});

/** What an earlier version of this program wrote: whoever reads one day what it reads today keeps its promise. */
const keptFolder = join(repositoryRoot, 'test/golden/states');

describe('a kept state', () => {
  const kept = readdirSync(keptFolder).filter((name) => name.endsWith('.state'));

  test('is there of every version of the form', () => {
    const versions = kept.map((name) => readFileSync(join(keptFolder, name)).readUInt16BE(8));

    for (let version = 1; version <= STATE_VERSION; version += 1)
      expect(versions).toContain(version);
  });

  async function registersOf(rig: Rig): Promise<unknown> {
    await using user = await openSession(rig, 'user', 'registered');
    await user.logIn(parties.passwords.user());
    const piece = {
      serviceId: POSTAGE_SERVICE,
      postage: mills(1_000),
      mailingDate: 20260301,
      destination: 0,
    };
    await user.createIndicium(pieceRequest({ counter: 2, nonce: 1 }, piece));
    return await user.registers();
  }

  test('has its slots where its version knows them', async () => {
    const states = kept.map((name) => readFileSync(join(keptFolder, name)));
    for (const file of states.filter((one) => one.readUInt16BE(8) > 1)) {
      await using rig = createRig(await decodeState(file), homeOf('node-vm'), { boots: true });
      const { geometry, contents } = rig.capture().imageSlots ?? {
        geometry: SLOT_GEOMETRY,
        contents: {},
      };
      const slot = createMemoryFlash({ geometry });
      slot.restore(contents[2] as FlashSnapshot);

      expect(slot.contents().slice(4096, 4161)).toEqual(
        new Uint8Array(65).fill(0x5a).with(64, 0xff),
      );
    }
  });

  test.each(kept)('%s starts, has its funds, and spends', async (name) => {
    const state = await decodeState(readFileSync(join(keptFolder, name)));

    await using rig = createRig(state, homeOf('node-vm'), { boots: true });

    await using anybody = await openMeter(memoryLink(connectMemory(rig.lines, boardPorts.memory)));
    expect(await anybody.status()).toMatchObject({
      lifeCycle: 'registered',
      state: 'uninitialized',
    });
    expect(await registersOf(rig)).toMatchObject({
      ascending: 38_000,
      descending: 62_000,
      pieceCount: 2,
    });
  });
});
