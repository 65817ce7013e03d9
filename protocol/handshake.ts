/**
 * The handshake PMA-1: three messages in which client and server prove who they are and agree on the keys of a session
 * (requirements.md F2; WO 99/41690 fig. 7 in today's terms, reliability.md section 3). The specification is
 * docs/channel.md, sections 2 to 5.
 *
 * SP 800-56A C(2e, 0s) with FIPS 186-5 signatures over the transcript, SP 800-56C and SP 800-108 for the keys. A failure
 * tells nobody which check it was; secrets are wiped on every way out.
 */

import { ascii, equalBytes, joinBytes, wipe } from './bytes.ts';
import { type Crypto, KEM_KEY_SIZE, type KeyPair } from './crypto.ts';
import { decode } from './fields.ts';
import {
  answerOf,
  confirmationLayout,
  helloLayout,
  NONCE_SIZE,
  SUITE_OFFSET,
  type SuiteName,
  suites,
} from './handshake-layout.ts';
import { expandKey, extractKey } from './kdf.ts';
import { ok, type Result, refuse } from './result.ts';
import type { Role } from './state.ts';

/** The only version so far. The least that is accepted is pinned, so that nobody can talk two sides down. */
const VERSION_MIN = 1;
const VERSION_MAX = 1;

const KEY_SIZE = 32;

const NOTHING = new Uint8Array();
/** What the classic suite has of a KEM. */
const NO_KEM = { secret: NOTHING, ciphertext: NOTHING };

const SERVER_PHASE = ascii('PMA1 phase 2');
const CLIENT_PHASE = ascii('PMA1 phase 3');

/** What one side of a session holds; the record layer takes it over and wipes it. */
export interface SessionKeys {
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
  readonly sendRekey: Uint8Array;
  readonly receiveRekey: Uint8Array;
}

export interface ServerIdentity {
  /** 8 bytes; zeros before the meter is made. */
  readonly meterId: Uint8Array;
  readonly publicKey: Uint8Array;
  /** A compact certificate; empty where the meter is not made yet. */
  readonly certificate: Uint8Array;
}

/** A handshake that has begun. It can be confirmed once, whatever comes of it, or discarded. */
export interface ClientPending {
  readonly message1: Uint8Array;
  readonly client: KeyPair;
  readonly ephemeralKey: Uint8Array;
  /** The suites that were offered. */
  readonly offer: Uint8Array;
  /** What opens the secret of the hybrid suite; empty where that was not offered. */
  readonly openingKey: Uint8Array;
  isSpent: boolean;
}

export interface ServerPending {
  readonly role: Role;
  readonly clientKey: Uint8Array;
  /** What the client has to sign. */
  readonly challenge: Uint8Array;
  readonly confirmKey: Uint8Array;
  readonly keys: SessionKeys;
  isSpent: boolean;
}

/**
 * The first message.
 * @param client role and key pair of the caller, which must stay as they are until {@link clientConfirm}
 * @param offered the suites that this side would take, the best first; what is not among them is never used
 * @throws Error for the hybrid suite where {@link Crypto} has no KEM
 */
export function clientHello(
  crypto: Crypto,
  client: KeyPair & { readonly role: Role },
  offered: readonly SuiteName[] = ['classic'],
): { message1: Uint8Array; pending: ClientPending } {
  const ephemeral = crypto.generateKeyPair();
  const offer = Uint8Array.from(offered, (name) => suites[name]);
  const kem = offered.includes('hybrid') ? kemOf(crypto).generateKeyPair() : undefined;
  const message1 = helloLayout.encode({
    version: VERSION_MAX,
    suites: offer,
    role: client.role,
    clientKey: client.publicKey,
    ephemeralKey: ephemeral.publicKey,
    nonce: crypto.randomBytes(NONCE_SIZE),
    shares: kem === undefined ? [] : [{ suite: suites.hybrid, key: kem.sealingKey }],
  });
  const pending = {
    message1,
    client,
    ephemeralKey: ephemeral.privateKey,
    offer,
    openingKey: kem?.openingKey ?? new Uint8Array(),
    isSpent: false,
  };
  return { message1, pending };
}

function kemOf({ kem }: Crypto) {
  if (kem === undefined) throw new Error('there is no KEM for the hybrid suite');
  return kem;
}

type Share = { readonly suite: number; readonly key: Uint8Array };

/** Each share is for a suite of the offer, and there are no two for one. */
function areShares(shares: readonly Share[], offer: Uint8Array): boolean {
  return shares.every(
    ({ suite }, at) =>
      offer.includes(suite) && shares.findIndex((other) => other.suite === suite) === at,
  );
}

