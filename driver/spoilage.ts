/**
 * Spoiled pieces: claimed at the provider, each once, and followed until they are refunded or rejected (requirements.md B7,
 * F7; domain.md R20, R21, R38). What is refunded comes back to the meter by a refill of the kind `spoilage`.
 */

import { createHash } from 'node:crypto';
import { readIndicium } from '#protocol/documents/indicium';
import type { Mills } from '#protocol/mills';
import type { OfficeOptions, Question } from './contact/offices.ts';

export const claimStates = ['submitted', 'refunded', 'rejected'] as const;
export type ClaimState = (typeof claimStates)[number];

export interface ClaimedPiece {
  /** Number of the piece; undefined where it could not be read. */
  readonly piece?: number | undefined;
  readonly amount: Mills;
  readonly state: ClaimState;
  /** Why it was rejected. */
  readonly rejection?: string | undefined;
}

export interface Claim {
  readonly claimId: number;
  readonly meterId: Uint8Array;
  readonly state: ClaimState;
  /** What of it is refunded. */
  readonly approved: Mills;
  readonly submittedMs: number;
  /** In the order in which they were claimed. */
  readonly pieces: readonly ClaimedPiece[];
}

/** The provider, by whoever may act for the customer. @typeParam Reason the reasons that it knows */
export interface ClaimsOffice<Reason extends string> {
  /** The same request id gets the same claim. */
  readonly submitClaim: Question<
    {
      readonly customerId: number;
      readonly requestId: Uint8Array;
      readonly meterId: Uint8Array;
      readonly reason: Reason;
      readonly indicia: readonly Uint8Array[];
    },
    Claim
  >;
  readonly listClaims: Question<
    { readonly customerId: number; readonly after: number },
    { readonly claims: readonly Claim[] }
  >;
}

/** Pieces in one claim. */
const CLAIM_SIZE_MAX = 32;
const REQUEST_ID_SIZE = 16;

/** All claims of a customer, the oldest first. */
export async function* claimsOf<Reason extends string>(
  office: Pick<ClaimsOffice<Reason>, 'listClaims'>,
  customerId: number,
  options: OfficeOptions = {},
): AsyncGenerator<Claim> {
  for (let after = 0; ; ) {
    const { claims } = await office.listClaims({ customerId, after }, options);
    yield* claims;
    const last = claims.at(-1);
    if (last === undefined) return;
    after = last.claimId;
  }
}

/** What became of a piece that was claimed. */
export interface PieceClaim extends ClaimedPiece {
  readonly claimId: number;
}

/** The claimed pieces of one meter by their number. Of a piece that was claimed twice, the claim that was not rejected. */
export async function claimedPieces<Reason extends string>(
  office: Pick<ClaimsOffice<Reason>, 'listClaims'>,
  { customerId, meterId }: { readonly customerId: number; readonly meterId: Uint8Array },
  options: OfficeOptions = {},
): Promise<Map<number, PieceClaim>> {
  const found = new Map<number, PieceClaim>();
  const meter = Buffer.from(meterId);
  for await (const { claimId, pieces, meterId: claimed } of claimsOf(office, customerId, options))
    for (const piece of pieces) {
      if (piece.piece === undefined || !meter.equals(claimed)) continue;
      const before = found.get(piece.piece);
      if (before === undefined || before.state === 'rejected')
        found.set(piece.piece, { ...piece, claimId });
    }
  return found;
}

export interface SpoiledPieces<Reason extends string> {
  readonly customerId: number;
  readonly meterId: Uint8Array;
  readonly reason: Reason;
  /** 128 bytes each. */
  readonly indicia: readonly Uint8Array[];
}

/**
 * Claims pieces, as many claims as they need; those that were claimed before are left out. After any interruption the same
 * call goes on: what had arrived is not claimed again.
 * @returns the claims that were submitted now
 * @throws what the office throws
 */
export async function claimSpoiled<Reason extends string>(
  office: ClaimsOffice<Reason>,
  { customerId, meterId, reason, indicia }: SpoiledPieces<Reason>,
  options: OfficeOptions & { readonly onClaim?: (claim: Claim) => void } = {},
): Promise<readonly Claim[]> {
  const known = await claimedPieces(office, { customerId, meterId }, options);
  const fresh = indicia.filter((bytes) => {
    const read = readIndicium(bytes);
    return !read.ok || !known.has(read.value.pieceCount);
  });
  const claims: Claim[] = [];
  for (let at = 0; at < fresh.length; at += CLAIM_SIZE_MAX) {
    const part = fresh.slice(at, at + CLAIM_SIZE_MAX);
    const requestId = requestIdOf(meterId, part);
    const order = { customerId, requestId, meterId, reason, indicia: part };
    const claim = await office.submitClaim(order, options);
    options.onClaim?.(claim);
    claims.push(claim);
  }
  return claims;
}

/** Of what is claimed: whoever asks again for the same, asks for the same claim. */
function requestIdOf(meterId: Uint8Array, indicia: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256').update(meterId);
  for (const bytes of indicia) hash.update(bytes);
  return Uint8Array.from(hash.digest().subarray(0, REQUEST_ID_SIZE));
}
