/**
 * The interfaces of the meter in each of its states are those that the policy opens, on the image as it is (requirements.md
 * A1, A3; domain.md R43, R44): requests of every kind, and every byte that leaves with the state that it leaves in.
 */

import { beforeAll, expect, test } from 'vitest';
import { createManualClock } from '#emulator/clock';
import { createMemoryFlash } from '#emulator/flash';
import { type CommandName, commandNames, commandOf } from '#protocol/command';
import { encodeRequest } from '#protocol/dispatch';
import { mills } from '#protocol/mills';
import { type Role, type StateName, stateNames } from '#protocol/state';
import { TEST_TIME_MS } from '#test/support/board';
import { type Bench, bench, initialize, powerCycle } from '#test/support/error-state';
import { appendState } from '#test/support/journal-forgery';
import { flashAt, KEYED_IN, passwords, purchase, TODAY } from '#test/support/meter';
import { type Reply, requestWith } from '#test/support/raw-host';
import { type Watched, watchedCpu } from '#test/support/watched-cpu';
import { dataServicesIn, interfacesOf, statusServices } from '#tools/policy/interfaces';

/** Status, state and detail: what a refusal holds beside its command. */
const REFUSAL_SIZE = 10;
/** Command, status, state: all of an answer without data. */
const HEAD_SIZE = 4;

const passwordBody = (role: Role): Uint8Array =>
  Uint8Array.of(passwords[role]().length, ...passwords[role]());

function logIn({ host }: Bench, role: Role): Reply | undefined {
  host.openSession(role);
  return host.sealed(requestWith('logIn', passwordBody(role)));
}

/** A piece that is paid. */
const piece = encodeRequest('createIndicium', {
  requestId: { counter: 1, nonce: 0 },
  kind: 'postage',
  original: 0,
  serviceId: KEYED_IN,
  weightMg: 0,
  zone: 0,
  extras: [],
  postage: mills(500),
  mailingDate: TODAY,
  destination: 1,
  isConfirmed: false,
});

/** A life that passes through every state; the answers of the services that last as long as a state of their own. */
async function live(watched: Watched): Promise<ReadonlyMap<CommandName, Reply | undefined>> {
  const answers = new Map<CommandName, Reply | undefined>();
  const { cpu } = watched;
  await using blank = bench(createMemoryFlash(), { cpu });
  initialize(blank);
  const flash = await flashAt('refilled');
  await using meter = bench(flash, { cpu });
  const { host, board } = meter;
  answers.set('selfTest', host.open(encodeRequest('selfTest', {})));
  answers.set('logIn', logIn(meter, 'user'));
  answers.set('createIndicium', host.sealed(piece));
  host.sealed(encodeRequest('refillRequest', purchase(mills(1_000))));
  logIn(meter, 'cryptoOfficer');
  host.sealed(encodeRequest('inspectionReport', { challenge: new Uint8Array(16) }));
  answers.set('zeroize', host.sealed(encodeRequest('zeroize', {})));
  board.powerOff();
  host.open(encodeRequest('status', {}));
  const broken = await flashAt('refilled');
  appendState(broken, (last) => ({ ...last, pieceCount: 1, credited: last.credited + 1 }));
  await using stopped = bench(broken, { cpu });
  for (const name of commandNames) stopped.host.open(requestWith(name, new Uint8Array(40)));
  return answers;
}

const watched = watchedCpu();
let answers: ReadonlyMap<CommandName, Reply | undefined>;
beforeAll(async () => {
  answers = await live(watched);
});

/** In a state of these a request is answered; the others are over before anything is answered. */
const resting = stateNames.filter((state) => interfacesOf[state].statusOut === 'answers');
const withoutData = stateNames.filter((state) => !interfacesOf[state].dataOut);

test('the life above passed through every state', () => {
  expect([...new Set(watched.shown)].toSorted()).toEqual(
    stateNames.filter((state) => state !== 'powerOff').toSorted(),
  );
  expect([...answers].map(([name, reply]) => [name, reply?.status])).toEqual(
    ['selfTest', 'logIn', 'createIndicium', 'zeroize'].map((name) => [name, 'ok']),
  );
});

test('bytes leave in the states in which the policy lets answers leave, and in each of them', () => {
  expect([...watched.spokenIn].toSorted()).toEqual(resting.toSorted());
});

test.each(withoutData)('%s: no data is put out', async (state) => {
  if (state !== 'error') return expect([...watched.spokenIn]).not.toContain(state);
  await using meter = await meterIn('error');

  const replies = askAll(meter, 'error');

  const sizes = new Map(replies.map(([name, reply]) => [name, reply?.payload.length]));
  for (const name of commandNames.filter((each) => each !== 'status' && each !== 'version'))
    expect([name, sizes.get(name)]).toEqual([name, REFUSAL_SIZE]);
  expect(sizes.get('version')).toBeGreaterThan(REFUSAL_SIZE);
});