/** Z of a suite: what a KEM has shared stands behind the shared secret of the curve (SP 800-56C rev. 2, section 2). */
function joined(shared: Uint8Array, secret: Uint8Array): Uint8Array {
  const both = joinBytes(shared, secret);
  wipe(shared, secret);
  return both;
}

/**
 * The second message. Whatever can be refused without work on the curve is refused first.
 * @param isKnown whether this key may open a session in this role
 */
export function serverAnswer(
  crypto: Crypto,
  server: KeyPair & ServerIdentity,
  message1: Uint8Array,
  isKnown: (role: Role, clientKey: Uint8Array) => boolean,
): Result<{ message2: Uint8Array; pending: ServerPending }> {
  const read = decode(helloLayout, message1, 'malformedRequest');
  if (!read.ok) return read;
  const { version, suites: offer, role, clientKey, ephemeralKey, shares } = read.value;
  if (!areShares(shares, offer)) return refuse('malformedRequest');
  const share = shares.find(({ suite }) => suite === suites.hybrid)?.key;
  const isHybrid = crypto.kem !== undefined && share?.length === KEM_KEY_SIZE;
  const isSpoken = isHybrid || offer.includes(suites.classic);
  if (version < VERSION_MIN || !isSpoken) return refuse('versionUnsupported');
  if (role === 'nobody') return refuse('malformedRequest');
  if (!isKnown(role, clientKey)) return refuse('authenticationFailed');

  const sealed = isHybrid ? kemOf(crypto).encapsulate(share) : NO_KEM;
  const ephemeral = crypto.generateKeyPair();
  const point = crypto.agree(ephemeral.privateKey, ephemeralKey);
  wipe(ephemeral.privateKey);
  if (point === undefined || sealed === undefined) return refuse('authenticationFailed');
  const shared = joined(point, sealed.secret);
  const suite = isHybrid ? suites.hybrid : suites.classic;
  const core = {
    version: Math.min(version, VERSION_MAX),
    suite,
    meterId: server.meterId,
    serverKey: server.publicKey,
    ephemeralKey: ephemeral.publicKey,
    certificate: server.certificate,
    ciphertext: sealed.ciphertext,
  };
  const layout = answerOf(suite);
  const transcript = transcriptOf(crypto, message1, layout.core.encode(core));
  const secrets = deriveSecrets(crypto, shared, transcript, clientKey, server);
  const signature = crypto.sign(server.privateKey, joinBytes(SERVER_PHASE, transcript));
  const mac = crypto.hmac(secrets.confirmServer, SERVER_PHASE, transcript, signature);
  wipe(secrets.confirmServer);
  const pending: ServerPending = {
    role,
    clientKey: clientKey.slice(),
    challenge: joinBytes(CLIENT_PHASE, transcript, signature, mac),
    confirmKey: secrets.confirmClient,
    keys: {
      send: secrets.toClient,
      receive: secrets.toServer,
      sendRekey: secrets.rekeyToClient,
      receiveRekey: secrets.rekeyToServer,
    },
    isSpent: false,
  };
  return ok({ message2: layout.whole.encode({ core, signature, mac }), pending });
}

/**
 * Checks the second message and gives the third. Sending it opens the session on the client's side.
 * @param isTrusted asked when the server has proved that it holds the key it names
 */
export function clientConfirm(
  crypto: Crypto,
  pending: ClientPending,
  message2: Uint8Array,
  isTrusted: (server: ServerIdentity) => boolean,
): Result<{ message3: Uint8Array; keys: SessionKeys; server: ServerIdentity }> {
  try {
    return pending.isSpent
      ? refuse('authenticationFailed')
      : confirmServer(crypto, pending, message2, isTrusted);
  } finally {
    discardClient(pending);
  }
}

