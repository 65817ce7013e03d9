/** Checks 201 to 210: sessions, log-in and the walls between roles (docs/channel.md). */

import { RefusedError } from '#driver/errors';
import { equalBytes } from '#protocol/bytes';
import { type CommandName, commandNames, commandOf } from '#protocol/command';
import { encodeRequest } from '#protocol/dispatch';
import { clientConfirm, clientHello } from '#protocol/handshake';
import type { Role } from '#protocol/state';
import { type Check, must } from '../check.ts';
import { type RawLine, requestWith } from '../raw-line.ts';
import type { Access, Station } from '../station.ts';
import { mustRefuse } from './answers.ts';

const status = requestWith('status');
/** What ends a meter where it is performed though it must not. */
const ending: readonly CommandName[] = ['zeroize', 'withdrawalRequest'];

/** A driver's call that the meter must refuse. */
async function refusalOf(call: Promise<unknown>, what: string): Promise<RefusedError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof RefusedError) return error;
    throw error;
  }
  must(false, `${what} was not refused`);
}

export async function mustBeRefused(
  call: Promise<unknown>,
  what: string,
  ...expected: readonly string[]
): Promise<RefusedError> {
  const refusal = await refusalOf(call, what);
  must(
    expected.includes(refusal.status ?? ''),
    `${what} is refused by ${refusal.status}, not ${expected.join(' or ')}`,
  );
  return refusal;
}

/** Sends a record as it is, and must be told that the session is over. */
async function mustEndSession(raw: RawLine, record: Uint8Array, what: string): Promise<void> {
  await raw.settle();
  const reply = raw.unsealed(await raw.answerTo(raw.frames('sealed', record)));
  mustRefuse(reply, what, 'sessionEnded');
}

async function logInRaw(raw: RawLine, { password }: Access): Promise<void> {
  const reply = await raw.sealed(encodeRequest('logIn', { password: password() }));
  must(reply.status === 'ok', `the log-in is answered by ${reply.status}`);
}

/** Every service that is not for a role, asked for by it. */
async function tryWalls(station: Station, role: Role): Promise<number> {
  await using raw = await station.rawSession(role);
  await logInRaw(raw, station.access[role] as Access);
  const walled = commandNames.filter((name) => {
    const { channel, callers, states } = commandOf(name);
    const isHarmless = station.offices !== undefined || !ending.includes(name);
    return channel === 'sealed' && !callers.includes(role) && states.includes('idle') && isHarmless;
  });
  for (const name of walled)
    mustRefuse(
      await raw.sealed(requestWith(name)),
      `${name} for ${role}`,
      ...(commandOf(name).lifeCycles.includes('registered')
        ? (['wrongRole'] as const)
        : (['wrongLifeCycle'] as const)),
    );
  return walled.length;
}

const user = { level: 'use', needs: ['working', 'withKeys', 'user'] } as const;

