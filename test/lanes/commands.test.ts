/**
 * The commands as a person types them, each in a process of its own, the meter on a serial line: the way of the README, the
 * end of servers, and a meter that loses its power while it prints (requirements.md F4, H4, B3). Linux.
 */

import { readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startVirtualPrinter } from '#emulator/printer/virtual-printer';
import {
  cliDone,
  cliProcess,
  cliRunning,
  makeOptions,
  openWorld,
  type Running,
  type Said,
  type World,
} from '#test/support/cli';
import { issueAll, killPlan, provedPieces } from '#test/support/issuing';
import { temporaryFolder } from '#test/support/temporary-folder';

const seed = process.env['TESSERA_SEED'] ?? String(Date.now());
const SLOW_MS = 300_000;

/** A command in a process, and the last thing it said; it fails where the command does. */
async function typed(env: Record<string, string>, ...argv: readonly string[]): Promise<Said> {
  const { exitCode, stdout } = await cliProcess(['--json', ...argv], env);
  expect(exitCode, `${argv.join(' ')}: ${stdout}`).toBe(0);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Said;
}

test(
  'from nothing to a verified label, and every server ends within two seconds when it is told to',
  async () => {
    const lab = temporaryFolder();
    const env = {
      TESSERA_HOME: join(lab, 'home'),
      TESSERA_USER_PASSWORD: 'a password of the user',
      TESSERA_OFFICER_PASSWORD: 'a password of the officer',
    };
    const servers: Running[] = [];
    onTestFinished(async () => {
      for (const server of servers) await server[Symbol.asyncDispose]();
    });
    const serving = async (...argv: readonly string[]): Promise<Said> => {
      const server = await cliRunning(...argv);
      servers.push(server);
      return server.ready;
    };
    const [authorityPath, providerPath] = [join(lab, 'authority'), join(lab, 'provider')];
    const authorityToken = ['--authority-token', join(authorityPath, 'token')];
    const providerToken = ['--provider-token', join(providerPath, 'token')];

    await typed(env, 'authority', 'init', '--dir', authorityPath);
    const authority = await serving('authority', 'serve', '--dir', authorityPath, '--port', '0');
    const atAuthority = ['--authority', `${authority['url']}`, ...authorityToken];
    await typed(env, 'provider', 'init', '--dir', providerPath, ...atAuthority);
    const provider = await serving('provider', 'serve', '--dir', providerPath, '--port', '0');
    const atProvider = ['--provider', `${provider['url']}`, ...providerToken];
    await typed(env, 'provider', 'buy', '--amount', '10000', ...atProvider);
    await typed(env, 'provider', 'customer', '--name', 'Desk', ...atProvider);
    await typed(env, 'provider', 'pay', '--customer', '1', '--amount', '250', ...atProvider);

    const line = join(lab, 'ttyMeter');
    const meter = await serving('emulate', '--dir', join(lab, 'meter'), '--pty', line);
    expect(meter['serial']).toBe(`serial:${line}`);
    const paper = join(lab, 'paper');
    const printer = await serving('printer', '--tcp', '0', '--out', paper);
    await typed(env, 'meter', 'make', '--port', `serial:${line}`, ...atAuthority);
    const registration = ['--customer', '1', '--zip', '20260', ...authorityToken, ...atProvider];
    await typed(env, 'meter', 'register', ...registration);
    await typed(env, 'meter', 'refill', '--amount', '100');
    const out = join(lab, 'out');
    const printing = [
      '--printer',
      `${printer['address']}`,
      '--profile',
      'epson-80mm',
      '--out',
      out,
    ];
    const printed = await typed(env, 'print', '--postage', '0.78', '--service', '1', ...printing);
    const [page] = readdirSync(paper).filter((name) => name.endsWith('.png'));
    const verdict = await typed(env, 'verify', join(paper, page ?? ''), ...authorityToken);
    const second = await cliProcess(['verify', join(out, 'label.png'), ...authorityToken], env);
    const inspection = await typed(env, 'meter', 'inspect');
    const condition = await cliProcess(['--json', 'meter', 'condition'], env);

    expect(printed).toMatchObject({ outcome: 'confirmed', pieceCount: 1, descendingMills: 99_220 });
    expect(verdict).toMatchObject({ accepted: true, evidence: printed['indicium'] });
    expect(second.exitCode).toBe(1);
    expect(second.stdout).toMatch(/^NOT ACCEPTED.*\n(?:.*\n)* {2}fail {4}duplicate: /);
    expect(inspection).toMatchObject({
      accepted: true,
      order: { action: 'lock', reason: 'duplicate' },
    });
    expect(condition.exitCode).toBe(1);
    expect(JSON.parse(condition.stdout)).toMatchObject({ locks: { locked: true } });
    for (const server of servers) {
      const { exitCode, signal, durationMs } = await server.end('SIGTERM');
      expect({ exitCode, signal }).toEqual({ exitCode: 0, signal: null });
      expect(durationMs).toBeLessThan(2_000);
    }
    expect(readdirSync(lab)).not.toContain('ttyMeter');
  },
  SLOW_MS,
);

