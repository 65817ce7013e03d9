/** What an indicium is wanted for, as a program says it, and as a meter is asked (requirements.md C1, C5, C6). */

import type { RequestOf } from '#protocol/command';
import type { PieceKind, RequestId } from '#protocol/command-layouts';
import type { Mills } from '#protocol/mills';

export interface Piece {
  /** Service of the rate table. */
  readonly serviceId: number;
  /** What it costs by the rate table; 0 for a redate. */
  readonly postage: Mills;
  /** YYYYMMDD. */
  readonly mailingDate: number;
  /** ZIP+4 and delivery point as a decimal number; 0 for none. */
  readonly destination: number;
  /** `postage` unless given. */
  readonly kind?: PieceKind | undefined;
  /** Number of the piece that a correction or redate stands for. */
  readonly original?: number | undefined;
  /** Milligrams, where the service is weighed. */
  readonly weightMg?: number | undefined;
  /** Where the service has zones; the first is 0. */
  readonly zone?: number | undefined;
  /** Services that are added, as registration. */
  readonly extras?: readonly number[] | undefined;
  /** That a high value is meant. */
  readonly isConfirmed?: boolean | undefined;
  /** The caller's own name for the piece, as job and line: the same name always gives the same indicium. */
  readonly reference?: string | undefined;
}

/** The request for a piece. */
export function pieceRequest(requestId: RequestId, piece: Piece): RequestOf<'createIndicium'> {
  return {
    requestId,
    kind: piece.kind ?? 'postage',
    original: piece.original ?? 0,
    serviceId: piece.serviceId,
    weightMg: piece.weightMg ?? 0,
    zone: piece.zone ?? 0,
    extras: piece.extras ?? [],
    postage: piece.postage,
    isConfirmed: piece.isConfirmed ?? false,
    mailingDate: piece.mailingDate,
    destination: piece.destination,
  };
}

const NO_ID: RequestId = { counter: 0, nonce: 0 };

/** Whether a meter would be asked for the same, under the same name; who confirmed what makes no difference. */
export function isAlike(left: Piece, right: Piece): boolean {
  const asked = (piece: Piece): string =>
    JSON.stringify(pieceRequest(NO_ID, { ...piece, isConfirmed: false }));
  return left.reference === right.reference && asked(left) === asked(right);
}
