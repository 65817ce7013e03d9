/** The secret keys of digital tokens: made for a meter that asks, sealed for it, kept to judge by (requirements.md C2). */

import { formatMeterId } from '#protocol/documents/meter-id';
import {
  issueTokenKeys,
  TOKEN_KEYS_SIZE,
  tokenKeyRequestDocument,
} from '#protocol/documents/token-keys';
import type { AuthorityContext, AuthorityTransaction } from '../context.ts';
import { nextNumber } from '../context.ts';
import { namedSignerOf } from '../device-keys.ts';
import { lockMeter } from '../meters.ts';
import { type AuthorityOutcome, refuseBecause } from '../refusals.ts';

/** One byte for vendor and model: that of all meters here. */
const LITE_MODEL = 0x54;
const SERIAL_MAX = 0xff_ffff;

/** Answers a request, which the meter signed with its device key. The same request gets the same keys. */
export async function answerTokenKeyRequest(
  context: AuthorityContext,
  { request }: { readonly request: Uint8Array },
): Promise<AuthorityOutcome<{ readonly keys: Uint8Array }>> {
  const { crypto } = context;
  const read = tokenKeyRequestDocument.read(request);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { meterId, publicKey: recipient } = read.value;
  return context.db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, meterId))) return refuseBecause('meterUnknown');
    const signer = await namedSignerOf(
      { db: trx, crypto },
      tokenKeyRequestDocument,
      request,
      read.value,
    );
    if (!signer.ok) return signer;
    const meter = await trx
      .selectFrom('meters')
      .select(['lock_action', 'withdrawal'])
      .where('meter_id', '=', formatMeterId(meterId))
      .executeTakeFirstOrThrow();
    if (meter.withdrawal !== null) return refuseBecause('meterWithdrawn');
    if (meter.lock_action === 'revoke') return refuseBecause('meterRevoked');
    const { model, serial, keys } = await keysFor(context, trx, formatMeterId(meterId), request);
    const asked = { meterId, recipient, model, serial };
    const document = issueTokenKeys(crypto, context.keys, asked, keys);
    return document === undefined
      ? refuseBecause('keyInvalid')
      : { ok: true, value: { keys: document } };
  });
}

async function keysFor(
  { crypto, now }: AuthorityContext,
  trx: AuthorityTransaction,
  meterId: string,
  request: Uint8Array,
): Promise<{ readonly model: number; readonly serial: number; readonly keys: Uint8Array }> {
  const known = await trx
    .selectFrom('token_keys')
    .select(['model', 'serial', 'keys'])
    .where('request', '=', request)
    .executeTakeFirst();
  if (known !== undefined) return known;
  const earlier = await trx
    .selectFrom('token_keys')
    .select('serial')
    .where('meter_id', '=', meterId)
    .executeTakeFirst();
  const serial = earlier?.serial ?? (await nextNumber(trx, 'liteSerial'));
  if (serial > SERIAL_MAX) throw new Error('there are no more serial numbers for lite indicia');
  const row = { model: LITE_MODEL, serial, keys: crypto.randomBytes(TOKEN_KEYS_SIZE) };
  await trx
    .insertInto('token_keys')
    .values({ ...row, request, meter_id: meterId, issued_ms: now() })
    .execute();
  return row;
}
