/**
 * Withdrawal: all that is left goes back, the keys are destroyed, the proof stays (requirements.md B7; domain.md R22, R23).
 *
 * One record takes the money out and ends the meter's life; what follows is finished at power-up where power failed: the
 * proof is signed and stored, then every key is destroyed. So the proof can always be read, and no key outlives it.
 */

import type { RequestOf, ResponseOf } from '#protocol/command';
import {
  matchWithdrawal,
  signWithdrawalReport,
  signWithdrawalRequest,
  withdrawalAuthorisationDocument,
} from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import { ok, type Result, refuse } from '#protocol/result';
import { checkLog, licenceOf } from '../condition.ts';
import { commit, type Device, nowMs, readDocuments, stamped, withDeviceKey } from '../device.ts';
import { twice } from '../double-check.ts';
import { invariant } from '../fault.ts';
import { aside, checkConsistent, registersOf, withdraw } from '../registers.ts';
import { destroyedContent } from '../store.ts';

const NONCE_SIZE = 8;

/** What all three documents of a withdrawal have in common. */
function termsOf({ journal: { state }, content: { meterId } }: Device) {
  return {
    meterId,
    sequence: state.refillSequence,
    nonce: state.refillNonce,
    postal: state.descending,
    certificate: state.certificateDescending,
  };
}

export function withdrawalRequest(device: Device): Result<ResponseOf<'withdrawalRequest'>> {
  const { journal, crypto } = device;
  const { refillPending, lifeCycle, refillSequence, descending, certificateDescending } =
    journal.state;
  if (lifeCycle === 'registered') {
    if (refillPending > 0) return refuse('refillPending', refillPending);
    const room = checkLog(device);
    if (!room.ok) return room;
    checkConsistent(journal.state);
    const sequence = refillSequence + 1;
    const changes = {
      lifeCycle: 'withdrawing',
      refillSequence: sequence,
      refillNonce: crypto.randomBytes(NONCE_SIZE),
    } as const;
    const entry = { a: descending, b: sequence, c: certificateDescending };
    commit(device, 'lifeCycle', aside(stamped(device), changes), {
      event: 'withdrawalRequested',
      ...entry,
    });
  }
  return ok({ request: signedRequest(device) });
}

function signedRequest(device: Device): Uint8Array {
  const { journal, documents } = device;
  const fields = {
    ...termsOf(device),
    registers: registersOf(journal.state, documents.licence),
    timeMs: nowMs(device),
  };
  return withDeviceKey(device, (key, crypto) => signWithdrawalRequest(crypto, key, fields));
}

export function withdrawalCommit(
  device: Device,
  request: RequestOf<'withdrawalCommit'>,
): Result<ResponseOf<'withdrawalCommit'>> {
  const { crypto } = device;
  const { providerKey } = licenceOf(device);
  const matched = twice(() => {
    const read = withdrawalAuthorisationDocument.verify(crypto, providerKey, request.authorisation);
    return read.ok ? matchWithdrawal(read.value, termsOf(device)) : read;
  });
  if (!matched.ok) return matched;
  const before = stamped(device);
  if (matched.value.verdict === 'refused') {
    const room = checkLog(device);
    if (!room.ok) return room;
    const entry = { event: 'withdrawalRefused', b: before.refillSequence } as const;
    commit(device, 'lifeCycle', aside(before, { lifeCycle: 'registered' }), entry);
    return ok({});
  }
  commit(device, 'withdrawal', { ...withdraw(before), lifeCycle: 'withdrawn' });
  finishWithdrawal(device);
  device.isRestarting = true; // copies of keys in memory go with it
  return ok({});
}

/** Signs and stores the proof, and destroys every key. Done again from any point where power failed. */
export function finishWithdrawal(device: Device): void {
  const { store, content, journal } = device;
  if (content.withdrawalReport.length === 0) {
    const kept = { ...destroyedContent(), meterId: content.meterId };
    const proof = { ...kept, withdrawalReport: signedReport(device) };
    const storeGeneration = store.save(proof, journal.state.storeGeneration);
    commit(device, 'store', aside(stamped(device), { storeGeneration }));
    device.content = proof;
    device.documents = readDocuments(proof);
  }
  store.clearOther(journal.state.storeGeneration);
}

function signedReport(device: Device): Uint8Array {
  const { journal, documents } = device;
  const { state } = journal;
  const fields = {
    ...termsOf(device),
    postal: state.withdrawn,
    certificate: state.certificateWithdrawn,
    registers: registersOf(state, documents.licence),
    journalSequence: state.sequence,
    auditHead: state.auditHead,
    logCount: state.logCount,
    logHead: state.logHead,
    timeMs: nowMs(device),
  };
  invariant(state.descending === mills(0) && state.certificateDescending === mills(0));
  return withDeviceKey(device, (key, crypto) => signWithdrawalReport(crypto, key, fields));
}

export function withdrawalReport(device: Device): Result<ResponseOf<'withdrawalReport'>> {
  return ok({ report: device.content.withdrawalReport });
}
