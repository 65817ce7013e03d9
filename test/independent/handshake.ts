/** Both sides of the handshake, written from docs/channel.md sections 2 to 4. */

import {
  agree,
  derive,
  drawKemPair,
  drawPair,
  encapsulateTo,
  hash,
  isSame,
  join,
  type KemPair,
  little,
  mac,
  openSecret,
  type Pair,
  type RandomSource,
  sign,
  text,
  verify,
} from './algorithms.ts';

export type HandshakeRefusal = 'malformedRequest' | 'versionUnsupported' | 'authenticationFailed';
export type Step<T> =
  | ({ readonly refusal?: undefined } & T)
  | { readonly refusal: HandshakeRefusal };

export const roles = { user: 1, cryptoOfficer: 2 } as const;
export type RoleName = keyof typeof roles;

/** The secrets that a session begins with, each direction for itself. */
export interface TrafficSecrets {
  readonly keyA: Buffer;
  readonly rekeyA: Buffer;
  readonly keyB: Buffer;
  readonly rekeyB: Buffer;
}

/** What section 3 computes. */
export interface Schedule extends TrafficSecrets {
  readonly transcript: Buffer;
  readonly shared: Buffer;
  readonly extracted: Buffer;
  readonly confirmA: Buffer;
  readonly confirmB: Buffer;
}

const VERSION = 1;
const CLASSIC = 1;
const HYBRID = 2;
const CIPHERTEXT_SIZE = 1088;
const PHASE_2 = text('PMA1 phase 2');
const PHASE_3 = text('PMA1 phase 3');
const magic = (number: number): Buffer => join(text('PMA1'), Buffer.of(number));

/** Cuts bytes into fields; undefined as soon as there are too few. */
function reader(bytes: Uint8Array) {
  let rest = Buffer.from(bytes);
  let isShort = false;
  return {
    take(size: number): Buffer {
      isShort ||= rest.length < size;
      const field = rest.subarray(0, size);
      rest = rest.subarray(size);
      return field;
    },
    number(size: number): number {
      const field = this.take(size);
      return isShort ? 0 : field.readUIntLE(0, size);
    },
    hasMore: (): boolean => !isShort && rest.length > 0,
    isExact: (): boolean => !isShort && rest.length === 0,
  };
}

interface Hello {
  readonly version: number;
  readonly suites: Buffer;
  readonly role: number;
  readonly clientKey: Buffer;
  readonly ephemeralKey: Buffer;
  readonly shares: ReadonlyMap<number, Buffer>;
}

function readHello(message1: Uint8Array): Hello | undefined {
  const fields = reader(message1);
  const isMarked = isSame(fields.take(5), magic(1));
  const version = fields.number(1);
  const suites = fields.take(fields.number(1));
  const role = fields.number(1);
  const [clientKey, ephemeralKey] = [fields.take(33), fields.take(33)];
  fields.take(16);
  const shares = new Map<number, Buffer>();
  while (fields.hasMore()) {
    const suite = fields.number(1);
    if (shares.has(suite) || !suites.includes(suite)) return undefined;
    shares.set(suite, fields.take(fields.number(2)));
  }
  const isGood = isMarked && fields.isExact() && role <= 2;
  return isGood ? { version, suites, role, clientKey, ephemeralKey, shares } : undefined;
}

interface Answer {
  readonly core: Buffer;
  readonly version: number;
  readonly suite: number;
  readonly meterId: Buffer;
  readonly serverKey: Buffer;
  readonly ephemeralKey: Buffer;
  readonly certificate: Buffer;
  readonly ciphertext: Buffer;
  readonly signature: Buffer;
  readonly tag: Buffer;
}

function readAnswer(message2: Uint8Array, offered: readonly number[]): Answer | undefined {
  const fields = reader(message2);
  const isMarked = isSame(fields.take(5), magic(2));
  const [version, suite] = [fields.number(1), fields.number(1)];
  const hasCiphertext = suite === HYBRID && offered.includes(HYBRID);
  const answer = {
    version,
    suite,
    meterId: fields.take(8),
    serverKey: fields.take(33),
    ephemeralKey: fields.take(33),
    certificate: fields.take(fields.number(2)),
    ciphertext: fields.take(hasCiphertext ? CIPHERTEXT_SIZE : 0),
    signature: fields.take(64),
    tag: fields.take(32),
  };
  if (!isMarked || !fields.isExact()) return undefined;
  return { ...answer, core: Buffer.from(message2.subarray(0, message2.length - 96)) };
}

interface Parties {
  readonly clientKey: Uint8Array;
  readonly meterId: Uint8Array;
  readonly serverKey: Uint8Array;
}

function scheduleOf(
  message1: Uint8Array,
  core: Uint8Array,
  shared: Buffer,
  { clientKey, meterId, serverKey }: Parties,
): Schedule {
  const transcript = hash(little(message1.length, 4), message1, little(core.length, 4), core);
  const extracted = mac(transcript, shared);
  const context = join(transcript, clientKey, meterId, serverKey);
  const key = (label: string) => derive(extracted, `PMA1 ${label}`, context, 1);
  return {
    transcript,
    shared,
    extracted,
    keyA: key('key A'),
    keyB: key('key B'),
    rekeyA: key('rekey A'),
    rekeyB: key('rekey B'),
    confirmA: key('confirm A'),
    confirmB: key('confirm B'),
  };
}

export interface BegunHandshake {
  readonly message1: Buffer;
  readonly host: Pair;
  readonly ephemeral: Pair;
  readonly suites: readonly number[];
  readonly kem: KemPair | undefined;
}

