/**
 * One request of each command, as a host of a trace would make it: most of them right for what it knows, some wrong in a
 * field. A command that is left out does not compile.
 */

import { ascii } from '#protocol/bytes';
import type { CommandName, RequestOf } from '#protocol/command';
import { issueFirstAuthorityKey } from '#protocol/documents/authority-key';
import { addDays } from '#protocol/documents/date';
import { issueAcknowledgement, readInspectionReport } from '#protocol/documents/inspection';
import { inspectionProfiles } from '#protocol/documents/licence';
import { issueClockSetting, issueLockOrder, lockActions } from '#protocol/documents/orders';
import {
  readRefillRequest,
  refillKinds,
  refillReasons,
  signRefillAuthorisation,
} from '#protocol/documents/refill';
import {
  keyGrantDocument,
  keyUseNames,
  keyUsesOf,
  revocationOrderDocument,
  revocationReasons,
} from '#protocol/documents/user-key';
import {
  signWithdrawalAuthorisation,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { type Mills, mills } from '#protocol/mills';
import { accountKindNames, accountNames, lockReasonNames } from '#protocol/state';
import type { Dice } from './dice.ts';
import {
  authority,
  certificate,
  hosts,
  licence,
  meterId,
  otherMeterId,
  password,
  provider,
  rateTable,
  services,
  signing,
  stranger,
} from './documents.ts';
import type { Known } from './host.ts';

/** What a request is made of. */
export interface Asking {
  readonly dice: Dice;
  readonly known: Known;
  /** What the host takes for the time, and its day. */
  readonly timeMs: number;
  readonly today: number;
}

type Maker<N extends CommandName> = (asking: Asking) => RequestOf<N>;

const nothing = () => ({});
/** One time in eight the wrong one. */
const mostly = <T>({ dice }: Asking, right: T, wrong: T): T => (dice.chance(88) ? right : wrong);
const issuer = (asking: Asking) => mostly(asking, authority, stranger);
const meter = (asking: Asking) => mostly(asking, meterId, otherMeterId);
const amount = ({ dice }: Asking): Mills =>
  mills(dice.pick([1, 780, 5_000, 100_000, 400_000, 2 ** 33]));

export const requests: { readonly [N in CommandName]: Maker<N> } = {
  status: nothing,
  condition: nothing,
  version: nothing,
  selfTest: nothing,
  certificates: nothing,
  openSession: ({ dice }) => ({ message1: dice.bytes(dice.below(140)) }),
  confirmSession: ({ dice }) => ({ message3: dice.bytes(96) }),
  closeSession: nothing,

  logIn: (asking) => ({
    password: mostly(
      asking,
      password(asking.dice.chance(70) ? 'user' : 'cryptoOfficer'),
      asking.dice.bytes(12),
    ),
  }),
  logOut: nothing,
  changePassword: (asking) => ({
    oldPassword: mostly(asking, password('user'), password('cryptoOfficer')),
    newPassword: mostly(asking, password('user'), asking.dice.bytes(3)),
  }),
  resetUserPassword: (asking) => ({
    newPassword: password('user'),
    userKey: mostly(asking, new Uint8Array(0), hosts.user.publicKey),
  }),

  initialize: (asking) => ({
    meterId: mostly(asking, meterId, new Uint8Array(8)),
    authorityKey: mostly(asking, authority.publicKey, new Uint8Array(33).fill(2)),
    userKey: hosts.user.publicKey,
    userPassword: mostly(asking, password('user'), new Uint8Array(0)),
    officerPassword: password('cryptoOfficer'),
  }),
  installCertificates: (asking) => {
    const { deviceKey, indiciumKey } = asking.known;
    return {
      device: certificate('device', deviceKey ?? stranger.publicKey),
      indicium: certificate(
        'indicium',
        mostly(asking, indiciumKey, deviceKey) ?? stranger.publicKey,
      ),
    };
  },
  register: (asking) => ({ licence: licenceFor(asking) }),
  installRateTable: (asking) => {
    const { dice, known, today } = asking;
    known.rateVersion += mostly(asking, 1, 0);
    const validFrom = dice.pick([20260101, 20260101, addDays(today, 1), addDays(today, 20)]);
    const fields = { version: known.rateVersion, validFrom, validTo: addDays(validFrom, 300) };
    return { rateTable: rateTable(fields, issuer(asking)) };
  },
  rateTables: nothing,
  licence: nothing,

  registers: nothing,
  refillRequest: (asking) => ({
    kind: asking.dice.chance(80) ? 'purchase' : asking.dice.pick(refillKinds),
    account: asking.dice.chance(80) ? 'postal' : asking.dice.pick(accountNames),
    amount: amount(asking),
  }),
  refillCommit: (asking) => ({ authorisation: refillAuthorisation(asking) }),
  createIndicium: (asking) => {
    const { known, dice } = asking;
    const earlier = dice.chance(20) ? known.pieces.at(-1) : undefined;
    const piece = earlier === undefined ? newPiece(asking) : { ...earlier };
    if (earlier !== undefined && dice.chance(30)) piece.destination += 1;
    known.pieces.push(piece);
    return piece;
  },
  reprintIndicium: ({ known, dice }) => ({
    requestId: known.pieces.at(-1 - dice.below(3))?.requestId ?? { counter: 1, nonce: 1 },
  }),
  testPrint: ({ dice }) => ({ isQualityPrint: dice.chance(50) }),
  resetBatch: nothing,

  inspectionReport: ({ dice, known }) => {
    known.inspectionChallenge = dice.bytes(16);
    return { challenge: known.inspectionChallenge };
  },
  acknowledgeInspection: (asking) => ({ acknowledgement: acknowledgement(asking) }),
  readLog: ({ dice }) => ({ from: dice.below(12) }),
  applyLockOrder: (asking) => {
    const { dice, known, timeMs } = asking;
    known.lockSequence += mostly(asking, 1, 0);
    const action = dice.chance(90)
      ? dice.pick(['lock', 'unlock'] as const)
      : dice.pick(lockActions);
    const fields = { meterId: meter(asking), sequence: known.lockSequence, action, timeMs };
    const reason = dice.pick(lockReasonNames);
    return { order: issueLockOrder(signing, issuer(asking), { ...fields, reason }) };
  },
  challengeClock: nothing,
  setClock: (asking) => {
    const { dice, known, timeMs } = asking;
    const challenge = known.clockChallenge ?? dice.bytes(16);
    const told = Math.max(1, timeMs + dice.pick([0, 1_000, -60_000, 86_400_000]));
    const fields = { meterId: meter(asking), challenge, timeMs: told };
    const signer = dice.pick([authority, provider, stranger]);
    return { setting: issueClockSetting(signing, signer, fields) };
  },

  updateBegin: ({ dice }) => ({ header: dice.bytes(128) }),
  updateWrite: ({ dice }) => ({ offset: 256 * dice.below(3), data: dice.bytes(256) }),
  updateFinish: nothing,
  updateStatus: nothing,
  installAuthorityKey: (asking) => ({ certificate: authorityKeyOf(asking) }),
  authorityKey: nothing,
  changeHostKey: (asking) => ({
    hostKey: mostly(asking, hosts.user.publicKey, new Uint8Array(33)),
  }),
  renewKeys: nothing,
  installRenewedKeys: ({ known }) => {
    const { deviceKey = stranger.publicKey, indiciumKey = stranger.publicKey } = known;
    return {
      device: certificate('device', deviceKey),
      indicium: certificate('indicium', indiciumKey),
    };
  },

  hashContent: ({ dice }) => ({ isFirst: dice.chance(60), data: dice.bytes(dice.below(400)) }),
  postmark: (asking) => {
    const { dice } = asking;
    const nonce = dice.bytes(dice.pick([0, 8, 20]));
    const number = mostly(asking, 1, 2);
    return { ...digested(asking), number, nonce };
  },
  validatePostmark: (asking) => ({
    ...digested(asking),
    certificate: asking.dice.bytes(40),
    tstInfo: asking.dice.bytes(40),
    signedAttributes: asking.dice.bytes(40),
    signature: asking.dice.bytes(64),
  }),
  requestKey: (asking) => ({ ...holder(asking) }),
  installKey: (asking) => ({ requestId: transaction(asking), grant: grantFor(asking) }),
  userKeys: nothing,
  requestRevocation: (asking) => ({
    number: mostly(asking, 1, 9),
    reason: asking.dice.pick(revocationReasons),
  }),
  revokeKey: (asking) => ({ requestId: transaction(asking), order: revocationFor(asking) }),
  importKey: (asking) => ({ ...holder(asking), privateKey: asking.dice.bytes(32) }),
  dropKey: (asking) => ({ number: mostly(asking, 1, 2) }),
  withdrawalRequest: nothing,
  withdrawalCommit: (asking) => ({ authorisation: withdrawalAuthorisation(asking) }),
  withdrawalReport: nothing,
  zeroize: nothing,
};

const transaction = ({ known, dice }: Asking) => {
  known.counter += 1;
  return { counter: known.counter, nonce: dice.below(2 ** 32) };
};

const digested = (asking: Asking) => ({
  requestId: transaction(asking),
  isStreamed: asking.dice.chance(30),
  digest: asking.dice.bytes(32),
});

const holder = (asking: Asking) => ({
  uses: keyUsesOf(asking.dice.chance(80) ? 'timeStamp' : asking.dice.pick(keyUseNames)),
  organization: mostly(asking, new Uint8Array(0), ascii('Organization')),
  commonName: ascii('Common Name'),
});

/** Of the key that was asked for last. */
function grantFor(asking: Asking): Uint8Array {
  const { known, dice } = asking;
  const { number, publicKey, uses } = known.key ?? unknownKey;
  return keyGrantDocument.issue(signing, issuer(asking), {
    meterId: meter(asking),
    number,
    publicKey,
    uses,
    certificateDigest: dice.bytes(32),
    serial: new Uint8Array(16).fill(1),
    validFrom: 20260101,
    validTo: 20301231,
  });
}

function revocationFor(asking: Asking): Uint8Array {
  const { known, dice, timeMs } = asking;
  const { number, publicKey } = known.key ?? unknownKey;
  return revocationOrderDocument.issue(signing, issuer(asking), {
    meterId: meter(asking),
    number,
    publicKey,
    reason: dice.pick(revocationReasons),
    timeMs,
    isCharged: dice.chance(70),
    isForced: dice.chance(30),
  });
}

const unknownKey = { number: 1, publicKey: stranger.publicKey, uses: keyUsesOf('sign') };

/** The announcement of the next key, which is never seen: it is taken once. */
function authorityKeyOf(asking: Asking): Uint8Array {
  const own = issuer(asking);
  return issueFirstAuthorityKey(signing, own, stranger.publicKey, asking.today);
}

function licenceFor(asking: Asking): Uint8Array {
  const { dice, known } = asking;
  known.licenceSequence += mostly(asking, 1, 0);
  const accountKind = dice.chance(70) ? 'separate' : dice.pick(accountKindNames);
  return licence(
    {
      meterId: meter(asking),
      sequence: known.licenceSequence,
      accountKind,
      certificateDescendingMax: mills(accountKind === 'separate' ? 200_000 : 0),
      highValue: mills(dice.pick([0, 10_000])),
      dayPiecesMax: dice.pick([0, 2]),
      lowFunds: mills(dice.pick([0, 50_000])),
      ...dice.pick(Object.values(inspectionProfiles)),
      services: dice.chance(80) ? [] : [services.fixed, services.weighed],
    },
    issuer(asking),
  );
}

/** A right answer to what was asked last; where nothing was, something that is none. */
function refillAuthorisation(asking: Asking): Uint8Array {
  const { dice, known, timeMs } = asking;
  const read = readRefillRequest(known.refillRequest ?? new Uint8Array(0));
  if (!read.ok) return dice.bytes(64);
  const { sequence, nonce, kind, account, ascending, descending, amount: wanted } = read.value;
  const reason = dice.chance(85) ? 'ok' : dice.pick(refillReasons);
  return signRefillAuthorisation(signing, mostly(asking, provider, stranger).privateKey, {
    meterId: meter(asking),
    sequence: sequence + mostly(asking, 0, 1),
    nonce,
    kind,
    account,
    amount: reason === 'ok' ? wanted : mills(0),
    requestedAmount: wanted,
    ascending,
    descending,
    reason,
    available: wanted,
    timeMs,
  });
}

function newPiece(asking: Asking): RequestOf<'createIndicium'> {
  const { dice, known, today } = asking;
  known.counter += mostly(asking, 1, 0);
  const serviceId = dice.pick([services.fixed, services.fixed, services.weighed, services.keyedIn]);
  const isWeighed = serviceId === services.weighed;
  const zone = isWeighed ? dice.below(2) : 0;
  const extras = dice.chance(20) ? [services.extra] : [];
  const price = {
    [services.fixed]: 780,
    [services.weighed]: zone === 0 ? 500 : 900,
    [services.keyedIn]: 15_000,
  };
  const right = price[serviceId as 1 | 2 | 9] + (extras.length > 0 ? 2_300 : 0);
  const kind = dice.chance(85) ? 'postage' : dice.pick(['correction', 'redate'] as const);
  return {
    requestId: { counter: known.counter, nonce: dice.below(2 ** 30) },
    kind,
    original: kind === 'postage' ? 0 : dice.below(4),
    serviceId,
    weightMg: isWeighed ? 15_000 : 0,
    zone,
    extras,
    postage: mills(kind === 'redate' ? 0 : mostly(asking, right, right + 1)),
    isConfirmed: dice.chance(70),
    mailingDate: addDays(today, dice.pick([0, 0, 0, 1, 5, 90])),
    destination: dice.pick([0, 20260, 202604321, 20260432109]),
  };
}

function acknowledgement(asking: Asking): Uint8Array {
  const { dice, known, timeMs } = asking;
  const report = readInspectionReport(known.inspectionReport ?? new Uint8Array(0));
  if (!report.ok) return dice.bytes(80);
  const { challenge, logCount, logHead } = report.value;
  const fields = { meterId: meter(asking), challenge, timeMs };
  const counted = { logCount: mostly(asking, logCount, logCount + 1), logHead };
  return issueAcknowledgement(signing, issuer(asking), { ...fields, ...counted });
}

function withdrawalAuthorisation(asking: Asking): Uint8Array {
  const { dice, known, timeMs } = asking;
  const read = withdrawalRequestDocument.read(known.withdrawalRequest ?? new Uint8Array(0));
  if (!read.ok) return dice.bytes(80);
  const { sequence, nonce, postal, certificate: certificates } = read.value;
  return signWithdrawalAuthorisation(signing, mostly(asking, provider, stranger).privateKey, {
    meterId: meter(asking),
    sequence,
    nonce,
    postal,
    certificate: certificates,
    verdict: mostly(asking, 'agreed', 'refused'),
    timeMs,
  });
}
