/** `tessera meter make` and `register`: from a blank device to a licensed meter, whatever is interrupted on the way. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { verifyCompactCertificate } from '#protocol/documents/compact-certificate';
import {
  cli,
  cliDone,
  makeOptions,
  openWorld,
  passwordBytes,
  registration,
  type World,
} from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';
import { type Break, openLossyLine } from './lossy-line.ts';
import { type Loss, openLossyServer } from './lossy-server.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});

async function blankPort(): Promise<string> {
  const { addresses } = await world.blankDevice();
  return addresses.tcp as string;
}

describe('a blank device', () => {
  test('becomes a meter whose keys the authority certifies; the home has what is needed to use it', async () => {
    const home = join(temporaryFolder(), 'home');
    const port = await blankPort();

    const { said, figures } = await cliDone('meter', 'make', ...makeOptions(world, home, port));

    expect(said.map(({ event }) => event)).toEqual(['keyFiles', 'keysBorn', 'made']);
    const { publicKey: authorityKey } = await world.operator.key({});
    for (const [usage, key] of [
      ['device', 'deviceKey'],
      ['indicium', 'indiciumKey'],
    ] as const) {
      const bytes = figures('made')[usage] as Uint8Array;
      const certificate = verifyCompactCertificate(nodeCrypto, authorityKey, bytes, { usage });
      expect(certificate).toMatchObject({ ok: true });
      expect(certificate.ok && certificate.value.publicKey).toEqual(figures('keysBorn')[key]);
    }
    expect(readdirSync(home).sort()).toEqual(['officer.key', 'settings.json', 'user.key']);
    expect(JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8'))).toEqual({
      port,
      authority: world.authorityUrl,
    });
    for (const file of readdirSync(home))
      for (const role of ['user', 'cryptoOfficer'] as const)
        expect(readFileSync(join(home, file)).includes(Buffer.from(passwordBytes(role)))).toBe(
          false,
        );
  });

  test('is a licensed meter after register, as often as it is called', async () => {
    const home = await world.homeForMaking();
    await cliDone('meter', 'make', ...makeOptions(world, home, await blankPort()));
    const argv = ['meter', 'register', '--home', home, '--password-file'];
    const options = [world.passwordFiles.cryptoOfficer, ...registration(world)];

    for (let call = 1; call <= 2; call++) {
      const { figures } = await cliDone(...argv, ...options);

      expect(figures('registered')).toMatchObject({ customerId: 1, providerId: 1 });
      expect((await cliDone('--home', home, 'meter', 'status')).figures('status')).toMatchObject({
        lifeCycle: 'registered',
        descendingMaxMills: 5_000_000,
        ascendingMills: 0,
        descendingMills: 0,
      });
    }
  });

  test('is not made with passwords that do not fit, and nothing is left behind', async () => {
    const home = join(temporaryFolder(), 'home');
    const short = join(world.folder, 'short');
    writeFileSync(short, '1234567');

    const { exitCode, error } = await cli(
      ...['meter', 'make', ...makeOptions(world, home, await blankPort())],
      ...['--officer-password-file', short],
    );

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'passwordUnfit' });
    expect(existsSync(join(home, 'officer.key'))).toBe(false);
  });
});

describe('a meter that is made', () => {
  let home: string;
  let port: string;
  let made: Record<string, unknown>;
  beforeAll(async () => {
    home = await world.homeForMaking();
    port = await blankPort();
    made = (await cliDone('meter', 'make', ...makeOptions(world, home, port))).figures('made');
  });

  test('is recognised when it is to be made again from the same home', async () => {
    const again = await cli('meter', 'make', ...makeOptions(world, home, port));

    expect(again.exitCode).toBe(0);
    expect(again.figures('made')).toEqual(made);
  });

  test('is not made again from another home, which stays as it was', async () => {
    const empty = join(temporaryFolder(), 'home');

    for (const other of [empty, await world.homeForMaking()]) {
      const { exitCode, error } = await cli('meter', 'make', ...makeOptions(world, other, port));

      expect(exitCode).toBe(1);
      expect(error).toMatchObject({
        error: 'meterMade',
        message: `The device at this port is ${made['meter']} already (made).`,
      });
    }
    expect(existsSync(empty)).toBe(false);
  });

  test('is not made again with another password', async () => {
    const swapped = {
      user: world.passwordFiles.cryptoOfficer,
      cryptoOfficer: world.passwordFiles.user,
    };

    const { exitCode, error } = await cli(
      ...['meter', 'make', ...makeOptions({ ...world, passwordFiles: swapped }, home, port)],
    );

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'passwordWrong' });
  });

  test('is no home for a meter of another authority', async () => {
    await using other = await openWorld();

    const { exitCode, error } = await cli(
      ...['meter', 'make', ...makeOptions(other, home, await blankPort())],
    );

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'homeOccupied' });
  });
});

/** Makes with something in the way, then again without; the meter is whole and takes the password of the user. */
async function interruptedMaking(
  disturbed: (home: string, port: string) => Promise<unknown>,
): Promise<void> {
  const home = await world.homeForMaking();
  const port = await blankPort();
  await disturbed(home, port);

  const again = await cliDone('meter', 'make', ...makeOptions(world, home, port));

  expect(existsSync(join(home, 'born-keys.json'))).toBe(false);
  const asUser = ['--home', home, '--password-file', world.passwordFiles.user];
  await cliDone('meter', 'registers', ...asUser);
  const status = (await cliDone('--home', home, 'meter', 'status')).figures('status');
  expect(status).toMatchObject({ lifeCycle: 'made', meter: again.figures('made')['meter'] });
}