function confirmServer(
  crypto: Crypto,
  { message1, client, ephemeralKey, offer, openingKey }: ClientPending,
  message2: Uint8Array,
  isTrusted: (server: ServerIdentity) => boolean,
): Result<{ message3: Uint8Array; keys: SessionKeys; server: ServerIdentity }> {
  const chosen = message2[SUITE_OFFSET] ?? 0;
  const layout = answerOf(offer.includes(chosen) ? chosen : undefined);
  const read = decode(layout.whole, message2, 'malformedRequest');
  if (!read.ok) return read;
  const { core, signature, mac } = read.value;
  if (core.version < VERSION_MIN || core.version > VERSION_MAX || !offer.includes(core.suite))
    return refuse('versionUnsupported');
  const server: ServerIdentity = {
    meterId: core.meterId.slice(),
    publicKey: core.serverKey.slice(),
    certificate: core.certificate.slice(),
  };
  const transcript = transcriptOf(crypto, message1, layout.core.encode(core));
  if (!crypto.verify(server.publicKey, joinBytes(SERVER_PHASE, transcript), signature))
    return refuse('authenticationFailed');
  const point = crypto.agree(ephemeralKey, core.ephemeralKey);
  if (point === undefined) return refuse('authenticationFailed');
  const isHybrid = core.suite === suites.hybrid;
  const secret = isHybrid ? kemOf(crypto).decapsulate(openingKey, core.ciphertext) : NOTHING;
  const shared = joined(point, secret);

  const secrets = deriveSecrets(crypto, shared, transcript, client.publicKey, server);
  const { toServer, toClient, rekeyToServer, rekeyToClient, confirmClient } = secrets;
  const expected = crypto.hmac(secrets.confirmServer, SERVER_PHASE, transcript, signature);
  wipe(secrets.confirmServer);
  if (!equalBytes(mac, expected) || !isTrusted(server)) {
    wipe(toServer, toClient, rekeyToServer, rekeyToClient, confirmClient);
    return refuse('authenticationFailed');
  }
  const challenge = joinBytes(CLIENT_PHASE, transcript, signature, mac);
  const proof = crypto.sign(client.privateKey, challenge);
  const message3 = confirmationLayout.encode({
    signature: proof,
    mac: crypto.hmac(confirmClient, challenge, proof),
  });
  wipe(confirmClient);
  const keys = {
    send: toServer,
    receive: toClient,
    sendRekey: rekeyToServer,
    receiveRekey: rekeyToClient,
  };
  return ok({ message3, keys, server });
}

/** Checks the third message: the session is open, in the role and for the key that are given. */
export function serverConfirm(
  crypto: Crypto,
  pending: ServerPending,
  message3: Uint8Array,
): Result<{ keys: SessionKeys; role: Role; clientKey: Uint8Array }> {
  const { role, clientKey, challenge, confirmKey, keys } = pending;
  const read = decode(confirmationLayout, message3, 'malformedRequest');
  const isProven =
    !pending.isSpent &&
    read.ok &&
    equalBytes(read.value.mac, crypto.hmac(confirmKey, challenge, read.value.signature)) &&
    crypto.verify(clientKey, challenge, read.value.signature);
  if (!isProven) {
    discardServer(pending);
    return read.ok ? refuse('authenticationFailed') : read;
  }
  pending.isSpent = true;
  wipe(confirmKey);
  return ok({ keys, role, clientKey });
}

/** Gives up a handshake that the client has begun and wipes its secrets; those of a session that came of it stay. */
export function discardClient(pending: ClientPending): void {
  pending.isSpent = true;
  wipe(pending.ephemeralKey, pending.openingKey);
}

/** Gives up a handshake that the server has answered and wipes its secrets; those of a session that came of it stay. */
export function discardServer(pending: ServerPending): void {
  const { confirmKey, keys, isSpent } = pending;
  if (isSpent) return;
  pending.isSpent = true;
  wipe(confirmKey, keys.send, keys.receive, keys.sendRekey, keys.receiveRekey);
}

/** Hash over both messages as far as they are not proofs, each behind its length: nothing can move across the border. */
function transcriptOf(crypto: Crypto, message1: Uint8Array, core: Uint8Array): Uint8Array {
  return crypto.sha256(sizeOf(message1), message1, sizeOf(core), core);
}

function sizeOf({ length }: Uint8Array): Uint8Array {
  return Uint8Array.of(length, length >>> 8, length >>> 16, length >>> 24);
}

/** Every secret of the session, each under its own label; wipes the shared one. */
function deriveSecrets(
  crypto: Crypto,
  shared: Uint8Array,
  transcript: Uint8Array,
  clientKey: Uint8Array,
  server: ServerIdentity,
) {
  const key = extractKey(crypto, transcript, shared);
  const context = joinBytes(transcript, clientKey, server.meterId, server.publicKey);
  const derive = (label: string) => expandKey(crypto, key, label, context, KEY_SIZE);
  const secrets = {
    toServer: derive('PMA1 key A'),
    toClient: derive('PMA1 key B'),
    rekeyToServer: derive('PMA1 rekey A'),
    rekeyToClient: derive('PMA1 rekey B'),
    confirmClient: derive('PMA1 confirm A'),
    confirmServer: derive('PMA1 confirm B'),
  };
  wipe(shared, key);
  return secrets;
}