/** @param offer what a test has it offer besides what it speaks */
export function begin(
  random: RandomSource,
  host: Pair,
  role: RoleName,
  offer: { readonly version?: number; readonly suites?: readonly number[] } = {},
): BegunHandshake {
  const { version = VERSION, suites = [CLASSIC] } = offer;
  const ephemeral = drawPair(random);
  const kem = suites.includes(HYBRID) ? drawKemPair() : undefined;
  const message1 = join(
    magic(1),
    Buffer.of(version, suites.length, ...suites, roles[role]),
    host.public,
    ephemeral.public,
    random(16),
    ...(kem === undefined ? [] : [Buffer.of(HYBRID), little(kem.seals.length, 2), kem.seals]),
  );
  return { message1, host, ephemeral, suites, kem };
}

export interface ConfirmedHandshake {
  readonly message3: Buffer;
  readonly schedule: Schedule;
  readonly server: Omit<Parties, 'clientKey'> & { readonly certificate: Uint8Array };
}

/** The client's part on message 2. */
export function confirm(
  { message1, host, ephemeral, suites, kem }: BegunHandshake,
  message2: Uint8Array,
  means: (server: ConfirmedHandshake['server']) => boolean,
): Step<ConfirmedHandshake> {
  const answer = readAnswer(message2, suites);
  if (answer === undefined) return { refusal: 'malformedRequest' };
  if (answer.version !== VERSION || !suites.includes(answer.suite))
    return { refusal: 'versionUnsupported' };
  const transcript = hash(
    little(message1.length, 4),
    message1,
    little(answer.core.length, 4),
    answer.core,
  );
  if (!verify(answer.serverKey, answer.signature, PHASE_2, transcript))
    return { refusal: 'authenticationFailed' };
  const point = agree(ephemeral.secret, answer.ephemeralKey);
  if (point === undefined) return { refusal: 'authenticationFailed' };
  const isHybrid = answer.suite === HYBRID && kem !== undefined;
  const shared = isHybrid ? join(point, openSecret(kem.opens, answer.ciphertext)) : point;
  const { meterId, serverKey, certificate } = answer;
  const parties = { clientKey: host.public, meterId, serverKey };
  const schedule = scheduleOf(message1, answer.core, shared, parties);
  const expected = mac(schedule.confirmB, PHASE_2, transcript, answer.signature);
  const server = { meterId, serverKey, certificate };
  if (!isSame(answer.tag, expected) || !means(server)) return { refusal: 'authenticationFailed' };
  const said = [PHASE_3, transcript, answer.signature, answer.tag];
  const signature = sign(host.secret, ...said);
  const tag = mac(schedule.confirmA, ...said, signature);
  return { message3: join(magic(3), signature, tag), schedule, server };
}

export interface AnsweredHandshake {
  readonly message2: Buffer;
  readonly schedule: Schedule;
  readonly clientKey: Buffer;
  readonly role: RoleName;
  readonly said: readonly Buffer[];
}

export interface ServerParty {
  readonly device: Pair;
  readonly meterId: Uint8Array;
  readonly certificate: Uint8Array;
  /** The suites it has, the best first; the classic one unless given. */
  readonly suites?: readonly number[];
}

/** The server's part on message 1. */
export function answer(
  random: RandomSource,
  { device, meterId, certificate, suites = [CLASSIC] }: ServerParty,
  message1: Uint8Array,
  knows: (role: RoleName, clientKey: Uint8Array) => boolean,
): Step<AnsweredHandshake> {
  const hello = readHello(message1);
  if (hello === undefined) return { refusal: 'malformedRequest' };
  const suite = suites.find(
    (each) => hello.suites.includes(each) && (each !== HYBRID || hello.shares.has(HYBRID)),
  );
  if (hello.version < VERSION || suite === undefined) return { refusal: 'versionUnsupported' };
  if (hello.role === 0) return { refusal: 'malformedRequest' };
  const role = hello.role === roles.user ? 'user' : 'cryptoOfficer';
  if (!knows(role, hello.clientKey)) return { refusal: 'authenticationFailed' };
  const ephemeral = drawPair(random);
  const point = agree(ephemeral.secret, hello.ephemeralKey);
  if (point === undefined) return { refusal: 'authenticationFailed' };
  const share = hello.shares.get(HYBRID);
  const sealed = suite === HYBRID && share !== undefined ? encapsulateTo(share) : undefined;
  const shared = sealed === undefined ? point : join(point, sealed.sharedKey);
  const core = join(
    magic(2),
    Buffer.of(VERSION, suite),
    meterId,
    device.public,
    ephemeral.public,
    little(certificate.length, 2),
    certificate,
    ...(sealed === undefined ? [] : [sealed.ciphertext]),
  );
  const { clientKey } = hello;
  const parties = { clientKey, meterId, serverKey: device.public };
  const schedule = scheduleOf(message1, core, shared, parties);
  const signature = sign(device.secret, PHASE_2, schedule.transcript);
  const tag = mac(schedule.confirmB, PHASE_2, schedule.transcript, signature);
  return {
    message2: join(core, signature, tag),
    schedule,
    clientKey,
    role,
    said: [PHASE_3, schedule.transcript, signature, tag],
  };
}

/** The server's part on message 3: the session is open where there is no refusal. */
export function accept(
  { schedule, clientKey, said }: AnsweredHandshake,
  message3: Uint8Array,
): HandshakeRefusal | undefined {
  const fields = reader(message3);
  const isMarked = isSame(fields.take(5), magic(3));
  const [signature, tag] = [fields.take(64), fields.take(32)];
  if (!isMarked || !fields.isExact()) return 'malformedRequest';
  const isProven =
    isSame(tag, mac(schedule.confirmA, ...said, signature)) &&
    verify(clientKey, signature, ...said);
  return isProven ? undefined : 'authenticationFailed';
}