describe('making goes on after an interruption', () => {
  // reset and status; reset, two of the handshake, birth of the keys, authority key asked for and announced, certificates, end
  test('an undisturbed making takes ten messages', async () => {
    const home = await world.homeForMaking();
    await using line = await openLossyLine(await blankPort());

    await cliDone('meter', 'make', ...makeOptions(world, home, line.port));

    expect(line.messages).toBe(10);
  });

  // before the fifth the device was only looked at
  test.each<Break>([
    { message: 5, loses: 'answer' },
    { message: 6, loses: 'request' },
    { message: 6, loses: 'answer' },
    { message: 7, loses: 'request' },
    { message: 7, loses: 'answer' },
    { message: 8, loses: 'answer' },
    { message: 9, loses: 'request' },
    { message: 9, loses: 'answer' },
  ])('message $message to the device loses its $loses', async (at) => {
    await interruptedMaking(async (home, port) => {
      await using line = await openLossyLine(port, at);

      const { exitCode, error } = await cli(
        'meter',
        'make',
        ...makeOptions(world, home, line.port),
      );

      expect(line.isBroken).toBe(true);
      expect(error).toMatchObject({ error: 'link' });
      expect(exitCode).toBe(1);
    });
  });

  test.each<Loss>([
    { path: /\/certificates$/, what: 'request' },
    { path: /\/certificates$/, what: 'answer' },
  ])('the authority loses the $what about certificates', async (loss) => {
    await interruptedMaking(async (home, port) => {
      await using lossy = await openLossyServer(world.authorityUrl, loss);
      const options = makeOptions(world, home, port);

      const { exitCode, error } = await cli(
        ...['meter', 'make', ...options, '--authority', lossy.url],
      );

      expect(lossy.isLost).toBe(true);
      expect(error).toMatchObject({ error: 'serverLink' });
      expect(exitCode).toBe(1);
    });
  });

  test('but not with another device, whose keys were not those that were certified', async () => {
    const home = await world.homeForMaking();
    const argv = ['meter', 'make', ...makeOptions(world, home, await blankPort())];
    const loss: Loss = { path: /\/certificates$/, what: 'answer' };
    await using lossy = await openLossyServer(world.authorityUrl, loss);
    await cli(...argv, '--authority', lossy.url);

    const { exitCode, error } = await cli(...argv, '--port', await blankPort());
    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'otherDevice' });

    await cliDone(...argv);
    const afterwards = await cli(...argv, '--port', await blankPort());
    expect(afterwards.error).toMatchObject({ error: 'otherDevice' });
    await cliDone(...argv);
  });
});
