/** Loading another image: what is refused, what is tested, and that nothing counts before (requirements.md F8, H2; FIPS 140-3 load test). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { updateImage } from '#driver/update';
import { createCpu } from '#emulator/cpu/cpus';
import { SLOT_GEOMETRY } from '#emulator/image-slots';
import { encodeBytecodeBody } from '#protocol/documents/image-body';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import { readLogRecord } from '#protocol/documents/security-log';
import { letter } from '#test/support/mail';
import { meterAt } from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import { NEW, OLD, release, updatable, updatableParts } from '#test/support/update';

/** No firmware, but a body that was signed: the load test does not look into it. */
const BODY = Uint8Array.from({ length: 10_000 }, (_, at) => (7 * at + (at >> 8)) & 0xff);
const small = release(NEW, { body: BODY });
const headerOf = (image: Uint8Array): Uint8Array => image.slice(0, IMAGE_HEADER_SIZE);

async function ready() {
  const parts = await updatableParts();
  const meter = updatable(parts);
  return { parts, meter, officer: await meter.loggedIn('cryptoOfficer') };
}
type Ready = Awaited<ReturnType<typeof ready>>;

/** Sends a body as it is, whatever was signed. */
async function load({ officer }: Pick<Ready, 'officer'>, header: Uint8Array, body: Uint8Array) {
  let { have } = await officer.updateBegin(header);
  const from = have;
  for (; have < body.length; have += 2048)
    await officer.updateWrite({ offset: have, data: body.slice(have, have + 2048) });
  return from;
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, place) => (place === at ? byte ^ 0x10 : byte));

describe('by its header', () => {
  const stranger = nodeCrypto.generateKeyPair();
  const sizeMax = SLOT_GEOMETRY.size - SLOT_GEOMETRY.sectorSize;
  const { imageVersion, securityVersion } = NEW;
  test.each<[what: string, image: Uint8Array, status: string, detail?: number]>([
    ['an image of another key', release(NEW, { body: BODY, key: stranger }), 'signatureInvalid'],
    ['a changed version', flipped(small, 6), 'signatureInvalid'],
    ['a changed digest', flipped(small, 30), 'signatureInvalid'],
    ['a changed signature', flipped(small, 100), 'signatureInvalid'],
    ['no header', new Uint8Array(128), 'documentMalformed'],
    [
      'the version that runs',
      release({ imageVersion: OLD.imageVersion, securityVersion }, { body: BODY }),
      'imageInstalled',
    ],
    [
      'an older version',
      release({ imageVersion: OLD.imageVersion - 1, securityVersion }, { body: BODY }),
      'imageOutdated',
    ],
    [
      'a lower security version',
      release({ imageVersion, securityVersion: 0 }, { body: BODY }),
      'imageOutdated',
    ],
    [
      'one byte too much',
      release(NEW, { body: new Uint8Array(sizeMax + 1) }),
      'imageTooLarge',
      sizeMax,
    ],
    ['bytecode where source runs', release(NEW, { form: 'bytecode' }), 'imageForOtherProcessor'],
  ])('%s is refused, and nothing is written', async (_, image, status, detail) => {
    const { meter, officer, parts } = await ready();
    await using _meter = meter;

    await expectRefused(meter, () => officer.updateBegin(headerOf(image)), status, detail);

    expect(parts.imageSlots.find(1)?.counters.erases ?? 0).toBe(0);
  });
});

test('the largest body that fits is taken', async () => {
  const image = release(NEW, {
    body: new Uint8Array(SLOT_GEOMETRY.size - SLOT_GEOMETRY.sectorSize),
  });
  const { meter, officer } = await ready();
  await using _meter = meter;

  expect(await officer.updateBegin(headerOf(image))).toEqual({ have: 0 });
});

test('a board without slots refuses each image', async () => {
  await using meter = await meterAt('refilled');
  const officer = await meter.loggedIn('cryptoOfficer');

  const { spare, running } = await officer.updateStatus();

  expect({ spare, running }).toEqual({ spare: 'none', running: 'fixed' });
  await expectRefused(
    meter,
    () => officer.updateWrite({ offset: 0, data: BODY.slice(0, 256) }),
    'updateNotBegun',
  );
});

test('a user may not update, and nobody in clear', async () => {
  const { meter } = await ready();
  await using _meter = meter;
  const user = await meter.loggedIn('user');

  await expectRefused(meter, () => user.updateBegin(headerOf(small)), 'wrongRole');
  await expectRefused(meter, () => user.updateFinish(), 'wrongRole');
  const anonymous = await meter.anonymous();
  await expect(anonymous.updateBegin(headerOf(small))).rejects.toMatchObject({
    status: 'sessionRequired',
  });
});

describe('the load test finds', () => {
  /** The second sector begins in the body at 4,096. */
  test.each([0, 1, 255, 256, 4095, 4096, 8191, 9999])('a changed byte %i', async (at) => {
    const { meter, officer } = await ready();
    await using _meter = meter;
    await load({ officer }, headerOf(small), flipped(BODY, at));

    await expectRefused(meter, () => officer.updateFinish(), 'imageDamaged');

    expect(await officer.updateStatus()).toMatchObject({ running: 'fixed', spare: 'blank' });
    expect(await officer.updateBegin(headerOf(small))).toEqual({ have: 0 });
  });

  test('what changed in the slot behind the writing', async () => {
    const { meter, officer, parts } = await ready();
    await using _meter = meter;
    await load({ officer }, headerOf(small), BODY);
    parts.imageSlots.open(1).damage(4096 + 5000, Uint8Array.of(0));

    await expectRefused(meter, () => officer.updateFinish(), 'imageDamaged');
  });

  test('an end that is missing', async () => {
    const { meter, officer } = await ready();
    await using _meter = meter;
    await load({ officer }, headerOf(small), BODY.slice(0, 8192));

    await expectRefused(meter, () => officer.updateFinish(), 'updateOffsetWrong', 8192);
  });

  test('bytecode of another engine', async () => {
    const parts = await updatableParts({ image: release(OLD, { form: 'bytecode' }) });
    await using meter = updatable(parts, { cpu: createCpu('quickjs') });
    const officer = await meter.loggedIn('cryptoOfficer');
    const body = encodeBytecodeBody({ engine: 'quickjs-wasi 3.6.1', bytecode: BODY });
    const image = release(NEW, { form: 'bytecode', body });
    await load({ officer }, headerOf(image), body);

    await expectRefused(meter, () => officer.updateFinish(), 'imageForOtherProcessor');
  });
});

