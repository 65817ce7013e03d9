/** Checks 211 to 229: what is charged, once and no more; what costs nothing. Together they spend one piece. */

import { pieceRequest } from '#driver/piece';
import { postageOf, ratesOf } from '#driver/price';
import { equalBytes } from '#protocol/bytes';
import type { RequestOf } from '#protocol/command';
import type { Registers } from '#protocol/command-layouts';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import { verifyCompactCertificate } from '#protocol/documents/compact-certificate';
import { dateOf } from '#protocol/documents/date';
import { readIndicium, verifyIndicium } from '#protocol/documents/indicium';
import { isMailService } from '#protocol/documents/rate-table';
import { type Mills, mills } from '#protocol/mills';
import { type Check, must } from '../check.ts';
import { mustConserve } from '../own-offices.ts';
import type { Access, ChargedPiece, Station } from '../station.ts';
import { logInRaw, mustBeRefused } from './sessions.ts';

/** The cheapest service whose price the table gives without weight or zone; undefined where there is none. */
async function cheapest(
  station: Station,
): Promise<{ serviceId: number; postage: Mills } | undefined> {
  await using meter = await station.session('user');
  const { current } = await ratesOf(meter);
  if (current === undefined) return undefined;
  return current.rates
    .filter(({ serviceId, minimum }) => isMailService(current, serviceId) && minimum > 0)
    .flatMap(({ serviceId, kind, minimum }) => {
      const keyedIn = kind === 'keyedIn' ? { postage: minimum } : {};
      const price = postageOf(current, { serviceId, ...keyedIn });
      return price.ok ? [{ serviceId, postage: price.value }] : [];
    })
    .toSorted((left, right) => left.postage - right.postage)[0];
}

/** What the check of charging will spend; undefined where it will spend nothing. */
export async function costOf(station: Station): Promise<Mills | undefined> {
  const { lifeCycle } = await station.status();
  if (lifeCycle !== 'registered' || station.access.user === undefined) return undefined;
  return (await cheapest(station))?.postage;
}

const requestOf = (
  piece: Omit<ChargedPiece, 'indicium'>,
  changes: Partial<RequestOf<'createIndicium'>> = {},
): RequestOf<'createIndicium'> => ({
  ...pieceRequest(piece.requestId, { ...piece, destination: 0, isConfirmed: true }),
  ...changes,
});

async function registersOf(station: Station): Promise<Registers> {
  await using meter = await station.session('user');
  return await meter.registers();
}

function mustBeAlike(before: Registers, after: Registers, what: string): void {
  must(JSON.stringify(before) === JSON.stringify(after), `${what} changed the registers`);
}

/** The same message twice in one session, and the same piece once more in another one: three answers. */
async function askThrice(
  station: Station,
  request: RequestOf<'createIndicium'>,
): Promise<readonly Uint8Array[]> {
  const answers: Uint8Array[] = [];
  await using raw = await station.rawSession('user');
  await logInRaw(raw, station.access.user as Access);
  const frames = raw.frames('sealed', raw.record(encodeRequest('createIndicium', request)));
  const first = await raw.answerTo(frames);
  const again = await raw.answerTo(frames);
  must(equalBytes(first.payload, again.payload), 'the repeated message has another answer');
  const reply = raw.unsealed(first);
  const answer = decodeResponse('createIndicium', reply.payload);
  must(answer?.ok === true, `the piece is answered by ${reply.status}`);
  answers.push(answer.value.indicium);
  await raw.openSession((station.access.user as Access).identity, 'user');
  await logInRaw(raw, station.access.user as Access);
  const later = await raw.sealed(encodeRequest('createIndicium', request));
  const repeated = decodeResponse('createIndicium', later.payload);
  must(repeated?.ok === true, `the piece asked for again is answered by ${later.status}`);
  answers.push(repeated.value.indicium);
  return answers;
}

