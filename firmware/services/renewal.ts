/**
 * Another device key and another indicium key (requirements.md F8, G8; docs/keys.md). They wait under seal until they are
 * certified; one record puts them in the place of those before, and a second save erases these.
 */

import type { RequestOf, ResponseOf } from '#protocol/command';
import { keyRenewalDocument } from '#protocol/documents/key-renewal';
import { ok, type Result, refuse } from '#protocol/result';
import { bornPair } from '../born-pair.ts';
import { checkLog } from '../condition.ts';
import { type Device, saveStore, withDeviceKey } from '../device.ts';
import { invariant } from '../fault.ts';
import { noPendingKeys } from '../store.ts';
import { DEVICE_KEY_LABEL, INDICIUM_KEY_LABEL } from '../vault.ts';
import { judgeCertificates } from './making.ts';

const isPending = ({ content: { pendingDevice } }: Device): boolean =>
  pendingDevice.publicKey.length > 0;

export function renewKeys(device: Device): Result<ResponseOf<'renewKeys'>> {
  const { crypto, keys, access, documents } = device;
  invariant(access !== undefined && documents.deviceCertificate !== undefined);
  if (!isPending(device))
    saveStore(device, {
      ...device.content,
      pendingDevice: bornPair(crypto, keys.deviceSeal, DEVICE_KEY_LABEL),
      pendingIndicium: bornPair(crypto, access.vaultKey, INDICIUM_KEY_LABEL),
    });
  const { meterId, pendingDevice, pendingIndicium } = device.content;
  const fields = {
    meterId,
    deviceSerial: documents.deviceCertificate.serial,
    deviceKey: pendingDevice.publicKey,
    indiciumKey: pendingIndicium.publicKey,
  };
  const request = withDeviceKey(device, (key, proved) =>
    keyRenewalDocument.sign(proved, key, fields),
  );
  return ok({ request });
}

export function installRenewedKeys(
  device: Device,
  request: RequestOf<'installRenewedKeys'>,
): Result<ResponseOf<'installRenewedKeys'>> {
  const { content, documents } = device;
  const { pendingDevice, pendingIndicium } = content;
  if (!isPending(device)) return refuse('noRenewalPending');
  const { publicKey: devicePublicKey, sealedKey: sealedDeviceKey } = pendingDevice;
  const { publicKey: indiciumPublicKey, sealedKey: sealedIndiciumKey } = pendingIndicium;
  const judged = judgeCertificates(device, request, devicePublicKey, indiciumPublicKey);
  if (!judged.ok) return judged;
  const room = checkLog(device);
  if (!room.ok) return room;
  const { serial, ...certificates } = judged.value;
  const pairs = { devicePublicKey, sealedDeviceKey, indiciumPublicKey, sealedIndiciumKey };
  const b = documents.indiciumCertificate?.serial ?? 0;
  saveStore(
    device,
    { ...content, ...pairs, ...certificates, ...noPendingKeys(), hasOldKeys: true },
    {},
    { event: 'keysRenewed', a: serial, b },
  );
  eraseOldKeys(device);
  device.isClosing = true; // it was opened with the key that is gone
  return ok({});
}

/** The save that erases the bank with the keys before. Done again from any point where power failed. */
export function eraseOldKeys(device: Device): void {
  if (device.content.hasOldKeys) saveStore(device, { ...device.content, hasOldKeys: false });
}
