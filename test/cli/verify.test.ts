/** `tessera verify`: whatever is held before it gets a verdict or a reason, and a second sight is reported (requirements.md C8). */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex } from '@noble/hashes/utils.js';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli, cliDone, type MeterAtHand, openWorld, type World } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';

let world: World;
let meter: MeterAtHand;
beforeAll(async () => {
  world = await openWorld();
  meter = await world.refilledMeter();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});

/** The folder with the files of a new label. */
async function newLabel(): Promise<string> {
  const out = temporaryFolder();
  const piece = ['--postage', '0.78', '--service', '1', '--out', out];
  await cliDone('print', ...piece, ...meter.asUser);
  return out;
}

const verify = (evidence: string) => cli('verify', evidence, ...world.atAuthority);

const outcomeOf = (verdict: Record<string, unknown>, name: string): string | undefined =>
  (verdict['checks'] as { name: string; outcome: string }[]).find((check) => check.name === name)
    ?.outcome;

describe('a good label is accepted once', () => {
  test.each<[string, (out: string) => string]>([
    ['as a picture', (out) => join(out, 'label.png')],
    ['as a file with the bytes of its symbol', (out) => join(out, 'indicium.bin')],
    ['in hexadecimal', (out) => bytesToHex(readFileSync(join(out, 'indicium.bin')))],
    ['in capitals', (out) => bytesToHex(readFileSync(join(out, 'indicium.bin'))).toUpperCase()],
  ])('%s', async (_, evidenceIn) => {
    const out = await newLabel();

    const first = await verify(evidenceIn(out));
    const second = await verify(evidenceIn(out));

    expect(first.exitCode).toBe(0);
    expect(first.figures('verdict')).toMatchObject({
      accepted: true,
      evidence: Uint8Array.from(readFileSync(join(out, 'indicium.bin'))),
      postageMills: 780,
    });
    expect(second.exitCode).toBe(1);
    expect(second.figures('verdict')).toMatchObject({
      accepted: false,
      firstSeenMs: expect.any(Number),
    });
    expect(outcomeOf(second.figures('verdict'), 'duplicate')).toBe('fail');
    expect(outcomeOf(second.figures('verdict'), 'signature')).toBe('pass');
  });
});

test('a label that was changed is not accepted, and is not taken for the good one that comes later', async () => {
  const out = await newLabel();
  const good = readFileSync(join(out, 'indicium.bin'));
  const postage = 27;
  const changed = join(out, 'changed.bin');
  writeFileSync(changed, good.with(postage, (good[postage] as number) ^ 1));

  const forged = await verify(changed);
  const genuine = await verify(join(out, 'label.png'));

  expect(forged.exitCode).toBe(1);
  expect(outcomeOf(forged.figures('verdict'), 'signature')).toBe('fail');
  expect(genuine.exitCode).toBe(0);
});

test('a label of a meter of another authority is not accepted', async () => {
  await using other = await openWorld();
  const { asUser } = await other.refilledMeter();
  const out = temporaryFolder();
  await cliDone('print', '--postage', '0.78', '--service', '1', '--out', out, ...asUser);

  const { exitCode, figures } = await verify(join(out, 'label.png'));

  expect(exitCode).toBe(1);
  expect(figures('verdict')).toMatchObject({ accepted: false });
});

test('a specimen has no value', async () => {
  const out = temporaryFolder();
  const specimen = ['--preview', '--postage', '0.78', '--service', '1', '--out', out];
  await cliDone('print', ...specimen, '--home', meter.home);

  const { exitCode, figures } = await verify(join(out, 'specimen.png'));

  expect(exitCode).toBe(1);
  expect(figures('verdict')).toMatchObject({ accepted: false });
});

describe('what is no label has a reason', () => {
  const white = encode({
    width: 200,
    height: 200,
    channels: 1,
    data: new Uint8Array(40_000).fill(255),
  });

  test.each<[string, (folder: string) => string, string, RegExp]>([
    ['no such file', (folder) => join(folder, 'none.png'), 'fileMissing', /is not there/],
    ['a folder', (folder) => folder, 'fileMissing', /is a folder/],
    ['hexadecimal with a letter too many', () => `${'00'.repeat(128)}g`, 'fileMissing', /^E/],
    ['an empty file', write('x', new Uint8Array()), 'fileEmpty', /is empty/],
    ['a picture without a symbol', write('white.png', white), 'noSymbol', /no Data Matrix symbol/],
    ['a picture cut off', write('cut.png', white.subarray(0, 60)), 'picture', /damaged|picture/],
    ['a picture of another kind', write('a.pdf', large('%PDF-1.7')), 'picture', /not a PNG, JPEG/],
    ['garbage of the size of a picture', write('x', large('garbage')), 'picture', /not a PNG/],
  ])('%s', async (_, prepare, reason, message) => {
    const { exitCode, said, error } = await verify(prepare(temporaryFolder()));

    expect(exitCode).toBe(1);
    expect(said).toHaveLength(1);
    expect(error).toMatchObject({ error: reason, message: expect.stringMatching(message) });
  });

  test.each<[string, (folder: string) => string]>([
    ['garbage of the size of an indicium', write('x', new Uint8Array(128).fill(7))],
    ['garbage in hexadecimal', () => '07'.repeat(128)],
    ['one byte', write('x', Uint8Array.of(0x54))],
  ])('%s gets a verdict: not accepted', async (_, prepare) => {
    const { exitCode, figures } = await verify(prepare(temporaryFolder()));

    expect(exitCode).toBe(1);
    expect(figures('verdict')).toMatchObject({ accepted: false });
    expect(outcomeOf(figures('verdict'), 'structure')).toBe('fail');
  });

  /** Writes a file in a folder, and gives its path. */
  function write(name: string, content: Uint8Array): (folder: string) => string {
    return (folder) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
  }

  function large(beginning: string): Uint8Array {
    return Buffer.concat([Buffer.from(beginning), Buffer.alloc(2_000, 'x')]);
  }
});

test('what was found can be listed: the label that was seen twice', async () => {
  const label = join(await newLabel(), 'label.png');
  await verify(label);
  await verify(label);

  const { exitCode, said } = await cli('authority', 'findings', ...world.atAuthority);

  expect(exitCode).toBe(0);
  expect(said.filter(({ kind }) => kind === 'duplicate').length).toBeGreaterThan(0);
});
