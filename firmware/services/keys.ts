/** Keys that take the place of others (requirements.md D8, F3, F8, G8). */

import { equalBytes } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import { followAuthority } from '#protocol/documents/authority-key';
import { ok, type Result, refuse } from '#protocol/result';
import { callerNames } from '#protocol/state';
import { checkLog } from '../condition.ts';
import { type Device, logStateOf, saveStore } from '../device.ts';
import { twice } from '../double-check.ts';
import { invariant } from '../fault.ts';
import { isPublicKey } from '../self-test.ts';
import { noPendingKeys } from '../store.ts';

/**
 * D8. What was taken under the key before stays: it was judged by the key of its day.
 *
 * It may use the reserve of the log as the clock does: without the key of today, no inspection frees a full log.
 */
export function installAuthorityKey(
  device: Device,
  { certificate }: RequestOf<'installAuthorityKey'>,
): Result<ResponseOf<'installAuthorityKey'>> {
  const { crypto, content, documents } = device;
  const held = { publicKey: content.authorityKey, certificate: documents.authority };
  const read = twice(
    () => followAuthority(crypto, held, certificate),
    (first, second) => first.sequence === second.sequence,
  );
  if (!read.ok) return read;
  if (device.log.free(logStateOf(device)) === 0) return refuse('logFull');
  const { publicKey: authorityKey, sequence } = read.value;
  const b = documents.authority?.sequence ?? 0;
  const entry = { event: 'authorityKey', a: sequence, b } as const;
  // keys that wait may have certificates already, by the key before: this one will certify others
  const changed = { authorityKey, authorityCertificate: certificate, ...noPendingKeys() };
  saveStore(device, { ...content, ...changed }, {}, entry);
  return ok({});
}

export function authorityKey({ content }: Device): Result<ResponseOf<'authorityKey'>> {
  return ok({ key: content.authorityKey, certificate: content.authorityCertificate });
}

/** F3. A repeated request finds the key there and changes nothing. */
export function changeHostKey(
  device: Device,
  { hostKey }: RequestOf<'changeHostKey'>,
): Result<ResponseOf<'changeHostKey'>> {
  const { access, content, crypto } = device;
  invariant(access !== undefined);
  const { role } = access;
  if (!isPublicKey(crypto, hostKey)) return refuse('fieldOutOfRange');
  if (equalBytes(content[role].hostKey, hostKey)) return ok({});
  const room = checkLog(device);
  if (!room.ok) return room;
  const entry = { event: 'hostKeyChanged', b: callerNames.indexOf(role) } as const;
  saveStore(device, { ...content, [role]: { ...content[role], hostKey } }, {}, entry);
  return ok({});
}
