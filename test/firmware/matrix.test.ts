/**
 * Every command in every situation: what the table of the security policy does not allow is refused by name and changes
 * nothing (requirements.md A1, A5; SECURITY.md). The table is written down here a second time, by hand.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import type { FlashDevice } from '#emulator/flash';
import {
  type CommandName,
  commandNames,
  commandOf,
  commands,
  retiredCodes,
} from '#protocol/command';
import {
  signWithdrawalAuthorisation,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import type { LifeCycleName, Role } from '#protocol/state';
import type { StatusName } from '#protocol/status';
import { appendState } from '#test/support/journal-forgery';
import {
  flashAfter,
  flashAt,
  meterWith,
  passwords,
  providerKeys,
  type Stage,
  type TestMeter,
} from '#test/support/meter';
import { type RawHost, rawHost, requestWith } from '#test/support/raw-host';

/** An x where it may be asked for: in clear · in the states · in the life cycles · by the callers. */
const policy = `
                      clear uninitialized idle error  blank keyed made registered withdrawing zeroized tampered withdrawn  nobody user cryptoOfficer
status                x     x             x    x      x     x     x    x          x           x        x        x          x      x    x
condition             x     x             x    -      x     x     x    x          x           x        x        x          x      x    x
version               x     x             x    x      x     x     x    x          x           x        x        x          x      x    x
selfTest              x     x             -    -      x     x     x    x          x           x        x        x          x      -    -
certificates          x     x             x    -      x     x     x    x          x           x        x        x          x      x    x
openSession           x     x             x    -      x     x     x    x          x           -        -        -          x      x    x
confirmSession        x     x             x    -      x     x     x    x          x           -        -        -          x      x    x
closeSession          -     x             x    -      x     x     x    x          x           -        -        -          x      x    x
logIn                 -     x             -    -      -     -     x    x          x           -        -        -          x      -    -
logOut                -     -             x    -      -     -     x    x          x           -        -        -          -      x    x
changePassword        -     -             x    -      -     -     x    x          x           -        -        -          -      x    x
resetUserPassword     -     -             x    -      -     -     x    x          x           -        -        -          -      -    x
initialize            -     x             -    -      x     x     -    -          -           -        -        -          x      -    -
installCertificates   -     x             -    -      -     x     -    -          -           -        -        -          x      -    -
register              -     -             x    -      -     -     x    x          -           -        -        -          -      -    x
installRateTable      -     -             x    -      -     -     x    x          x           -        -        -          -      x    x
rateTables            -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
licence               -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
registers             -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
refillRequest         -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
refillCommit          -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
createIndicium        -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
reprintIndicium       -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
testPrint             -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
resetBatch            -     -             x    -      -     -     -    x          -           -        -        -          -      x    -
inspectionReport      -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
acknowledgeInspection -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
readLog               -     x             x    -      -     -     x    x          x           -        -        -          x      x    x
applyLockOrder        x     x             x    -      -     -     x    x          x           -        -        -          x      x    x
challengeClock        x     x             x    -      -     -     x    x          x           -        -        -          x      x    x
setClock              x     x             x    -      -     -     x    x          x           -        -        -          x      x    x
withdrawalRequest     -     -             x    -      -     -     -    x          x           -        -        -          -      -    x
withdrawalCommit      -     -             x    -      -     -     -    -          x           -        -        -          -      -    x
withdrawalReport      x     x             -    -      -     -     -    -          -           -        -        x          x      x    x
zeroize               -     -             x    -      -     -     x    x          x           -        -        -          -      -    x
`;

const [columns = [], ...rows] = policy
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));
const granted = new Map(
  rows.map(([name, ...marks]) => [name, columns.filter((_, at) => marks[at] === 'x')] as const),
);

interface Situation {
  readonly state: 'uninitialized' | 'idle' | 'error';
  readonly channel: 'open' | 'sealed';
  readonly lifeCycle: LifeCycleName;
  readonly caller: 'nobody' | Role;
}

/** The first thing that stands against a command; undefined where the policy grants it. */
function objection(name: CommandName, situation: Situation): StatusName | undefined {
  const { state, channel, lifeCycle, caller } = situation;
  const grants = granted.get(name) ?? [];
  if (!grants.includes(state)) return 'wrongState';
  if (channel === 'open' && !grants.includes('clear')) return 'sessionRequired';
  if (!grants.includes(lifeCycle)) return 'wrongLifeCycle';
  if (!grants.includes(caller)) return 'wrongRole';
  return undefined;
}

/** Bytes of a body that has the layout of its command, as far as the layout fixes them. */
const wellFormed: Readonly<Record<CommandName, Uint8Array>> = {
  status: Uint8Array.of(),
  condition: Uint8Array.of(),
  version: Uint8Array.of(),
  selfTest: Uint8Array.of(),
  certificates: Uint8Array.of(),
  openSession: new Uint8Array(80),
  confirmSession: new Uint8Array(96),
  closeSession: Uint8Array.of(),
  logIn: Uint8Array.of(8, ...new Uint8Array(8)),
  logOut: Uint8Array.of(),
  changePassword: Uint8Array.of(8, ...new Uint8Array(8), 8, ...new Uint8Array(8).fill(1)),
  resetUserPassword: Uint8Array.of(8, ...new Uint8Array(8), 0),
  initialize: Uint8Array.of(
    ...new Uint8Array(74),
    8,
    ...new Uint8Array(8),
    8,
    ...new Uint8Array(8),
  ),
  installCertificates: new Uint8Array(4),
  register: new Uint8Array(212),
  installRateTable: new Uint8Array(90),
  rateTables: Uint8Array.of(),
  licence: Uint8Array.of(),
  registers: Uint8Array.of(),
  refillRequest: new Uint8Array(8),
  refillCommit: new Uint8Array(128),
  createIndicium: new Uint8Array(34),
  reprintIndicium: new Uint8Array(8),
  testPrint: new Uint8Array(1),
  resetBatch: Uint8Array.of(),
  inspectionReport: new Uint8Array(16),
  acknowledgeInspection: new Uint8Array(126),
  readLog: new Uint8Array(4),
  applyLockOrder: new Uint8Array(96),
  challengeClock: Uint8Array.of(),
  setClock: new Uint8Array(106),
  withdrawalRequest: Uint8Array.of(),
  withdrawalCommit: new Uint8Array(107),
  withdrawalReport: Uint8Array.of(),
  zeroize: Uint8Array.of(),
};

