/** The injector of faults, what it is judged by, and a sample of all faults (`npm run faults` makes them all; docs/faults.md). */

import { beforeAll, describe, expect, test } from 'vitest';
import { encodeRequest } from '#protocol/dispatch';
import { mills } from '#protocol/mills';
import { newestState, storedContent } from '#test/support/journal-forgery';
import { letter } from '#test/support/mail';
import { FUNDS, flashAt, meterAt } from '#test/support/meter';
import { rawHost } from '#test/support/raw-host';
import { type Aftermath, violationsOf } from './aftermath.ts';
import { user } from './approach.ts';
import { type Attack, NOTHING } from './attack.ts';
import { attacks } from './attacks.ts';
import { runAttack } from './campaign.ts';
import { createInjector, type Injector } from './injector.ts';
import { judge, prepare } from './run.ts';
import { instrument } from './sites.ts';

/** Every so many faults of each attack. */
const SAMPLE = 400;

let injector: Injector;
beforeAll(async () => {
  injector = await createInjector();
});

describe('a place', () => {
  const map = JSON.stringify({ version: 3, sources: ['a.js'], names: [], mappings: 'AAAA' });
  const placesOf = (body: string) =>
    instrument(body, map, () => true).sites.map(({ kind, text }) => `${kind} ${text}`);

  test.each([
    ['if(a)b()', ['invert a', 'skip b()']],
    ['if(c(),a)b', ['invert a', 'skip c()']],
    ['a&&b();', ['invert a', 'invert b()', 'skip b()']],
    ['x=a===b||c<d', ['invert a===b', 'invert c<d']],
    ['for(;a;)b', ['invert a']],
    ['x=a?.b().c()', []],
    ['x=a+b', []],
  ])('of %s is a condition or a call', (body, places) => {
    expect(placesOf(body).sort()).toEqual([...places].sort());
  });

  test('does what it did for as long as no fault strikes', () => {
    const body = 'f=(a,b)=>a===b?g(a)&&!g(b):g(a)||(g(b),b>a)';
    const { body: switched } = instrument(body, map, () => true);
    const run = (source: string): unknown =>
      new Function('hardware', 'g', `let f;${source};return [[1,1],[1,2],[2,1]].map(p=>f(...p))`)(
        { faults: { strikes: () => 0 } },
        (x: number) => x > 1,
      );

    expect(run(switched)).toEqual(run(body));
  });
});

test('every source of firmware and protocol that judges has places in the image', () => {
  const files = new Set(injector.sites.map(({ file }) => file));

  for (const file of [
    'protocol/documents/signed-document.ts',
    'protocol/documents/refill.ts',
    'protocol/dispatch.ts',
    'protocol/handshake.ts',
    'firmware/registers.ts',
    'firmware/vault.ts',
    'firmware/double-check.ts',
    'firmware/services/refill.ts',
    'firmware/services/indicium.ts',
    'firmware/services/access.ts',
  ])
    expect(files).toContain(file);
});

describe('what is left behind', () => {
  const attack = { name: 'any', allowed: NOTHING, isStranger: true } as unknown as Attack;
  let sound: Aftermath;
  let token: Awaited<ReturnType<typeof printed>>;
  beforeAll(async () => {
    const state = newestState((await flashAt('refilled')).contents());
    token = await printed();
    sound = {
      before: state,
      after: state,
      replies: [],
      caller: 'nobody',
      indiciumKey: token.indiciumKey,
    };
  });

  async function printed() {
    await using meter = await meterAt('refilled');
    const host = rawHost(meter.board);
    user(host);
    const reply = host.sealed(encodeRequest('createIndicium', letter(1)));
    const { indiciumPublicKey: indiciumKey } = storedContent(meter.flash);
    return { reply, indiciumKey, after: newestState(meter.flash.contents()) };
  }

  test('of a meter that refused is nothing', () => {
    expect(violationsOf(attack, sound)).toEqual([]);
  });

  test.each<[string, (sound: Aftermath) => Partial<Aftermath>]>([
    [
      'were credited',
      ({ after }) => ({
        after: { ...after, descending: mills(FUNDS + 5), credited: mills(FUNDS + 5) },
      }),
    ],
    ['was paid for', ({ after }) => ({ after: { ...after, descending: mills(FUNDS + 5) } })],
    ['ascending register fell', ({ before }) => ({ before: { ...before, ascending: mills(5) } })],
    ['an indicium left that must not', () => ({ replies: [token.reply] })],
    ['not one that was charged', () => ({ replies: [token.reply] })],
    ['were charged', () => ({ replies: [token.reply] })],
    ['is logged in', () => ({ caller: 'user' })],
    [
      'it was let in',
      ({ replies }) => ({
        replies: [
          ...replies,
          { kind: 'sealed', command: 0, status: 'ok', state: 'idle', payload: new Uint8Array(4) },
        ],
      }),
    ],
    [
      'without being counted',
      () => ({
        replies: [
          {
            kind: 'sealed',
            command: 0,
            status: 'passwordWrong',
            state: 'idle',
            payload: new Uint8Array(4),
          },
        ],
      }),
    ],
    ['userTries went from', ({ before }) => ({ before: { ...before, userTries: 3 } })],
    ['storeGeneration went from', ({ after }) => ({ after: { ...after, storeGeneration: 77 } })],
    [
      'the lock locked is gone',
      ({ before }) => ({ before: { ...before, locks: { ...before.locks, locked: true } } }),
    ],
  ])('is judged: %s', (complaint, change) => {
    const found = violationsOf(attack, { ...sound, ...change(sound) });

    expect(found.join('; ')).toContain(complaint);
  });

  test('of a piece that was allowed and charged is nothing', () => {
    const found = violationsOf(
      { ...attack, allowed: { pieces: 1 }, isStranger: false },
      { ...sound, after: token.after, replies: [token.reply] },
    );

    expect(found).toEqual([]);
  });
});

test('a forged authorisation whose signature is found right by one fault stops the meter', async () => {
  const forgery = attacks.find(({ name }) => name === 'an authorisation that somebody else signed');
  const scene = await prepare(forgery as Attack, injector);
  const verdicts = scene.trials.filter(({ site }) => {
    const { file, kind, text } = injector.sites[site] ?? { file: '', kind: '', text: '' };
    return (
      file === 'protocol/documents/signed-document.ts' && kind === 'invert' && /^\w+\(/.test(text)
    );
  });
  expect(verdicts.length).toBeGreaterThan(0);

  for (const trial of verdicts) expect(judge(scene, injector, trial).outcome).toBe('stopped');
});

test.each(attacks.map((attack) => [attack.name, attack] as const))(
  'a fault anywhere while there is %s gives nothing away (a sample)',
  async (_name, attack) => {
    const { trials, violations } = await runAttack(
      attack,
      injector,
      (_, place) => place % SAMPLE === 7,
    );

    expect(trials).toBeGreaterThan(0);
    expect(violations).toEqual([]);
  },
);

test.each([
  ['a password where no try is left', 'firmware/services/access.ts'],
  ['a session under a key that the meter does not know', 'protocol/handshake.ts'],
  ['another piece under the same number', 'firmware/services/indicium.ts'],
  ['a wrong password', 'firmware/journal-ring.ts'],
])('all faults while there is %s, in %s, where one once gave something', async (name, file) => {
  const attack = attacks.find((each) => each.name === name) as Attack;

  const { trials, violations } = await runAttack(
    attack,
    injector,
    ({ site }) => injector.sites[site]?.file === file,
  );

  expect(trials).toBeGreaterThan(10);
  expect(violations).toEqual([]);
});
