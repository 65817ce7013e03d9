/** What the provider itself finds against a piece that is claimed as spoiled; the authority judges the others (domain.md R20, R21). */

import { equalBytes } from '#protocol/bytes';
import { currentKey, verifyCertificateInTime } from '#protocol/documents/authority-chain';
import { dateOf, daysBetween } from '#protocol/documents/date';
import { type Indicium, readIndicium } from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import { spoilageMax, verifyLicence } from '#protocol/documents/licence';
import { formatMeterId } from '#protocol/documents/meter-id';
import { hasSignature } from '#protocol/documents/signed-document';
import { spoilageVerdicts } from '#protocol/documents/spoilage';
import { type Mills, mills } from '#protocol/mills';
import { judgeByAuthority } from './authority-keys.ts';
import type { ProviderContext, ProviderTransaction } from './context.ts';
import type { MeterBooks } from './meters.ts';

export const claimStates = ['submitted', 'refunded', 'rejected'] as const;
export type ClaimState = (typeof claimStates)[number];

const [, ...refusals] = spoilageVerdicts;
/** Why a piece is not refunded: what the authority says, and what the provider does. */
export const rejections = [...refusals, 'tooOld', 'claimedBefore'] as const;
export type Rejection = (typeof rejections)[number];

/** Days after the date of mailing, unless the operator wants others (domain.md R21). */
const SPOILAGE_DAYS = 60;

/** A piece as it was judged here; without a rejection it goes to the authority. */
export interface ClaimPiece {
  readonly bytes: Uint8Array;
  /** Undefined where the bytes are no indicium. */
  readonly piece: number | undefined;
  readonly amount: Mills;
  readonly rejection: Rejection | undefined;
}

/** What the authority has told, as far as it answers: without it, its own judgement decides. */
export interface Known {
  /** The keys of the certificates that the pieces name, by serial number. */
  readonly keys: ReadonlyMap<number, Uint8Array>;
  /** Hundredths of a percent of the ascending register; undefined where it is not known. */
  readonly cap: number | undefined;
}

/** Asks the authority for what the pieces are judged by. */
export async function learn(
  context: ProviderContext,
  meterId: Uint8Array,
  indicia: readonly Uint8Array[],
): Promise<Known> {
  const serials = new Set<number>();
  for (const bytes of indicia) {
    const read = readIndicium(bytes);
    if (read.ok) serials.add(read.value.certificateSerial);
  }
  const keys = new Map<number, Uint8Array>();
  for (const serial of serials) {
    const key = await keyOf(context, meterId, serial);
    if (key !== undefined) keys.set(serial, key);
  }
  return { keys, cap: await capOf(context, meterId) };
}

async function keyOf(
  context: ProviderContext,
  subject: Uint8Array,
  serial: number,
): Promise<Uint8Array | undefined> {
  try {
    const { certificate } = await context.authority.certificate({ serial });
    const demand = { usage: 'indicium', subject } as const;
    const read = await judgeByAuthority(context, (keys) =>
      verifyCertificateInTime(context.crypto, keys, certificate, demand),
    );
    return read.ok && read.value.serial === serial ? read.value.publicKey : undefined;
  } catch {
    return undefined; // then the authority alone judges the signature
  }
}

async function capOf(context: ProviderContext, meterId: Uint8Array): Promise<number | undefined> {
  try {
    const { licence } = await context.authority.licence({ meterId });
    const read = await judgeByAuthority(context, (keys) =>
      verifyLicence(context.crypto, currentKey(keys).publicKey, licence),
    );
    return read.ok && equalBytes(read.value.meterId, meterId) ? read.value.spoilageCap : undefined;
  } catch {
    return undefined; // then the authority alone judges the cap
  }
}

/** Judges the pieces of a claim in turn; the meter is held. */
export async function judgePieces(
  context: ProviderContext,
  trx: ProviderTransaction,
  claim: { readonly meterId: Uint8Array; readonly indicia: readonly Uint8Array[] },
  books: MeterBooks,
  known: Known,
): Promise<readonly ClaimPiece[]> {
  const judged: ClaimPiece[] = [];
  const seen = new Set<number>();
  let claimed = books.spoilageApproved + (await undecided(trx, claim.meterId));
  for (const bytes of claim.indicia) {
    const read = readIndicium(bytes);
    if (!read.ok) {
      judged.push({ bytes, piece: undefined, amount: mills(0), rejection: 'unreadable' });
      continue;
    }
    const { pieceCount: piece, postage: amount } = read.value;
    const isTwice = seen.has(piece) || (await isClaimed(trx, claim.meterId, piece));
    const rejection = isTwice
      ? 'claimedBefore'
      : rejectionOf(context, claim.meterId, bytes, read.value, { books, known, claimed });
    if (rejection === undefined) {
      seen.add(piece);
      claimed += amount;
    }
    judged.push({ bytes, piece, amount, rejection });
  }
  return judged;
}

interface Circumstances {
  readonly books: MeterBooks;
  readonly known: Known;
  /** What this meter has claimed already and was not refused, mills. */
  readonly claimed: number;
}

function rejectionOf(
  { crypto, now, spoilageDays = SPOILAGE_DAYS }: ProviderContext,
  meterId: Uint8Array,
  bytes: Uint8Array,
  indicium: Indicium,
  { books, known, claimed }: Circumstances,
): Rejection | undefined {
  if (!equalBytes(indicium.meterId, meterId)) return 'otherMeter';
  if (indicium.postage === 0 || indicium.flags.test) return 'noValue';
  const key = known.keys.get(indicium.certificateSerial);
  if (
    key !== undefined &&
    !(equalBytes(indicium.keyId, keyId(crypto, key)) && hasSignature(crypto, key, bytes))
  )
    return 'signatureInvalid';
  if (daysBetween(indicium.mailingDate, dateOf(now())) > spoilageDays) return 'tooOld';
  const ascending = Math.max(indicium.ascending, books.ascending);
  if (known.cap !== undefined && claimed + indicium.postage > spoilageMax(ascending, known.cap))
    return 'aboveCap';
  return undefined;
}

/** What is claimed and not decided yet, mills. */
async function undecided(trx: ProviderTransaction, meterId: Uint8Array): Promise<number> {
  const rows = await trx
    .selectFrom('claim_pieces')
    .select('amount')
    .where('meter_id', '=', formatMeterId(meterId))
    .where('state', '=', 'submitted')
    .execute();
  return rows.reduce((sum, { amount }) => sum + amount, 0);
}

/** Whether a piece is in a claim that is not decided, or was refunded. One that was rejected may be claimed again. */
async function isClaimed(
  trx: ProviderTransaction,
  meterId: Uint8Array,
  piece: number,
): Promise<boolean> {
  const row = await trx
    .selectFrom('claim_pieces')
    .select('claim_id')
    .where('meter_id', '=', formatMeterId(meterId))
    .where('piece_count', '=', piece)
    .where('state', '!=', 'rejected')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