/** What is said to bytes that are no body of a command: those that end with a document say it of the document. */
const malformed: Partial<Record<CommandName, StatusName>> = {
  confirmSession: 'authenticationFailed',
  register: 'documentMalformed',
  installRateTable: 'documentMalformed',
  refillCommit: 'documentMalformed',
  acknowledgeInspection: 'documentMalformed',
  applyLockOrder: 'documentMalformed',
  setClock: 'documentMalformed',
  withdrawalCommit: 'documentMalformed',
};
const complaint = (name: CommandName): StatusName => malformed[name] ?? 'malformedRequest';

/** A body that cannot be performed: one byte longer than any. */
const overlong = (name: CommandName): Uint8Array => Uint8Array.of(...wellFormed[name], 0);

const unknownCodes = Array.from({ length: 256 }, (_, code) => code).filter(
  (code) => !Object.values(commands).some((command) => command.code === code),
);

/** A meter in the middle of something, and whoever asks it. */
interface Scene extends Situation {
  readonly stage: Stage | 'withdrawing';
  /** The session that is open. */
  readonly session?: Role;
  /** What was done to it before. */
  readonly fate?: 'broken' | 'zeroized' | 'opened' | 'withdrawn';
}

const scenes: Scene[] = [];
for (const lifeCycle of ['blank', 'keyed', 'made', 'registered', 'withdrawing'] as const) {
  const resting = {
    stage: lifeCycle,
    lifeCycle,
    state: 'uninitialized',
    caller: 'nobody',
  } as const;
  scenes.push({ ...resting, channel: 'open' });
  for (const session of lifeCycle === 'blank' ? (['cryptoOfficer'] as const) : bothRoles())
    scenes.push({ ...resting, channel: 'sealed', session });
  scenes.push({ ...resting, channel: 'open', state: 'error', fate: 'broken' });
}
for (const lifeCycle of ['made', 'registered', 'withdrawing'] as const)
  for (const session of bothRoles()) {
    const idle = { stage: lifeCycle, lifeCycle, state: 'idle', session } as const;
    scenes.push({ ...idle, channel: 'sealed', caller: session });
    scenes.push({ ...idle, channel: 'open', caller: 'nobody' }); // whoever asks in clear is nobody
  }
const ended = { stage: 'refilled', channel: 'open', caller: 'nobody' } as const;
scenes.push({ ...ended, state: 'uninitialized', lifeCycle: 'zeroized', fate: 'zeroized' });
scenes.push({ ...ended, state: 'error', lifeCycle: 'tampered', fate: 'opened' });
scenes.push({ ...ended, state: 'uninitialized', lifeCycle: 'withdrawn', fate: 'withdrawn' });

function bothRoles(): readonly Role[] {
  return ['user', 'cryptoOfficer'];
}

const title = ({ state, lifeCycle, channel, caller, session }: Scene): string =>
  `${state}, ${lifeCycle}, ${channel === 'open' ? 'in clear' : `in a session of ${session}`}, ${caller}${
    channel === 'open' && session !== undefined ? ` while ${session} is logged in` : ''
  }`;

let offer: Uint8Array;
const withdrawing = flashAfter('registered', async (meter) => {
  ({ request: offer } = await (await meter.loggedIn('cryptoOfficer')).withdrawalRequest());
});

/** The provider's answer to the offer of the meter that withdraws. */
function agreed(): Uint8Array {
  const read = withdrawalRequestDocument.read(offer);
  if (!read.ok) throw new Error('that is no offer');
  const { registers: _, ...terms } = read.value;
  return signWithdrawalAuthorisation(nodeCrypto, providerKeys.privateKey, {
    ...terms,
    verdict: 'agreed',
  });
}

async function play({ stage, session, state, fate }: Scene): Promise<[TestMeter, RawHost]> {
  const isWithdrawing = stage === 'withdrawing' || fate === 'withdrawn';
  const flash = isWithdrawing ? await withdrawing() : await flashAt(stage);
  if (fate === 'broken')
    appendState(flash, (last) => ({ ...last, pieceCount: 1, credited: last.credited + 1 }));
  const meter = meterWith(flash);
  const host = rawHost(meter.board);
  if (fate === 'zeroized') {
    logIn(host, 'cryptoOfficer');
    host.sealed(requestWith('zeroize', Uint8Array.of()));
  }
  if (fate === 'withdrawn') {
    logIn(host, 'cryptoOfficer');
    host.sealed(requestWith('withdrawalCommit', agreed()));
  }
  if (fate === 'opened') meter.board.tamper.trigger();
  if (session !== undefined) {
    if (state === 'idle') logIn(host, session);
    else host.openSession(session);
  }
  return [meter, host];
}

function logIn(host: RawHost, role: Role): void {
  const password = passwords[role]();
  host.openSession(role);
  host.sealed(requestWith('logIn', Uint8Array.of(password.length, ...password)));
}

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

test('every body above is one of its command', () => {
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

  expect(known.size).toBe(5 * 3 + 3 * 3 + 3);
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
    expect(unknownCodes).toHaveLength(256 - 35);
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
