/**
 * Holds a recorded session against the model: cuts its messages into the model's fields, names what is in them, and demands that
 * every byte is the value of a term that the model has for it (reliability.md section 3: model and code share transcripts).
 */

import { acceptSignature, bytesOf, noValues, type Values } from './concrete.ts';
import { serverRun } from './model/handshake.ts';
import { alice, bob, clientSession, target } from './model/parties.ts';
import { type CoreField, coreFields, type HelloField, helloFields, pma1 } from './model/pma1.ts';
import { saidBy } from './model/records.ts';
import {
  type Beginning,
  type Core,
  coreTerm,
  epochKeys,
  firstEpoch,
  type Hello,
  helloTerm,
  recordTerm,
  type Schedule,
  scheduleOf,
} from './model/schedule.ts';
import type { Recording } from './recording.ts';
import { f, type Term, written } from './term.ts';

/** What a recorded session is in the model. */
export interface LockedSession {
  readonly hello: Hello;
  readonly core: Core;
  readonly schedule: Schedule;
  readonly session: Term;
  /** Every record, with the epoch and place it was found in. */
  readonly records: readonly LockedRecord[];
}

export interface LockedRecord {
  readonly direction: 'a' | 'b';
  readonly beginning: Beginning;
  readonly place: Term;
  readonly term: Term;
}

/** Bob's session and certificate as long as only bytes are looked at. */
const somePartner = f('partner');
const someCertificate = f('bobsCertificate');

const notOfTheModel = (what: string): Error => new Error(`not as in the model: ${what}`);

const MAGIC_SIZE = 5;
const SIGNATURE_SIZE = 64;
const MAC_SIZE = 32;

/** How many bytes each field of the model has at a place. */
const sizes: Readonly<Record<HelloField | CoreField, (bytes: Uint8Array) => number>> = {
  version: () => 1,
  suites: (bytes) => 1 + (bytes[0] ?? 0),
  role: () => 1,
  clientKey: () => 33,
  ephemeral: () => 33,
  nonce: () => 16,
  suite: () => 1,
  meterId: () => 8,
  serverKey: () => 33,
  certificate: (bytes) => 2 + ((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8)),
};

function cut<F extends HelloField | CoreField>(
  what: string,
  message: Uint8Array,
  fields: readonly F[],
): Record<F, Uint8Array> {
  let at = MAGIC_SIZE;
  const found: Partial<Record<F, Uint8Array>> = {};
  for (const field of fields) {
    const size = sizes[field](message.subarray(at));
    found[field] = message.subarray(at, at + size);
    at += size;
  }
  if (at !== message.length)
    throw notOfTheModel(`${what} has ${message.length} bytes, its fields ${at}`);
  return found as Record<F, Uint8Array>;
}

function demandSame(what: string, term: Term, bytes: Uint8Array, values: Values): void {
  if (!Buffer.from(bytesOf(term, values)).equals(bytes))
    throw notOfTheModel(`${what} is not ${written(term).slice(0, 60)}`);
}

