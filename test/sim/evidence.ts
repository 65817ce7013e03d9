/**
 * Every indicium that a host was ever given, against what its meter charged: none without a durable debit, none twice, and
 * what one reference got it gets for ever.
 */

import { bytesToHex } from '@noble/hashes/utils.js';
import { type Indicium, readIndicium } from '#protocol/documents/indicium';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { Tally, TransactionName } from './tally.ts';
import { must } from './violation.ts';
import type { Witness } from './witness.ts';

/** An indicium that a host was given. */
export interface Given {
  readonly hex: string;
  readonly fields: Indicium;
  /** Which of the devices of this number made it: the meter itself, or a copy of it. */
  readonly isOfClone: boolean;
}

export interface Evidence {
  /** Notes an indicium that the programs of a host hold in hands. */
  given(reference: string, indicium: Uint8Array, witness: Witness, isOfClone?: boolean): Given;
  /** All of them, by hex. */
  readonly all: ReadonlyMap<string, Given>;
}

const kindOf = ({ flags }: Indicium): TransactionName =>
  flags.correction ? 'correction' : flags.redate ? 'redate' : 'indicium';

export function createEvidence(tally: Tally): Evidence {
  const all = new Map<string, Given>();
  const byReference = new Map<string, string>();
  const byPiece = new Map<string, string>();

  return {
    all,
    given(reference, indicium, witness, isOfClone = false) {
      const hex = bytesToHex(indicium);
      const read = readIndicium(indicium);
      must(read.ok, 'indicium', () => `${reference} got bytes that are no indicium`);
      if (!read.ok) throw new Error('not reached');
      const fields = read.value;
      const { pieceCount, ascending, postage } = fields;
      const debit = witness.pieces.get(pieceCount);
      const isCharged = debit?.ascending === ascending && debit.postage === postage;
      must(isCharged, 'indicium', () => `${reference} got piece ${pieceCount} without a debit`);
      const before = byReference.get(reference) ?? hex;
      must(before === hex, 'indicium', () => `${reference} was charged a second time`);
      byReference.set(reference, hex);
      const piece = `${formatMeterId(fields.meterId)} ${pieceCount} ${isOfClone}`;
      const same = byPiece.get(piece) ?? hex;
      must(same === hex, 'indicium', () => `${piece} is there with two contents`);
      byPiece.set(piece, hex);
      const known = all.get(hex);
      if (known !== undefined) return known;
      const made = { hex, fields, isOfClone };
      all.set(hex, made);
      tally.count(kindOf(fields));
      return made;
    },
  };
}