const user = { level: 'use', needs: ['working', 'registered', 'user'] } as const;
const withPiece = { level: 'use', needs: ['working', 'registered', 'user', 'piece'] } as const;

export const pieceChecks: readonly Check[] = [
  {
    ...user,
    id: 211,
    title: 'a piece is charged exactly once, however often its answer is lost',
    requirements: ['B3', 'C4', 'F1'],
    async run(station) {
      const price = await cheapest(station);
      must(price !== undefined, 'the meter has no rate table with a service to try');
      const before = await registersOf(station);
      const { timeMs } = await station.status();
      const requestId = { counter: before.requestCounter + 1, nonce: 0x4b49_5430 };
      const piece = { requestId, ...price, mailingDate: dateOf(timeMs) };
      const [first, second] = (await askThrice(station, requestOf(piece))) as [
        Uint8Array,
        Uint8Array,
      ];
      must(equalBytes(first, second), 'the piece asked for again is another one');
      const after = await registersOf(station);
      const { ascending, descending, pieceCount } = after;
      must(ascending === before.ascending + price.postage, 'it was not charged exactly once');
      const isCurrent = before.descending === descending; // of a current account nothing goes down
      must(
        isCurrent || descending === before.descending - price.postage,
        'descending fell by another amount',
      );
      must(pieceCount === before.pieceCount + 1, 'it was not counted exactly once');
      station.piece = { ...piece, indicium: first };
      return { spentMills: price.postage };
    },
  },
  {
    ...withPiece,
    id: 212,
    title: 'another piece under the same request id is refused',
    requirements: ['B3'],
    async run(station) {
      const piece = station.piece as ChargedPiece;
      await using meter = await station.loggedIn('user');
      const before = await meter.registers();
      const other = requestOf(piece, { destination: 20260 });
      await mustBeRefused(meter.createIndicium(other), 'another piece', 'requestIdReused');
      mustBeAlike(before, await meter.registers(), 'it');
      return undefined;
    },
  },
  {
    ...withPiece,
    id: 213,
    title: 'the indicium verifies with nothing but the certificate and the key of the authority',
    requirements: ['C1', 'C8'],
    async run(station) {
      const { indicium, postage, serviceId } = station.piece as ChargedPiece;
      const { crypto, authorityKey } = station;
      must(authorityKey !== undefined, 'no key of an authority');
      await using meter = await station.anonymous();
      const { meterId, registers } = await meter.status();
      const { indicium: bytes } = await meter.certificates();
      const usage = { usage: 'indicium', subject: meterId } as const;
      const certificate = verifyCompactCertificate(crypto, authorityKey, bytes, usage);
      must(certificate.ok, 'the certificate of its key does not hold');
      const read = verifyIndicium(crypto, indicium, certificate.value);
      must(read.ok, `the indicium does not hold: ${read.ok ? '' : read.status}`);
      const { ascending, descending, pieceCount } = read.value;
      must(read.value.postage === postage, 'it tells another postage');
      must(read.value.serviceId === serviceId, 'it tells another service');
      must(
        pieceCount === registers.pieceCount &&
          ascending === registers.ascending &&
          descending === registers.descending,
        'its registers are not those of the meter',
      );
      return undefined;
    },
  },
  {
    ...withPiece,
    id: 214,
    title: 'a piece at another price, on a wrong day or far ahead is refused and costs nothing',
    requirements: ['B4', 'C6', 'C5'],
    async run(station) {
      const piece = station.piece as ChargedPiece;
      await using meter = await station.loggedIn('user');
      const before = await meter.registers();
      const counter = piece.requestId.counter + 1;
      const requestId = { ...piece.requestId, counter };
      const tried: readonly (readonly [
        what: string,
        changes: Partial<RequestOf<'createIndicium'>>,
        status: string,
      ])[] = [
        ['a service that is in no table', { serviceId: 0xfffe }, 'serviceUnknown'],
        ['a day long past', { mailingDate: 20200101 }, 'dateNotAllowed'],
        ['no day at all', { mailingDate: 20261399 }, 'dateNotAllowed'],
        [
          'a request id far ahead',
          { requestId: { ...requestId, counter: 0xffff_ffff } },
          'requestIdTooFar',
        ],
      ];
      for (const [what, changes, status] of tried)
        await mustBeRefused(
          meter.createIndicium(requestOf({ ...piece, requestId }, changes)),
          what,
          status,
        );
      const dearer = requestOf({ ...piece, requestId }, { postage: mills(16_777_215) });
      await mustBeRefused(
        meter.createIndicium(dearer),
        'another price',
        ...['postageNotRate', 'postageAboveMaximum', 'insufficientFunds', 'serviceNotLicensed'],
      );
      mustBeAlike(before, await meter.registers(), 'what was refused');
      return { refused: tried.length + 1 };
    },
  },
  {
    ...withPiece,
    id: 215,
    title: 'a reprint is the very same indicium and costs nothing',
    requirements: ['C5', 'F6'],
    async run(station) {
      const { requestId, indicium } = station.piece as ChargedPiece;
      await using meter = await station.loggedIn('user');
      const before = await meter.registers();
      const reprint = await meter.reprintIndicium(requestId);
      must(equalBytes(reprint.indicium, indicium), 'the reprint is another indicium');
      mustBeAlike(before, await meter.registers(), 'a reprint');
      return undefined;
    },
  },
  {
    ...user,
    id: 216,
    title: 'a test print is void and costs nothing',
    requirements: ['C5'],
    async run(station) {
      await using meter = await station.loggedIn('user');
      const before = await meter.registers();
      const { indicium } = await meter.testPrint(false);
      const read = readIndicium(indicium);
      must(read.ok, 'it is no indicium');
      const { flags, postage, signature } = read.value;
      must(flags.test && postage === 0, 'it does not say that it is a test, or has a value');
      must(
        signature.every((byte) => byte === 0),
        'it is signed',
      );
      mustBeAlike(before, await meter.registers(), 'a test print');
      return undefined;
    },
  },
  {
    ...user,
    id: 217,
    title: 'a refill that no provider granted is refused and credits nothing',
    requirements: ['B6'],
    async run(station) {
      await using meter = await station.loggedIn('user');
      const before = await meter.registers();
      for (const granted of [new Uint8Array(), station.crypto.randomBytes(180)])
        await mustBeRefused(
          meter.refillCommit(granted),
          'a refill of nobody',
          ...['documentMalformed', 'signatureInvalid', 'noRefillPending'],
        );
      mustBeAlike(before, await meter.registers(), 'a refill of nobody');
      return undefined;
    },
  },
  {
    ...user,
    id: 218,
    title: 'after power came back the money is where it was, and nobody is logged in',
    requirements: ['B3', 'A4', 'H3'],
    needs: ['working', 'registered', 'user', 'power'],
    async run(station) {
      const before = await registersOf(station);
      {
        await using raw = await station.rawSession('user');
        await logInRaw(raw, station.access.user as Access);
        await station.power?.off();
      }
      await station.power?.on();
      await using after = await station.session('user');
      mustBeAlike(before, await after.registers(), 'a power cycle');
      const { caller, state } = await after.status();
      must(caller === 'nobody' && state === 'uninitialized', `it comes up ${state} for ${caller}`);
      return undefined;
    },
  },
  {
    ...withPiece,
    id: 229,
    title: 'after all that the registers add up, and one piece was spent',
    requirements: ['B1', 'B3'],
    async run(station) {
      const { postage } = station.piece as ChargedPiece;
      const { before } = station;
      const registers = await registersOf(station);
      mustConserve(registers);
      if (before?.lifeCycle === 'registered')
        must(
          registers.ascending === before.registers.ascending + postage,
          'more or less was spent than one piece',
        );
      return undefined;
    },
  },
];