/** The constant of the model that a field is. */
function constant(what: string, bytes: Uint8Array, ...names: readonly string[]): Term {
  const found = names.find((name) => Buffer.from(bytesOf(f(name), noValues())).equals(bytes));
  if (found === undefined) throw notOfTheModel(`${what} ${hex(bytes)}`);
  return f(found);
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** @throws Error where the session is not one of the model */
export function lock(recording: Recording): LockedSession {
  const values = noValues();
  const { hello, session } = lockHello(recording, values);
  const core = lockCore(recording, values);
  const exponents = f('dh', f('clientExponent', session), f('serverExponent', somePartner));
  const schedule = scheduleOf(pma1, hello, core, exponents, { host: alice, device: bob });
  lockProofs(recording, schedule, values);
  const records = [
    ...lockRecords('a', recording.a, schedule, values),
    ...lockRecords('b', recording.b, schedule, values),
  ];
  return { hello, core, schedule, session, records };
}

function lockHello({ message1, host, ephemeral }: Recording, values: Values) {
  const fields = cut('message 1', message1, helloFields);
  const role = constant('role', fields.role, 'user', 'cryptoOfficer');
  const offer = constant('offer', fields.suites, 'strongOnly');
  const { name: session } = clientSession(target, role, offer);
  const exponent = f('clientExponent', session);
  const nonce = f('drawnNonce', session);
  values.publicKeys.set(written(alice), host.publicKey);
  values.publicKeys.set(written(exponent), ephemeral.publicKey);
  values.privateKeys.set(written(exponent), ephemeral.privateKey);
  values.named.set(written(nonce), fields.nonce);
  const hello: Hello = {
    version: constant('version', fields.version, 'v1'),
    suites: offer,
    role,
    clientKey: f('pk', alice),
    ephemeral: f('g', exponent),
    nonce,
  };
  demandSame('message 1', helloTerm(hello), message1, values);
  return { hello, session };
}

function lockCore({ message2 }: Recording, values: Values): Core {
  const core = message2.subarray(0, message2.length - SIGNATURE_SIZE - MAC_SIZE);
  const fields = cut('the core of message 2', core, coreFields);
  const partner = f('serverExponent', somePartner);
  values.publicKeys.set(written(bob), fields.serverKey);
  values.publicKeys.set(written(partner), fields.ephemeral);
  values.named.set('bobsId', fields.meterId);
  values.named.set(written(someCertificate), fields.certificate.subarray(2));
  const terms: Core = {
    version: constant('version', fields.version, 'v1'),
    suite: constant('suite', fields.suite, 'strong'),
    meterId: f('bobsId'),
    serverKey: f('pk', bob),
    ephemeral: f('g', partner),
    certificate: someCertificate,
  };
  demandSame('the core of message 2', coreTerm(terms), core, values);
  return terms;
}

function lockProofs(
  { message2, message3 }: Recording,
  { SigS, MacS, SigC, MacC }: Schedule,
  values: Values,
): void {
  const proofs = message2.subarray(message2.length - SIGNATURE_SIZE - MAC_SIZE);
  if (message3.length !== MAGIC_SIZE + SIGNATURE_SIZE + MAC_SIZE)
    throw notOfTheModel(`message 3 has ${message3.length} bytes`);
  const answers = message3.subarray(MAGIC_SIZE);
  for (const [name, bytes, signature, mac] of [
    ['S', proofs, SigS, MacS],
    ['C', answers, SigC, MacC],
  ] as const) {
    if (!acceptSignature(signature, bytes.subarray(0, SIGNATURE_SIZE), values))
      throw notOfTheModel(`Sig${name} signs something else`);
    demandSame(`Mac${name}`, mac, bytes.subarray(SIGNATURE_SIZE), values);
  }
}

/** Finds each record in the place it must have, or in the first place of an epoch that may follow. */
function lockRecords(
  direction: 'a' | 'b',
  sealed: Recording['a'],
  { keyA, rekeyA, keyB, rekeyB }: Schedule,
  values: Values,
): LockedRecord[] {
  const first = direction === 'a' ? { key: keyA, secret: rekeyA } : { key: keyB, secret: rekeyB };
  let beginning: Beginning = firstEpoch;
  let count = 0;
  return sealed.map(({ record, plaintext }, at) => {
    const text = f(`${direction}${at}`);
    values.named.set(written(text), plaintext);
    for (const [next, place] of [
      [beginning, count],
      [{ how: 'byCount', after: beginning }, 0],
      [{ how: 'byTime', after: beginning, records: placeTerm(count, values) }, 0],
    ] as const) {
      const keys = epochKeys(pma1, first, next);
      const term = recordTerm(pma1, keys, next, placeTerm(place, values), text);
      if (!Buffer.from(bytesOf(term, values)).equals(record)) continue;
      [beginning, count] = [next, place + 1];
      return { direction, beginning: next, place: placeTerm(place, values), term };
    }
    throw notOfTheModel(`record ${at} of direction ${direction} cannot be here`);
  });
}

function placeTerm(count: number, values: Values): Term {
  const place = f(`place${count}`);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(count));
  values.named.set(written(place), bytes);
  return place;
}

/** All that was said, with the names that the model has for it: what must follow from its clauses. */
export function modelTerms({ hello, core, session, records }: LockedSession): Term[] {
  const heard = {
    version: hello.version,
    offer: hello.suites,
    role: hello.role,
    client: alice,
    exponent: f('clientExponent', session),
    nonce: hello.nonce,
  };
  const { session: partner, schedule } = serverRun(pma1, target, heard, core.suite);
  const { SigS, MacS, SigC, MacC } = schedule;
  const sealed = records.map(({ direction, beginning, place }) => {
    const keys =
      direction === 'a'
        ? { key: schedule.keyA, secret: schedule.rekeyA }
        : { key: schedule.keyB, secret: schedule.rekeyB };
    const who = direction === 'a' ? session : partner;
    const said = saidBy(direction, who, beginning, place);
    return recordTerm(pma1, epochKeys(pma1, keys, beginning), beginning, place, said);
  });
  return [SigS, MacS, SigC, MacC, ...sealed];
}
