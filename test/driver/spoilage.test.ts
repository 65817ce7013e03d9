/** Spoiled pieces become claims, each once, and are followed (requirements.md B7, F7; domain.md R21). */

import { describe, expect, test } from 'vitest';
import {
  type Claim,
  type ClaimState,
  type ClaimsOffice,
  claimedPieces,
  claimSpoiled,
  claimsOf,
} from '#driver/spoilage';
import { readIndicium } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import { meterId, otherMeterId, indicium as sample } from '#test/support/document-values';
import { signIndicium } from '#test/support/documents';
import { failureOf } from '#test/support/settle';
import { everyOf } from './batch/desk.ts';

const indiciumOf = (piece: number): Uint8Array => signIndicium({ ...sample, pieceCount: piece });
const indicia = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from + 1 }, (_, at) => indiciumOf(from + at));

/** A provider that keeps claims as the real one does: one for each request id; pages of three. */
function openClaims(verdict: (piece: number) => ClaimState = () => 'refunded') {
  const claims: (Claim & { readonly requestId: string })[] = [];
  let isLost = false;
  const office: ClaimsOffice<'misprint'> = {
    async submitClaim({ requestId, meterId: meter, indicia: parts }) {
      const id = Buffer.from(requestId).toString('hex');
      const known = claims.find((claim) => claim.requestId === id);
      const claim = known ?? {
        requestId: id,
        claimId: claims.length + 1,
        meterId: meter,
        state: 'refunded' as const,
        approved: mills(0),
        submittedMs: 1,
        pieces: parts.map((bytes) => {
          const read = readIndicium(bytes);
          if (!read.ok) throw new Error(read.status);
          const { pieceCount: piece, postage: amount } = read.value;
          return { piece, amount, state: verdict(piece) };
        }),
      };
      if (known === undefined) claims.push(claim);
      if (isLost) throw new Error('the answer was lost');
      return claim;
    },
    listClaims: async ({ after }) => ({
      claims: claims.filter(({ claimId }) => claimId > after).slice(0, 3),
    }),
  };
  return {
    office,
    claims,
    loseAnswers(lost: boolean) {
      isLost = lost;
    },
  };
}

const order = { customerId: 1, meterId, reason: 'misprint' } as const;
const sizes = (claims: readonly Claim[]) => claims.map(({ pieces }) => pieces.length);

describe('spoiled pieces', () => {
  test('are claimed in as many claims as they need', async () => {
    const { office, claims } = openClaims();

    const submitted = await claimSpoiled(office, { ...order, indicia: indicia(1, 70) });

    expect(sizes(submitted)).toEqual([32, 32, 6]);
    expect(claims.flatMap(({ pieces }) => pieces.map(({ piece }) => piece))).toEqual(
      Array.from({ length: 70 }, (_, at) => at + 1),
    );
  });

  test('that were claimed before are left out, however many come behind them', async () => {
    const { office, claims } = openClaims();
    await claimSpoiled(office, { ...order, indicia: indicia(1, 40) });

    const more = await claimSpoiled(office, { ...order, indicia: indicia(1, 41) });

    expect(sizes(more)).toEqual([1]);
    expect(sizes(claims)).toEqual([32, 8, 1]);
  });

  test('whose answer was lost are not claimed twice', async () => {
    const { office, claims, loseAnswers } = openClaims();
    loseAnswers(true);
    await failureOf(claimSpoiled(office, { ...order, indicia: indicia(1, 40) }));
    loseAnswers(false);

    const rest = await claimSpoiled(office, { ...order, indicia: indicia(1, 40) });

    expect(sizes(rest)).toEqual([8]);
    expect(sizes(claims)).toEqual([32, 8]);
  });
});

describe('what became of them', () => {
  test('is told piece by piece, over all pages, for the meter that is meant', async () => {
    const { office } = openClaims((piece) => (piece % 2 === 0 ? 'refunded' : 'rejected'));
    for (let piece = 1; piece <= 7; piece++)
      await claimSpoiled(office, { ...order, indicia: [indiciumOf(piece)] });

    const pieces = await claimedPieces(office, order);
    const others = await claimedPieces(office, { ...order, meterId: otherMeterId });

    expect((await everyOf(claimsOf(office, 1))).length).toBe(7);
    expect([...pieces].map(([piece, { state }]) => `${piece} ${state}`)).toEqual([
      ...['1 rejected', '2 refunded', '3 rejected', '4 refunded'],
      ...['5 rejected', '6 refunded', '7 rejected'],
    ]);
    expect(others.size).toBe(0);
  });
});
