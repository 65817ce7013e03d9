/** Checks 121 to 139: what a meter tells everybody, and refuses to everybody. */

import { equalBytes, joinBytes } from '#protocol/bytes';
import {
  type CommandName,
  commandName,
  commandNames,
  commandOf,
  commands,
} from '#protocol/command';
import type { MeterStatus } from '#protocol/command-layouts';
import { encodeRequest } from '#protocol/dispatch';
import { clientHello } from '#protocol/handshake';
import { helloLayout } from '#protocol/handshake-layout';
import type { Role } from '#protocol/state';
import type { RefusalName } from '#protocol/status';
import { type Check, must } from '../check.ts';
import { mustConserve } from '../own-offices.ts';
import { type RawLine, type Reply, requestWith } from '../raw-line.ts';
import type { Station } from '../station.ts';

/** Of the protocol that this kit knows; a meter of another one needs another kit. */
const PROTOCOL_VERSION = 2;

/** What would do harm in a meter that performs it though it must not: never sent but to a device of the kit's own. */
const harmful: readonly CommandName[] = ['zeroize', 'withdrawalRequest', 'resetBatch'];

export function mustRefuse(reply: Reply, what: string, ...expected: readonly RefusalName[]): void {
  const { status } = reply;
  must(
    status !== undefined && (expected as readonly string[]).includes(status),
    `${what} is answered by ${status ?? 'no status'}, not ${expected.join(' or ')}`,
  );
}

/** What of a status must not change by itself. */
function lasting({ lifeCycle, meterId, registers, fault }: MeterStatus): string {
  return JSON.stringify([lifeCycle, Buffer.from(meterId).toString('hex'), registers, fault]);
}

async function mustBeAsBefore(station: Station): Promise<void> {
  const now = await station.status();
  if (station.before !== undefined)
    must(lasting(now) === lasting(station.before), 'the status is another than it was');
}

/** A first message of the handshake with some fields changed. */
function hello(station: Station, role: Role, changes: Partial<Hello> = {}): Uint8Array {
  const { crypto } = station;
  const identity = station.access[role]?.identity ?? crypto.generateKeyPair();
  const { message1 } = clientHello(crypto, { ...identity, role });
  return helloLayout.encode({ ...helloLayout.decode(message1), ...changes });
}
type Hello = Parameters<typeof helloLayout.encode>[0];

const openSession = (raw: RawLine, message1: Uint8Array): Promise<Reply> =>
  raw.open(encodeRequest('openSession', { message1 }));

/** Bytes that are no document of anybody. */
const documents = (station: Station): readonly Uint8Array[] => [
  new Uint8Array(),
  new Uint8Array(200),
  station.crypto.randomBytes(120),
];

const read = { level: 'read', needs: [] } as const;

