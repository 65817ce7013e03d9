/**
 * A thousand indicia in a row, the meter and its host in two processes on a serial line, the host killed and started again
 * in the middle (requirements.md B3, F1).
 */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cliDone, cliRunning, makeOptions, openWorld } from '#test/support/cli';
import { issueAll, killPlan, provedPieces } from '#test/support/issuing';

const COUNT = 1_000;
const KILLS = 8;
const TIMEOUT_MS = 400_000;
const seed = process.env['TESSERA_SEED'] ?? String(Date.now());

test(
  `${COUNT} indicia, the host killed ${KILLS} times (TESSERA_SEED=${seed}): none lost, none doubled`,
  async () => {
    await using world = await openWorld();
    await cliDone('provider', 'pay', '--customer', '1', '--amount', '1000', ...world.atProvider);
    const path = join(world.folder, 'ttyMeter');
    const meterDirectory = join(world.folder, 'meter');
    await using _emulator = await cliRunning('emulate', '--dir', meterDirectory, '--pty', path);
    const port = `serial:${path}`;
    const home = await world.homeForMaking();
    await world.makeRefilled(home, port);
    const passwordFile = world.passwordFiles.user;
    const asUser = ['--home', home, '--password-file', passwordFile];
    await cliDone('meter', 'refill', '--amount', '900', ...asUser);
    const plan = killPlan(seed, KILLS, COUNT);

    const startMs = performance.now();
    const starts = await issueAll(
      { port, home, passwordFile, meterDirectory, count: COUNT },
      plan,
      (host) => void host.kill('SIGKILL'),
    );
    const durationMs = Math.round(performance.now() - startMs);

    const figures = { seed, plan, starts, durationMs, perPieceMs: durationMs / COUNT };
    process.stdout.write(`${JSON.stringify({ lane: 'thousand', ...figures })}\n`);
    expect(starts).toBe(KILLS + 1);
    const again = await cliDone('meter', 'make', ...makeOptions(world, home, port));
    const pieces = provedPieces(home, again.figures('made')['indicium'] as Uint8Array);
    expect(pieces.map(({ pieceCount }) => pieceCount)).toEqual(
      Array.from({ length: COUNT }, (_, index) => index + 1),
    );
    expect(pieces.map(({ ascending }) => ascending)).toEqual(
      Array.from({ length: COUNT }, (_, index) => (index + 1) * 780),
    );
    const registers = (await cliDone('meter', 'registers', ...asUser)).figures('registers');
    expect(registers).toMatchObject({
      ascendingMills: COUNT * 780,
      descendingMills: 1_000_000 - COUNT * 780,
      controlSumMills: 1_000_000,
      pieceCount: COUNT,
    });
  },
  TIMEOUT_MS,
);
