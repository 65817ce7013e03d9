/** Spoiled pieces from the claim to the refill, with the real provider and authority (requirements.md B7, F7; R20, R21). */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli, cliDone, type MeterAtHand, openWorld, type World } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';
import { openLossyServer } from './lossy-server.ts';

let world: World;
let meter: MeterAtHand;
/** Enough is spent that all pieces of these tests stay below one percent of it. */
const SPENT = '90';

beforeAll(async () => {
  world = await openWorld();
  meter = await world.refilledMeter();
  await cliDone('provider', 'pay', '--customer', '1', '--amount', '500', ...world.atProvider);
  for (let piece = 0; piece < 4; piece++) {
    const spent = ['--service', '100', '--postage', SPENT];
    await cliDone('print', ...meter.asUser, '--out', join(world.folder, 'out'), ...spent);
    await cliDone('meter', 'refill', '--amount', SPENT, ...meter.asUser);
  }
}, 60_000);
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});

const print = (...options: readonly string[]) =>
  cliDone('print', ...meter.asUser, '--out', temporaryFolder(), ...options);
const spoilage = (...words: readonly string[]) =>
  cli('spoilage', ...words, '--home', meter.home, ...world.atProvider);
const registers = async () =>
  (await cliDone('meter', 'registers', ...meter.asUser)).figures('registers');

describe('a spoiled piece', () => {
  test('is claimed, refunded, and its postage comes back into the meter', async () => {
    await print('--service', '1', '--reference', 'torn');
    const before = await registers();

    const submitted = await spoilage('submit', 'torn');
    const status = await spoilage('status');
    const refill = ['meter', 'refill', '--kind', 'spoilage', ...meter.asUser];
    const refilled = await cli(...refill, ...world.atProvider.slice(2));
    const again = await cli(...refill, ...world.atProvider.slice(2));

    expect(submitted.exitCode).toBe(0);
    expect(submitted.figures('claim')).toMatchObject({
      state: 'refunded',
      approvedMills: 780,
      pieces: [{ piece: before['pieceCount'], amountMills: 780, state: 'refunded' }],
    });
    expect(status.said).toMatchObject([{ reference: 'torn', state: 'refunded' }]);
    expect(refilled.figures('refilled')).toMatchObject({
      kind: 'spoilage',
      amountMills: 780,
      spoilageCreditedMills: 780,
      descendingMills: (before['descendingMills'] as number) + 780,
    });
    expect(again.error).toMatchObject({ error: 'nothingApproved' });
  });

  test('is never printed again, and claimed once', async () => {
    const printed = await cli(
      ...['print', ...meter.asUser, '--service', '1', '--out', temporaryFolder()],
      ...['--reference', 'torn'],
    );
    const reprinted = await cli(
      ...['print', ...meter.asUser, '--reprint', 'torn', '--out', temporaryFolder()],
    );
    const again = await spoilage('submit', 'torn');

    for (const { error } of [printed, reprinted])
      expect(error).toMatchObject({
        error: 'journal',
        message: expect.stringContaining('spoiled'),
      });
    expect(again.said).toMatchObject([{ event: 'nothingNew', pieces: 1 }]);
  });

  test('that was seen in the mail is rejected, with the reason', async () => {
    const printed = await print('--service', '1', '--reference', 'mailed after all');
    const indicium = Buffer.from(printed.figures('printed')['indicium'] as Uint8Array).toString(
      'hex',
    );
    await cliDone(
      'verify',
      indicium,
      '--authority',
      world.authorityUrl,
      '--authority-token',
      world.authorityTokenFile,
    );

    const { exitCode, figures } = await spoilage('submit', '--indicium', indicium);

    expect(exitCode).toBe(1);
    expect(figures('claim')).toMatchObject({
      state: 'rejected',
      approvedMills: 0,
      pieces: [{ state: 'rejected', rejection: 'scanned' }],
    });
  });

  test('that nobody printed here, or that is no indicium, is refused', async () => {
    expect((await spoilage('submit', 'nobody')).error).toMatchObject({ error: 'journal' });
    expect((await spoilage('submit', '--indicium', '00')).exitCode).not.toBe(0);
    expect((await spoilage('submit')).exitCode).toBe(2);
  });

  test('whose claim had no answer is claimed once', async () => {
    await print('--service', '10', '--reference', 'lost answer');
    const claims = (await spoilage('list')).said.length;
    const loss = { path: /\/claims$/, what: 'answer' } as const;
    await using lossy = await openLossyServer(world.providerUrl, loss);
    const first = await cli(
      ...['spoilage', 'submit', 'lost answer', '--home', meter.home],
      ...['--provider', lossy.url, ...world.atProvider.slice(2)],
    );

    const again = await spoilage('submit', 'lost answer');
    const after = await spoilage('list');

    expect(first).toMatchObject({ exitCode: 1, error: { error: 'serverLink' } });
    expect(again.exitCode).toBe(0);
    expect(after.said).toHaveLength(claims + 1);
    expect((await spoilage('status')).said).toContainEqual(
      expect.objectContaining({ reference: 'lost answer', state: 'refunded' }),
    );
  });
});

test('the spoiled pieces of a job are claimed together and followed', async () => {
  const folder = temporaryFolder();
  const [list, job] = [join(folder, 'list.csv'), join(folder, 'job')];
  writeFileSync(
    list,
    `reference,service,destination\n${'abc'
      .split('')
      .map((name) => `${name},10,\n`)
      .join('')}`,
  );
  await cliDone('batch', 'run', job, '--list', list, '--no-print', ...meter.asUser);
  await cliDone('batch', 'spoil', job, 'b', '--reason', 'coffee');
  const unclaimed = await spoilage('status', '--job', job);

  const submitted = await spoilage('submit', '--job', job, '--reason', 'damaged');
  const status = await spoilage('status', '--job', job);
  const listed = await cliDone('provider', 'claims', '--customer', '1', ...world.atProvider);

  expect(unclaimed.said).toMatchObject([{ reference: 'b', state: 'notClaimed' }]);
  expect(submitted.figures('claim')).toMatchObject({ state: 'refunded', approvedMills: 620 });
  expect(status.said).toMatchObject([{ reference: 'b', state: 'refunded' }]);
  expect(listed.said.at(-1)).toMatchObject({ event: 'claim', approvedMills: 620, pieces: 1 });
});