export const answerChecks: readonly Check[] = [
  {
    ...read,
    id: 121,
    title: 'the status is told to everybody, and its registers add up',
    requirements: ['A3', 'B1', 'B3'],
    async run(station) {
      const status = await station.status();
      station.before ??= status;
      must(
        status.registersValid || status.fault !== 0,
        'registers that are not valid are no fault',
      );
      if (status.registersValid) mustConserve(status.registers);
      return { state: status.state, lifeCycle: status.lifeCycle };
    },
  },
  {
    ...read,
    id: 122,
    title: `protocol and image are told, and the protocol is that of this kit`,
    requirements: ['A3', 'H2'],
    async run({ line }) {
      await using raw = await line();
      const { protocolVersion, imageVersion, imageDigest } = await raw.ask('version', {});
      must(protocolVersion === PROTOCOL_VERSION, `it speaks protocol ${protocolVersion}`);
      return { imageVersion, imageDigest: Buffer.from(imageDigest).toString('hex') };
    },
  },
  {
    ...read,
    id: 123,
    title: 'codes that no command has are refused, retired ones too',
    requirements: ['A1', 'F1'],
    async run({ line }) {
      await using raw = await line();
      mustRefuse(await raw.open(new Uint8Array()), 'an empty request', 'unknownCommand');
      for (let code = 0; code < 256; code++)
        if (commandName(code) === undefined)
          mustRefuse(await raw.open(Uint8Array.of(code)), `code ${code}`, 'unknownCommand');
      return undefined;
    },
  },
  {
    ...read,
    id: 124,
    title: 'a request with bytes left over is malformed',
    requirements: ['F1'],
    needs: ['working'],
    async run({ line }) {
      await using raw = await line();
      for (const name of ['status', 'version', 'condition', 'certificates'] as const)
        mustRefuse(
          await raw.open(requestWith(name, Uint8Array.of(0))),
          `${name} with a byte behind it`,
          'malformedRequest',
        );
      return undefined;
    },
  },
  {
    ...read,
    id: 125,
    title: 'services of a session are refused in clear',
    requirements: ['A1', 'A5', 'F2'],
    needs: ['working'],
    async run(station) {
      await using raw = await station.line();
      const { state } = await raw.ask('status', {});
      const tried = commandNames.filter(
        (name) =>
          commands[name].channel === 'sealed' &&
          (station.offices !== undefined || !harmful.includes(name)),
      );
      for (const name of tried) {
        const isInState = commandOf(name).states.includes(state);
        const reply = await raw.open(requestWith(name));
        mustRefuse(reply, name, isInState ? 'sessionRequired' : 'wrongState');
      }
      return { services: tried.length };
    },
  },
  {
    ...read,
    id: 126,
    title: 'a record without a session is answered by sessionEnded, in clear',
    requirements: ['F2'],
    async run({ line, crypto }) {
      await using raw = await line();
      for (const size of [0, 1, 16, 40, 16_384]) {
        const answer = await raw.answerTo(raw.frames('sealed', crypto.randomBytes(size)));
        must(answer.kind === 'open', 'it is answered by a record');
        mustRefuse(raw.unsealed(answer), `a record of ${size} bytes`, 'sessionEnded');
      }
      return undefined;
    },
  },
  {
    ...read,
    id: 127,
    title: 'a handshake cannot be talked down: older versions and unknown suites are refused',
    requirements: ['F2'],
    needs: ['working', 'sessions'],
    async run(station) {
      await using raw = await station.line();
      const of = (changes: Partial<Hello>) =>
        openSession(raw, hello(station, 'cryptoOfficer', changes));
      mustRefuse(await of({ version: 0 }), 'version 0', 'versionUnsupported');
      mustRefuse(await of({ suites: new Uint8Array() }), 'no suite', 'versionUnsupported');
      mustRefuse(
        await of({ suites: Uint8Array.of(0, 99) }),
        'unknown suites',
        'versionUnsupported',
      );
      return undefined;
    },
  },
  {
    ...read,
    id: 128,
    title: 'a handshake that is malformed is refused',
    requirements: ['F1', 'F2'],
    needs: ['working', 'sessions'],
    async run(station) {
      await using raw = await station.line();
      const right = hello(station, 'cryptoOfficer');
      const wrong: readonly (readonly [string, Uint8Array])[] = [
        ['nothing', new Uint8Array()],
        ['another beginning', right.with(0, 0)],
        ['half of it', right.subarray(0, right.length >> 1)],
        ['nobody as a role', hello(station, 'cryptoOfficer', { role: 'nobody' })],
        ['a share of no suite', joinBytes(right, Uint8Array.of(9, 0, 0))],
      ];
      for (const [what, message1] of wrong)
        mustRefuse(await openSession(raw, message1), what, 'malformedRequest');
      return undefined;
    },
  },
  {
    ...read,
    id: 129,
    title: 'a host key that the meter does not know opens no session',
    requirements: ['F2'],
    needs: ['working', 'withKeys'],
    async run(station) {
      await using raw = await station.line();
      const { publicKey } = station.crypto.generateKeyPair();
      for (const role of ['user', 'cryptoOfficer'] as const) {
        const reply = await openSession(raw, hello(station, role, { clientKey: publicKey }));
        mustRefuse(reply, `a strange ${role}`, 'authenticationFailed');
      }
      return undefined;
    },
  },
  {
    ...read,
    id: 130,
    title: 'a third message of a handshake that never began opens no session',
    requirements: ['F2'],
    needs: ['working', 'sessions'],
    async run({ line, crypto }) {
      await using raw = await line();
      await raw.open(encodeRequest('openSession', { message1: new Uint8Array() })); // drops one under way
      const message3 = crypto.randomBytes(101);
      const reply = await raw.open(encodeRequest('confirmSession', { message3 }));
      mustRefuse(reply, 'it', 'authenticationFailed');
      return undefined;
    },
  },
  {
    ...read,
    id: 131,
    title: 'documents that nobody signed are refused, and change nothing',
    requirements: ['A8', 'G9'],
    needs: ['working', 'withKeys'],
    async run(station) {
      await using raw = await station.line();
      const { logCount } = await raw.ask('condition', {});
      for (const document of documents(station)) {
        const order = await raw.open(encodeRequest('applyLockOrder', { order: document }));
        mustRefuse(order, 'a lock order', 'documentMalformed', 'signatureInvalid');
        const setting = await raw.open(encodeRequest('setClock', { setting: document }));
        mustRefuse(setting, 'a clock setting', 'documentMalformed', 'signatureInvalid');
      }
      const after = await raw.ask('condition', {});
      must(after.logCount === logCount, 'something was written in the security log');
      return undefined;
    },
  },
  {
    ...read,
    id: 132,
    title: 'the self-tests pass when they are asked for, and not more often than the meter likes',
    requirements: ['A2'],
    needs: ['working'],
    async run(station) {
      await using raw = await station.line();
      const { caller } = await raw.ask('status', {});
      if (caller !== 'nobody') return { passed: 0 };
      const first = await raw.open(requestWith('selfTest'));
      const { state } = await raw.ask('status', {});
      must(state === 'uninitialized', `the self-tests lead to ${state}`);
      if (first.status === 'ok') must((first.payload[4] ?? 0) > 0, 'no test ran');
      else mustRefuse(first, 'the self-test', 'selfTestDelayed');
      const second = await raw.open(requestWith('selfTest'));
      if (second.status !== 'ok') mustRefuse(second, 'the second', 'selfTestDelayed');
      return { passed: first.payload[4] ?? 0 };
    },
  },
  {
    ...read,
    id: 133,
    title: 'what is told twice is told alike: version and certificates',
    requirements: ['D7', 'H2'],
    needs: ['working'],
    async run({ line }) {
      const answers: Uint8Array[] = [];
      for (let time = 0; time < 2; time++) {
        await using raw = await line();
        const version = await raw.open(requestWith('version'));
        const certificates = await raw.open(requestWith('certificates'));
        must(certificates.status === 'ok', `certificates: ${certificates.status}`);
        answers.push(joinBytes(version.payload, certificates.payload));
      }
      const [first, second] = answers as [Uint8Array, Uint8Array];
      must(equalBytes(first, second), 'the second answer is another');
      return undefined;
    },
  },
  {
    ...read,
    id: 139,
    title: 'nothing of all that has changed the meter',
    requirements: ['A1', 'F1'],
    async run(station) {
      await mustBeAsBefore(station);
      return undefined;
    },
  },
];