test.each(['selfTest', 'logIn', 'zeroize'] as const)(
  'while %s is performed nothing goes out, and its answer holds no data',
  (name) => {
    expect([...watched.spokenIn]).not.toContain(commandOf(name).enters);
    expect(answers.get(name)?.payload).toHaveLength(HEAD_SIZE + (name === 'selfTest' ? 1 : 0));
    expect(answers.get('createIndicium')?.payload).toHaveLength(HEAD_SIZE + 128);
  },
);

/** A meter in a resting state, in the middle of its life. */
async function meterIn(state: StateName): Promise<Bench> {
  const flash = await flashAt('refilled');
  if (state === 'error')
    appendState(flash, (last) => ({ ...last, pieceCount: 1, credited: last.credited + 1 }));
  const meter = bench(flash);
  if (state === 'uninitialized') meter.host.openSession('user');
  if (state === 'idle') logIn(meter, 'user');
  meter.host.bytesOut();
  return meter;
}

/** The answers to requests without a body, of every command; in a session those that do not end it. */
function askAll({ host }: Bench, state: StateName): (readonly [CommandName, Reply | undefined])[] {
  const endsSession = ['closeSession', 'logOut'];
  return commandNames
    .filter((name) => state === 'error' || !endsSession.includes(name))
    .map((name) => {
      const request = requestWith(name, new Uint8Array(0));
      const isSealed = state !== 'error' && commandOf(name).channel === 'sealed';
      return [name, isSealed ? host.sealed(request) : host.open(request)] as const;
    });
}

test.each(resting)(
  '%s: the commands that put data out are those that the policy opens',
  async (state) => {
    await using meter = await meterIn(state);

    const replies = askAll(meter, state);

    const speaking = replies.flatMap(([name, reply]) =>
      reply?.status === 'ok' && reply.payload.length > HEAD_SIZE ? [name] : [],
    );
    const opened = dataServicesIn(state);
    expect(speaking.filter((name) => ![...opened, ...statusServices].includes(name))).toEqual([]);
    expect(speaking.some((name) => opened.includes(name))).toBe(interfacesOf[state].dataOut);
  },
);

test.each(resting)('%s: status is told, and the lamp shows it', async (state) => {
  await using meter = await meterIn(state);

  expect(meter.host.status()).toMatchObject({ state });
  expect(meter.board.indicator).toBe(state);
});

test('nothing leaves a meter that was not asked', async () => {
  for (const state of resting) {
    const clock = createManualClock(TEST_TIME_MS);
    await using meter = bench(await flashAt('refilled'), { clock });
    if (state === 'idle') logIn(meter, 'user');
    meter.host.bytesOut();

    for (let hour = 0; hour < 24 * 130; hour++) {
      clock.advance(3_600_000);
      if (hour % 8 === 0) meter.board.tick();
    }
    if (state === 'error') meter.board.tamper.trigger();
    meter.board.powerOff();
    meter.board.powerOn();

    expect([state, meter.host.bytesOut()]).toEqual([state, 0]);
  }
});

test('nobody is logged in, and no session is open, once power was off', async () => {
  for (const role of ['user', 'cryptoOfficer'] as const) {
    await using meter = await meterIn('uninitialized');
    logIn(meter, role);
    expect(meter.host.status()).toMatchObject({ state: 'idle', caller: role });

    powerCycle(meter);

    expect(meter.host.status()).toMatchObject({ state: 'uninitialized', caller: 'nobody' });
    const answer = meter.host.exchange('sealed', meter.host.record(piece));
    expect(answer).toMatchObject({ kind: 'open' });
    expect(answer?.payload.slice(0, 3)).toEqual(Uint8Array.of(0, 0x05, 0x02)); // sessionEnded
    meter.host.openSession(role);
    expect(meter.host.sealed(piece)).toMatchObject({
      status: 'wrongState',
      state: 'uninitialized',
    });
  }
});

test('the answer to a password holds nothing of it', async () => {
  await using meter = await meterIn('uninitialized');
  const nearly = passwords.user().with(-1, 0x21);
  const { host } = meter;

  const wrong = host.sealed(requestWith('logIn', Uint8Array.of(nearly.length, ...nearly)));
  const far = new Uint8Array(nearly.length).fill(0x7a);
  const delayed = host.sealed(requestWith('logIn', Uint8Array.of(far.length, ...far)));

  expect([wrong?.status, delayed?.status]).toEqual(['passwordWrong', 'passwordDelayed']);
  expect([...(wrong?.payload.slice(HEAD_SIZE) ?? [])]).toEqual([9, 0, 0, 0, 0, 0]); // tries left
  expect([...(delayed?.payload.slice(HEAD_SIZE) ?? [])]).toEqual([0xe8, 0x03, 0, 0, 0, 0]); // 1,000 ms
});
