/** What an attack left behind, judged by money and rights: from the flash, and from what the meter said. */

import { nodeCrypto } from '#driver/node-crypto';
import type { StateRecord } from '#firmware/journal-record';
import { INDICIUM_SIZE, readIndicium } from '#protocol/documents/indicium';
import { hasSignature } from '#protocol/documents/signed-document';
import type { CallerName } from '#protocol/state';
import type { Reply } from '#test/support/raw-host';
import type { Attack } from './attack.ts';

export interface Aftermath {
  readonly before: StateRecord;
  readonly after: StateRecord;
  readonly replies: readonly (Reply | undefined)[];
  /** Who is logged in behind it, as the meter says in clear; undefined where it says nothing. */
  readonly caller: CallerName | undefined;
  /** Whose key signs the meter's indicia. */
  readonly indiciumKey: Uint8Array;
}

/** What must never follow from one fault; empty where nothing did. */
export function violationsOf(attack: Attack, aftermath: Aftermath): string[] {
  return [
    ...moneyMade(attack, aftermath),
    ...unpaidPieces(attack, aftermath),
    ...rightsGained(attack, aftermath),
    ...changedWithoutRight(attack, aftermath),
  ];
}

function moneyMade({ allowed }: Attack, { before, after }: Aftermath): string[] {
  const found: string[] = [];
  const sum = after.ascending + after.descending + after.withdrawn;
  const paid = after.credited + after.spoilageCredited;
  if (sum !== paid) found.push(`the registers hold ${sum}, which ${paid} was paid for`);
  const credit = paid - before.credited - before.spoilageCredited;
  if (credit !== 0 && credit !== (allowed.credit ?? 0)) found.push(`${credit} were credited`);
  if (after.ascending < before.ascending) found.push('the ascending register fell');
  return found;
}

/** Each signed indicium that left has a debit of its own that outlives a power cut. */
function unpaidPieces({ allowed, known }: Attack, aftermath: Aftermath): string[] {
  const { before, after } = aftermath;
  const old = known?.();
  const fresh = tokensIn(aftermath).filter((token) => old === undefined || !token.equals(old));
  const found: string[] = [];
  if (fresh.length > (allowed.pieces ?? 0)) found.push('an indicium left that must not');
  let postage = 0;
  for (const token of fresh) {
    const read = readIndicium(token);
    if (!read.ok) continue;
    postage += read.value.postage;
    const { pieceCount } = read.value;
    if (pieceCount <= before.pieceCount || pieceCount > after.pieceCount)
      found.push(`an indicium left as piece ${pieceCount}, which is not one that was charged`);
  }
  if (postage > after.ascending - before.ascending)
    found.push(`indicia of ${postage} left, ${after.ascending - before.ascending} were charged`);
  return found;
}

/** Whatever stands in an answer and bears the meter's signature. */
function tokensIn({ replies, indiciumKey }: Aftermath): Buffer[] {
  return replies
    .map((reply) => Buffer.from(reply?.payload.subarray(4) ?? []))
    .filter(
      (bytes) =>
        bytes.length === INDICIUM_SIZE &&
        hasSignature(nodeCrypto, indiciumKey, Uint8Array.from(bytes)),
    );
}

function rightsGained(attack: Attack, { before, after, replies, caller }: Aftermath): string[] {
  const found: string[] = [];
  if (attack.isStranger === true && caller !== undefined && caller !== 'nobody')
    found.push(`${caller} is logged in`);
  const status = replies.at(-1)?.status;
  // a log-in forgets the tries before it: without that, `ok` is what a garbled answer reads
  if (attack.isStranger === true && status === 'ok' && after.userTries === 0)
    found.push('it was let in');
  if (status === 'passwordWrong' && after.userTries <= before.userTries)
    found.push('a password was tried without being counted');
  return found;
}

/** What a document or an order must have changed, and nothing else may. */
const GUARDED = [
  'lifeCycle',
  'storeGeneration',
  'refillPending',
  'spoilageCredited',
  'withdrawn',
  'settled',
  'certificateDescending',
  'certificateCredited',
  'lockSequence',
  'clockSetMs',
  'contactMs',
  'userTries',
  'officerTries',
] as const;

function changedWithoutRight({ allowed }: Attack, { before, after }: Aftermath): string[] {
  if (after.lifeCycle === 'tampered') return []; // all keys are gone: a loss, and nobody's gain
  const found = GUARDED.filter(
    (name) => before[name] !== after[name] && !(allowed.changes ?? []).includes(name),
  ).map((name) => `${name} went from ${before[name]} to ${after[name]}`);
  for (const [name, isLocked] of Object.entries(before.locks))
    if (isLocked && !after.locks[name as keyof typeof after.locks])
      found.push(`the lock ${name} is gone`);
  return found;
}
