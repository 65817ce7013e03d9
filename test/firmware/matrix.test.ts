/**
 * Every command in every situation: what the table of the security policy does not allow is refused by name and changes
 * nothing (requirements.md A1, A5; SECURITY.md). The table is written down by hand in tools/policy/matrix.ts.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FlashDevice } from '#emulator/flash';
import {
  type CommandName,
  commandNames,
  commandOf,
  commands,
  retiredCodes,
} from '#protocol/command';
import { appendState } from '#test/support/journal-forgery';
import { flashAt, meterWith, type TestMeter } from '#test/support/meter';
import { type RawHost, rawHost, requestWith } from '#test/support/raw-host';
import { logIn, play } from '#test/support/scenes';
import {
  complaint,
  granted,
  objection,
  overlong,
  unknownCodes,
  wellFormed,
} from '#tools/policy/matrix';
import { type Scene, scenes, title } from '#tools/policy/situations';

/** Everything that a refusal must leave alone. */
const everything = (host: RawHost, flash: FlashDevice): unknown => ({
  status: host.status(),
  flash: Buffer.from(flash.contents()).toString('base64'),
});

test('the policy names every command', () => {
  expect([...granted.keys()]).toEqual(commandNames);
});

test('no command has a code that had another meaning before', () => {
  const codes: readonly number[] = commandNames.map((name) => commands[name].code);

  expect(codes.filter((code) => (retiredCodes as readonly number[]).includes(code))).toEqual([]);
  expect(new Set([...codes, ...retiredCodes]).size).toBe(codes.length + retiredCodes.length);
});

test('every body of the matrix is one of its command', () => {
  for (const name of commandNames)
    expect(
      commandOf(name).request.encode(commandOf(name).request.decode(wellFormed[name])),
    ).toEqual(wellFormed[name]);
});

test('the situations are all that there are', () => {
  const known = new Set(
    scenes.map(({ state, lifeCycle, channel, caller }) =>
      [state, lifeCycle, channel, caller].join(),
    ),
  );

  expect(known.size).toBe(5 * 3 + 3 * 3 + 5); // test/firmware/regions.test.ts: those that can be reached
});

describe.each(scenes.map((scene) => ({ title: title(scene), scene })))('$title', ({ scene }) => {
  let meter: TestMeter;
  let host: RawHost;
  const ask = (request: Uint8Array) =>
    scene.channel === 'open' ? host.open(request) : host.sealed(request);

  beforeAll(async () => {
    [meter, host] = await play(scene);
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('is where the meter is', () => {
    const { state, lifeCycle, session } = scene;
    const caller = state === 'idle' ? session : 'nobody';

    expect(host.status()).toMatchObject({ state, lifeCycle, caller });
  });

  test.each(commandNames)('%s', (name) => {
    const refusal = objection(name, scene);
    const before = everything(host, meter.flash);

    const reply = ask(requestWith(name, refusal ? wellFormed[name] : overlong(name)));

    expect(reply).toMatchObject({
      kind: scene.channel,
      command: commands[name].code,
      status: refusal ?? complaint(name),
      state: scene.state,
    });
    expect(reply?.payload).toHaveLength(10);
    expect(everything(host, meter.flash)).toEqual(before);
  });

  test('every other code is unknown', () => {
    const before = everything(host, meter.flash);

    for (const code of unknownCodes)
      expect(ask(Uint8Array.of(code, 0))).toMatchObject({
        command: code,
        status: 'unknownCommand',
        state: scene.state,
      });

    expect(ask(new Uint8Array(0))).toMatchObject({ command: 0, status: 'unknownCommand' });
    expect(unknownCodes).toHaveLength(256 - 67);
    expect(everything(host, meter.flash)).toEqual(before);
  });
});

/** The scenes in which each command is granted, as few as there can be: what is refused changes nothing. */
const granting = new Map<Scene, CommandName[]>();
for (const name of commandNames) {
  const scene = scenes.findLast((each) => objection(name, each) === undefined) as Scene;
  granting.set(scene, [...(granting.get(scene) ?? []), name]);
}

describe.each([...granting].map(([scene, names]) => ({ title: title(scene), scene, names })))(
  'bodies of any other size, asked for when $title',
  ({ scene, names }) => {
    let meter: TestMeter;
    let host: RawHost;
    beforeAll(async () => {
      [meter, host] = await play(scene);
    });
    afterAll(() => meter[Symbol.asyncDispose]());

    test.each(names)('%s is refused and nothing changes', (name) => {
      const body = wellFormed[name];
      const wrong = [
        ...Array.from({ length: body.length }, (_, size) => body.subarray(0, size)),
        Uint8Array.of(...body, 0),
        Uint8Array.of(...body, ...new Uint8Array(200)),
        new Uint8Array(300).fill(0xff),
      ];
      const before = everything(host, meter.flash);

      for (const bytes of wrong) {
        const request = requestWith(name, bytes);
        const reply = scene.channel === 'open' ? host.open(request) : host.sealed(request);
        expect([bytes.length, reply?.status]).toEqual([bytes.length, complaint(name)]);
      }

      expect(everything(host, meter.flash)).toEqual(before);
    });
  },
);

test('a record after the end of its session is answered in clear and performs nothing', async () => {
  for (const fate of ['opened', 'closed'] as const) {
    await using meter = meterWith(await flashAt('refilled'));
    const host = rawHost(meter.board);
    logIn(host, 'user');
    if (fate === 'opened') meter.board.tamper.trigger();
    else host.sealed(requestWith('closeSession', Uint8Array.of()));
    const before = everything(host, meter.flash);

    const reply = host.sealed(requestWith('registers', Uint8Array.of()));

    expect(reply).toMatchObject({ kind: 'open', command: 0, status: 'sessionEnded' });
    expect(everything(host, meter.flash)).toEqual(before);
  }
});

test.each(['broken', 'opened'] as const)(
  'a record to a meter that came up in the error state is answered in clear (%s)',
  async (fate) => {
    const flash = await flashAt('refilled');
    if (fate === 'broken') appendState(flash, (last) => ({ ...last, credited: last.credited + 1 }));
    await using meter = meterWith(flash);
    if (fate === 'opened') meter.board.tamper.trigger();
    const host = rawHost(meter.board);

    const answer = host.exchange('sealed', requestWith('status', Uint8Array.of()));

    expect(answer).toMatchObject({ kind: 'open' });
    expect(answer?.payload.slice(0, 3)).toEqual(Uint8Array.of(0, 0x05, 0x02)); // sessionEnded
  },
);