describe('a piece is refused', () => {
  test.each<[string, number, number, string, number]>([
    ['before its turn', 256, 256, 'updateOffsetWrong', 0],
    ['without bytes', 0, 0, 'fieldOutOfRange', 0],
    ['that is no multiple of 256', 0, 255, 'fieldOutOfRange', 0],
    ['that goes beyond its sector', 0, 4096 + 256, 'fieldOutOfRange', 0],
  ])('%s', async (_, offset, size, status, detail) => {
    const { meter, officer } = await ready();
    await using _meter = meter;
    await officer.updateBegin(headerOf(small));
    const data = new Uint8Array(size);

    await expectRefused(meter, () => officer.updateWrite({ offset, data }), status, detail);
  });

  test('beyond the end, or once more', async () => {
    const { meter, officer } = await ready();
    await using _meter = meter;
    await load({ officer }, headerOf(small), BODY.slice(0, 8192));
    const write = (offset: number, size: number) =>
      officer.updateWrite({ offset, data: new Uint8Array(size) });

    await expectRefused(meter, () => write(8192, 2048), 'fieldOutOfRange');
    await expectRefused(meter, () => write(4096, 256), 'updateOffsetWrong', 8192);
  });
});

describe('while it loads', () => {
  test('status may be asked for', async () => {
    const { meter, officer } = await ready();
    await using _meter = meter;
    await officer.updateBegin(headerOf(small));

    await officer.status();
    await officer.version();
    await officer.updateStatus();

    await officer.updateWrite({ offset: 0, data: BODY.slice(0, 256) });
  });

  test('no data goes out: whatever else is asked for ends the loading', async () => {
    const { meter, officer } = await ready();
    await using _meter = meter;
    await officer.updateBegin(headerOf(small));

    await officer.registers();

    await expectRefused(
      meter,
      () => officer.updateWrite({ offset: 0, data: BODY.slice(0, 256) }),
      'updateNotBegun',
    );
  });

  test('the driver takes it up again where somebody else ended it', async () => {
    const { meter, officer } = await ready();
    await using _meter = meter;
    const other = await meter.anonymous();
    let asked = 0;
    const disturbed = {
      ...officer,
      reconnect: officer.reconnect,
      async updateWrite(...given: Parameters<typeof officer.updateWrite>) {
        if (given[0].offset === 6144 && asked++ === 0) await other.condition();
        return officer.updateWrite(...given);
      },
    };

    await load({ officer }, headerOf(small), BODY.slice(0, 2048));
    await expect(updateImage(disturbed, small)).resolves.toMatchObject({ isInstalled: false });

    expect(asked).toBeGreaterThan(1);
  });
});

test('an image that is no firmware comes back to the one before, by itself', async () => {
  const { meter, officer } = await ready();
  await using _meter = meter;

  const outcome = await updateImage(officer, small);

  expect(outcome).toMatchObject({ isInstalled: false, imageVersion: OLD.imageVersion });
  expect(await officer.updateStatus()).toMatchObject({ running: 'fixed', spare: 'loaded' });
});

test('an interrupted load goes on where it stopped, after log-out and after power was off', async () => {
  const { meter, officer, parts } = await ready();
  await using _meter = meter;
  await load({ officer }, headerOf(small), BODY.slice(0, 8192));

  await officer.logOut();
  const again = await meter.loggedIn('cryptoOfficer');
  expect(await again.updateBegin(headerOf(small))).toEqual({ have: 4096 });
  meter.board.powerOff();
  await using later = updatable(parts);
  const from = await load(
    { officer: await later.loggedIn('cryptoOfficer') },
    headerOf(small),
    BODY,
  );

  expect(from).toBe(4096);
});

test('another image that is announced begins from the start', async () => {
  const { meter, officer } = await ready();
  await using _meter = meter;
  await load({ officer }, headerOf(small), BODY.slice(0, 8192));

  const other = release({ ...NEW, imageVersion: NEW.imageVersion + 1 }, { body: BODY });

  expect(await officer.updateBegin(headerOf(other))).toEqual({ have: 0 });
  await load({ officer }, headerOf(other), BODY);
  await officer.updateFinish();
});

test('it is written down in the security log before it counts', async () => {
  const { meter, officer } = await ready();
  await using _meter = meter;
  const { logCount } = await officer.condition();

  await updateImage(officer, release(NEW));

  const { records } = await officer.readLog(logCount + 1);
  expect(readLogRecord(records)).toMatchObject({
    ok: true,
    value: {
      event: 'imageLoaded',
      a: NEW.imageVersion,
      b: OLD.imageVersion,
      c: NEW.securityVersion,
    },
  });
});

test('money can be spent as before, by the new image', async () => {
  const { meter, officer } = await ready();
  await using _meter = meter;
  await updateImage(officer, release(NEW));

  const user = await meter.loggedIn('user');
  await user.createIndicium(letter(1));

  expect((await user.registers()).ascending).toBe(780);
});
