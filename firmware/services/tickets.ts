/** Tickets, charged and signed (requirements.md C7, B3). */

import { joinBytes } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import { keyId } from '#protocol/documents/key-id';
import { isSeat, MINUTE_MS, ticketDocument } from '#protocol/documents/ticket';
import { ok, type Result, refuse } from '#protocol/result';
import { onceFor, serve, timeOf } from '../charged.ts';
import type { Device } from '../device.ts';
import type { RecordedDebit } from '../journal.ts';
import { findUserKey, usableKey, withUserKey } from '../user-keys.ts';

type Request = RequestOf<'createTicket'>;
type Response = ResponseOf<'createTicket'>;

export function createTicket(device: Device, request: Request): Result<Response> {
  return serve(device, request, {
    command: 'createTicket',
    charge: 'ticket',
    judge() {
      const { validFrom, validTo, seat, uses, number } = request;
      const isTicket = validFrom <= validTo && isSeat(seat) && uses > 0;
      return isTicket ? usableKey(device, number, 'sign') : refuse('fieldOutOfRange');
    },
    answer: (recorded) => signedTicket(device, request, recorded),
  });
}

function signedTicket(
  device: Device,
  { requestId: _, number, ...asked }: Request,
  recorded: RecordedDebit,
): Result<Response> {
  const key = findUserKey(device, number);
  if (!key.ok) return key;
  const core = ticketDocument.encodeCore({
    ...asked,
    meterId: device.content.meterId,
    number: recorded.debit.certificatePieceCount,
    issued: Math.floor(timeOf(recorded) / MINUTE_MS),
    keyId: keyId(device.crypto, key.value.publicKey),
  });
  const { signature } = onceFor(device, recorded, () => ({
    signature: withUserKey(device, key.value, (privateKey, proved) =>
      proved.sign(privateKey, core),
    ),
  }));
  return ok({ ticket: joinBytes(core, signature) });
}
