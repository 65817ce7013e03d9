/** A meter with a key of each use, and those who deal with it: receivers of keys and of contents. */

import { createDecipheriv, createPrivateKey, type KeyObject } from 'node:crypto';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import type { KeyPair } from '#protocol/crypto';
import { type KeyUse, keyUsesOf } from '#protocol/documents/user-key';
import { x963Key } from '#protocol/kdf';
import { nobleCrypto } from '#protocol/noble-crypto';
import { keyWrapSharedInfo } from '#protocol/shared-info';
import { flashAfter } from './meter.ts';
import { seededRandom } from './seeded-random.ts';
import {
  buyServices,
  type HeldKey,
  holder,
  servicesTable,
  takeKey,
  transaction,
  x509For,
} from './user-keys.ts';

export const ORGANIZATION = new Uint8Array(ascii('Example Works'));

/** Numbers of the keys of {@link securityFlash}. */
export const keyNumbers = { issue: 1, sign: 2, agree: 3, authenticate: 4, both: 5 } as const;

const wanted = [
  { ...holder('issue'), organization: ORGANIZATION },
  holder('sign'),
  holder('agree'),
  holder('authenticate'),
  holder('sign', 'authenticate'),
];
const keys: HeldKey[] = [];

/** A meter with funds, a rate table with the services, and the keys of {@link keyNumbers}. */
export const securityFlash = flashAfter('refilled', async (meter) => {
  await (await meter.loggedIn('cryptoOfficer')).installRateTable(servicesTable());
  await buyServices(meter);
  const officer = await meter.loggedIn('cryptoOfficer');
  for (const [index, each] of wanted.entries())
    keys.push(await takeKey(officer, each, { counter: index + 1, nonce: 1 }));
});

/** A key of {@link securityFlash}, once that was made. */
export function keyFor(use: keyof typeof keyNumbers): HeldKey {
  const key = keys[keyNumbers[use] - 1];
  if (key === undefined) throw new Error('no meter was made yet');
  return key;
}

/** Somebody who gets a key, or a content. */
export const receiver: KeyPair = nobleCrypto(seededRandom('receiver')).generateKeyPair();
export const NONE = new Uint8Array(0);
/** The form of a point, and no point. */
export const NO_POINT = Uint8Array.of(2, ...new Uint8Array(31).fill(0xff), 0xff);

export const agentRequest = (
  changes: Partial<RequestOf<'agentCertificate'>> = {},
): RequestOf<'agentCertificate'> => ({
  requestId: transaction(),
  number: keyNumbers.issue,
  uses: keyUsesOf('sign'),
  commonName: ascii('An Employee'),
  validFrom: 20260301,
  validTo: 20260930,
  receiverKey: receiver.publicKey,
  passwordKey: NONE,
  ...changes,
});

/** The key of a content, as a receiver gets it. */
export function unwrapped(
  { ephemeralKey, wrappedKey }: Pick<ResponseOf<'encryptKey'>, 'ephemeralKey' | 'wrappedKey'>,
  { privateKey }: KeyPair = receiver,
): Uint8Array {
  const secret = nodeCrypto.agree(privateKey, ephemeralKey);
  if (secret === undefined) throw new Error('no point');
  const wrappingKey = x963Key(nodeCrypto, secret, keyWrapSharedInfo, 32);
  const opener = createDecipheriv('id-aes256-wrap', wrappingKey, Buffer.alloc(8, 0xa6));
  return Uint8Array.from(Buffer.concat([opener.update(wrappedKey), opener.final()]));
}

/** The private key, as the receiver of a certificate gets it. */
export function receivedKey(given: ResponseOf<'agentCertificate'>): KeyObject {
  const { nonce, encryptedKey } = given;
  const info = nodeCrypto.open(unwrapped(given), nonce, NONE, encryptedKey);
  if (info === undefined) throw new Error('the private key does not open');
  return keyObject(info);
}

/** The private key, as whoever knows the password gets it. */
export function keyUnderPassword(
  { nonce, encryptedKey }: ResponseOf<'agentCertificate'>,
  passwordKey: Uint8Array,
): KeyObject {
  const opener = createDecipheriv('aes-256-cbc', passwordKey, nonce);
  return keyObject(Buffer.concat([opener.update(encryptedKey), opener.final()]));
}

const keyObject = (info: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(info), format: 'der', type: 'pkcs8' });

/** Each service of keys of the user, once. @param logIn gives the user, when the keys are there */
export async function useKeys(officer: Meter, logIn: () => Promise<Meter>): Promise<void> {
  const take = async (...uses: readonly KeyUse[]) =>
    takeKey(officer, { ...holder(...uses), organization: ORGANIZATION });
  const [agent, both, opener] = [
    (await take('issue')).request,
    (await take('sign', 'authenticate')).request,
    (await take('agree')).request,
  ];
  const user = await logIn();
  const content = ascii('content');
  await user.agentCertificate({ ...agentRequest(), number: agent.number });
  const asked = { requestId: transaction(), number: both.number };
  const { signature } = await user.signContent({ ...asked, content });
  const certificate = x509For(both.publicKey, { extensions: [] });
  const judged = { requestId: transaction(), content, signature, certificate };
  await user.verifySignature({ ...judged, publicKey: NONE });
  const challenge = nodeCrypto.sha256(content);
  await user.authenticate({ requestId: transaction(), number: both.number, challenge });
  const receiverKey = opener.publicKey;
  const wrapped = await user.encryptKey({ requestId: transaction(), receiverKey });
  const { ephemeralKey, wrappedKey } = wrapped;
  await user.decryptKey({
    requestId: transaction(),
    number: opener.number,
    ephemeralKey,
    wrappedKey,
    sharedInfo: keyWrapSharedInfo,
    wrapKeySize: 32,
  });
}