test('emulate -c on a serial line tells its command the way to the meter', async () => {
  const line = join(temporaryFolder(), 'ttyMeter');

  const { exitCode, stdout } = await cliProcess([
    ...['emulate', '--pty', line, '-c'],
    'echo "$TESSERA_PORT $TESSERA_SERIAL $TESSERA_TCP"; test -c "$' + '{TESSERA_PORT#serial:}"',
  ]);

  expect(exitCode).toBe(0);
  expect(stdout).toBe(
    `meter (not made yet) is on serial:${line}\nserial:${line} serial:${line} \n`,
  );
});

describe(`a meter that loses its power (TESSERA_SEED=${seed})`, () => {
  let world: World;
  let emulator: Running;
  let home: string;
  let port: string;
  let asUser: readonly string[];
  const directory = (): string => join(world.folder, 'meter');
  const line = (): string => join(world.folder, 'ttyMeter');

  beforeAll(async () => {
    world = await openWorld();
    await switchOn();
    home = await world.homeForMaking();
    port = `serial:${line()}`;
    await world.makeRefilled(home, port);
    await cliDone('meter', 'refill', '--amount', '150', '--home', home, ...userPassword());
    asUser = ['--home', home, ...userPassword()];
  }, 60_000);
  afterAll(async () => {
    await emulator[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  const userPassword = () => ['--password-file', world.passwordFiles.user];

  async function switchOn(): Promise<void> {
    emulator = await cliRunning('emulate', '--dir', directory(), '--pty', line());
  }

  /** kill -9, and the same directory again. */
  async function loseAndRegainPower(): Promise<void> {
    await emulator.end('SIGKILL');
    await switchOn();
  }

  const registers = async (): Promise<Said> =>
    (await cliDone('meter', 'registers', ...asUser)).figures('registers');

  test(
    'while many labels are issued loses none and doubles none',
    async () => {
      const count = 200;
      const kills = 6;
      const plan = killPlan(seed, kills, count);
      const passwordFile = world.passwordFiles.user;

      const starts = await issueAll(
        { port, home, passwordFile, meterDirectory: directory(), count },
        plan,
        loseAndRegainPower,
      );

      process.stdout.write(`${JSON.stringify({ lane: 'commands', seed, plan, starts })}\n`);
      expect(starts).toBe(kills + 1);
      const again = await cliDone('meter', 'make', ...makeOptions(world, home, port));
      const pieces = provedPieces(home, again.figures('made')['indicium'] as Uint8Array);
      expect(pieces.map(({ pieceCount }) => pieceCount)).toEqual(
        Array.from({ length: count }, (_, index) => index + 1),
      );
      expect(await registers()).toMatchObject({
        ascendingMills: count * 780,
        descendingMills: 250_000 - count * 780,
        pieceCount: count,
      });
    },
    SLOW_MS,
  );

  test(
    'while tessera print charges: the same reference again is the same piece, paid once',
    async () => {
      const before = await registers();
      const rounds = 4;
      let lost = 0;
      for (let round = 1; round <= rounds; round++) {
        const piece = ['--postage', '0.78', '--service', '1', '--reference', `label ${round}`];
        const argv = ['print', ...piece, '--out', temporaryFolder(), ...asUser];
        const written = Promise.withResolvers<void>();
        const flash = watch(join(directory(), 'flash.bin'), () => written.resolve());
        const printing = cliProcess(argv);
        await written.promise;
        flash.close();
        await loseAndRegainPower();
        const first = await printing;
        if (first.exitCode !== 0) lost += 1;

        const again = await cliProcess(argv);

        expect(again.exitCode, again.stderr).toBe(0);
        expect(await registers()).toMatchObject({
          ascendingMills: (before['ascendingMills'] as number) + round * 780,
          pieceCount: (before['pieceCount'] as number) + round,
        });
      }
      expect(lost).toBeGreaterThan(0);
    },
    SLOW_MS,
  );

  test(
    'a printer that runs out of paper in the middle: the piece is paid and kept, and printed again without a charge',
    async () => {
      await using printer = await startVirtualPrinter();
      const before = await registers();
      const piece = ['--postage', '0.78', '--service', '1', '--reference', 'last on the roll'];
      const where = ['--printer', printer.address, '--profile', 'epson-80mm'];
      printer.fault({ kind: 'paperOut', afterRows: 100 });
      const first = await cliProcess(['print', ...piece, ...where, ...asUser]);
      expect(first.exitCode).toBe(1);
      expect(first.stderr).toContain('Put in paper.');
      expect(first.stderr).toContain('print --reprint "last on the roll"');
      printer.powerCycle();
      printer.clearFaults();

      const refused = await cliProcess(['print', ...piece, ...where, ...asUser]);
      const reprint = ['--reprint', 'last on the roll'];
      const again = await cliProcess(['print', ...reprint, ...where, ...asUser]);

      expect(refused.exitCode).toBe(1);
      expect(again.exitCode).toBe(0);
      expect(again.stdout).toContain('once more, nothing charged; printed, says the printer');
      expect(await registers()).toMatchObject({
        ascendingMills: (before['ascendingMills'] as number) + 780,
        pieceCount: (before['pieceCount'] as number) + 1,
      });
    },
    SLOW_MS,
  );
});
