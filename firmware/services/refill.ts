/** Refill: a signed request, a signed answer, credited exactly once (requirements.md B6; domain.md R12-R16). */

import { equalBytes } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import {
  matchRefill,
  type PendingRefill,
  signRefillRequest,
  verifyRefillAuthorisation,
} from '#protocol/documents/refill';
import { ok, type Result, refuse } from '#protocol/result';
import { type Device, descendingMaxOf, nowMs, stamped } from '../device.ts';
import { invariant } from '../fault.ts';
import { beginRefill, endRefill, registersOf } from '../registers.ts';
import { DEVICE_KEY_LABEL, withPrivateKey } from '../vault.ts';

const NONCE_SIZE = 8;

export function refillRequest(
  device: Device,
  { amount }: RequestOf<'refillRequest'>,
): Result<ResponseOf<'refillRequest'>> {
  const { journal, crypto } = device;
  if (nowMs(device) === 0) return refuse('clockNotTrusted');
  const { refillPending } = journal.state;
  if (refillPending > 0 && refillPending !== amount) return refuse('refillPending', refillPending);
  if (refillPending === 0) {
    const nonce = crypto.randomBytes(NONCE_SIZE);
    const next = beginRefill(stamped(device), amount, descendingMaxOf(device), nonce);
    if (!next.ok) return next;
    journal.append('refillRequest', next.value);
    journal.sync();
  }
  return ok({ request: signedRequest(device) });
}

function signedRequest(device: Device): Uint8Array {
  const { journal, crypto, content, keys } = device;
  const { ascending, descending, pieceCount, refillSequence, refillNonce, refillPending } =
    journal.state;
  const fields = {
    meterId: content.meterId,
    sequence: refillSequence,
    nonce: refillNonce,
    amount: refillPending,
    ascending,
    descending,
    pieceCount,
    timeMs: nowMs(device),
  };
  return withPrivateKey(crypto, keys.deviceSeal, DEVICE_KEY_LABEL, content.sealedDeviceKey, (key) =>
    signRefillRequest(crypto, key, fields),
  );
}

function pendingRefill({ journal, content: { meterId } }: Device): PendingRefill {
  const { refillSequence, refillNonce, refillPending, ascending, descending } = journal.state;
  return {
    meterId,
    sequence: refillSequence,
    nonce: refillNonce,
    amount: refillPending,
    controlSum: ascending + descending,
  };
}

export function refillCommit(
  device: Device,
  request: RequestOf<'refillCommit'>,
): Result<ResponseOf<'refillCommit'>> {
  const { journal, crypto, content, documents } = device;
  invariant(documents.licence !== undefined);
  const { providerKey } = documents.licence;
  const read = verifyRefillAuthorisation(crypto, providerKey, request.authorisation);
  if (!read.ok) return read;
  const authorisation = read.value;
  const { refillSequence, refillNonce, refillPending } = journal.state;
  const isRepeated =
    refillPending === 0 &&
    equalBytes(authorisation.meterId, content.meterId) &&
    authorisation.sequence === refillSequence &&
    equalBytes(authorisation.nonce, refillNonce);
  if (!isRepeated) {
    if (refillPending === 0) return refuse('noRefillPending');
    const matched = matchRefill(authorisation, pendingRefill(device));
    if (!matched.ok) return matched;
    journal.append('refillCommit', endRefill(stamped(device), authorisation.amount));
    journal.sync();
  }
  const registers = registersOf(journal.state, descendingMaxOf(device));
  return ok({ credited: authorisation.amount, registers });
}