export const sessionChecks: readonly Check[] = [
  {
    ...user,
    id: 201,
    title: 'a session opens with the meter that the authority has certified',
    requirements: ['F2', 'D7'],
    async run(station) {
      await using meter = await station.session('user');
      const { meterId, caller } = await meter.status();
      must(meter.server !== undefined, 'nobody proved to be there');
      must(equalBytes(meterId, meter.server.meterId), 'the status is of another meter');
      must(caller === 'nobody', `${caller} is logged in already`);
      return undefined;
    },
  },
  {
    ...user,
    id: 202,
    title: 'a third message that was changed opens no session, and cannot be mended',
    requirements: ['F2'],
    async run({ line, crypto, access }) {
      await using raw = await line();
      const { identity } = access.user as Access;
      const { message1, pending } = clientHello(crypto, { ...identity, role: 'user' });
      const { message2 } = await raw.ask('openSession', { message1 });
      const confirmed = clientConfirm(crypto, pending, message2, () => true);
      must(confirmed.ok, 'the second message does not hold');
      const { message3 } = confirmed.value;
      const changed = message3.with(message3.length - 1, (message3.at(-1) as number) ^ 1);
      for (const [what, message] of [
        ['a changed proof', changed],
        ['the right one behind it', message3],
      ] as const)
        mustRefuse(
          await raw.open(encodeRequest('confirmSession', { message3: message })),
          what,
          'authenticationFailed',
        );
      return undefined;
    },
  },
  {
    ...user,
    id: 203,
    title: 'a record that comes a second time ends the session',
    requirements: ['F2'],
    async run(station) {
      await using raw = await station.rawSession('user');
      const record = raw.record(status);
      const first = raw.unsealed(await raw.answerTo(raw.frames('sealed', record)));
      must(first.status === 'ok', `the first is answered by ${first.status}`);
      await mustEndSession(raw, record, 'a second time');
      await mustEndSession(raw, raw.record(status), 'what comes after it');
      return undefined;
    },
  },
  {
    ...user,
    id: 204,
    title: 'a record that was changed, or is not the next one, ends the session',
    requirements: ['F2'],
    async run(station) {
      for (const way of ['changed', 'cut', 'skipped'] as const) {
        await using raw = await station.rawSession('user');
        if (way === 'skipped') raw.record(status);
        const record = raw.record(status);
        const middle = record.length >> 1;
        if (way === 'changed') record[middle] = (record[middle] as number) ^ 0x20;
        const sent = way === 'cut' ? record.subarray(1) : record;
        await mustEndSession(raw, sent, `a record that was ${way}`);
      }
      return undefined;
    },
  },
  {
    ...user,
    id: 205,
    title: 'a record of an earlier session is not taken in a later one',
    requirements: ['F2'],
    async run(station) {
      await using raw = await station.rawSession('user');
      const old = raw.record(status);
      await raw.openSession((station.access.user as Access).identity, 'user');
      await mustEndSession(raw, old, 'a record of an earlier session');
      return undefined;
    },
  },
  {
    ...user,
    id: 206,
    title: 'before the log-in nothing is produced',
    requirements: ['A4', 'A5'],
    async run(station) {
      await using raw = await station.rawSession('user');
      for (const name of ['createIndicium', 'testPrint', 'refillRequest'] as const)
        mustRefuse(await raw.sealed(requestWith(name)), name, 'wrongState');
      return undefined;
    },
  },
  {
    ...user,
    id: 207,
    title: 'a wrong password is counted and costs time; the right one lets in after it',
    requirements: ['A4'],
    async run({ session, pause, access }) {
      await using meter = await session('user');
      const { password } = access.user as Access;
      const right = password();
      const wrong = right.with(0, (right[0] as number) ^ 1);
      const counted = await mustBeRefused(meter.logIn(wrong), 'a wrong password', 'passwordWrong');
      const delayed = await mustBeRefused(
        meter.logIn(password()),
        'a quick try',
        'passwordDelayed',
      );
      must(delayed.detail > 0, 'the delay has no length');
      await pause(delayed.detail);
      await meter.logIn(password());
      await meter.logOut();
      return { triesLeft: counted.detail, delayMs: delayed.detail };
    },
  },
  {
    ...user,
    id: 208,
    title: 'the user does not reach the services of the crypto officer',
    requirements: ['A5'],
    needs: ['working', 'registered', 'user'],
    async run(station) {
      return { services: await tryWalls(station, 'user') };
    },
  },
  {
    ...user,
    id: 209,
    title: 'the crypto officer does not reach the services of the user',
    requirements: ['A5'],
    needs: ['working', 'registered', 'officer'],
    async run(station) {
      return { services: await tryWalls(station, 'cryptoOfficer') };
    },
  },
  {
    ...user,
    id: 210,
    title: 'after the log-out nothing is produced, and after the session nothing is answered',
    requirements: ['A6', 'F2'],
    async run(station) {
      await using raw = await station.rawSession('user');
      await logInRaw(raw, station.access.user as Access);
      must((await raw.sealed(requestWith('logOut'))).status === 'ok', 'no log-out');
      mustRefuse(await raw.sealed(requestWith('testPrint')), 'a test print', 'wrongState');
      must(
        (await raw.sealed(requestWith('closeSession'))).status === 'ok',
        'no end of the session',
      );
      await mustEndSession(raw, raw.record(status), 'a record behind the end');
      return undefined;
    },
  },
];

export { logInRaw };
