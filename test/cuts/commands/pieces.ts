/** Pieces for the meter under cuts, and how to come to the one that does what is wanted to the flash. */

import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { createMemoryFlash, type FlashOperation } from '#emulator/flash';
import type { RequestId } from '#protocol/command-layouts';
import {
  type CompactCertificate,
  readCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { verifyIndicium } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import { letter, type PieceRequest } from '#test/support/mail';
import { KEYED_IN, purchase } from '#test/support/meter';
import type { Host } from '../meter/host.ts';
import { METER_GEOMETRY } from '../meter/stages.ts';

export const REFILL = mills(50_000);

export const POSTAGE = mills(210);

const piece = (requestId: RequestId, changes: Partial<PieceRequest> = {}): PieceRequest =>
  letter(requestId.counter, { requestId, serviceId: KEYED_IN, postage: POSTAGE, ...changes });

/** A piece that is about to be asked for, and the certificate that its indicium must hold against. */
export interface NextPiece {
  readonly requestId: RequestId;
  readonly certificate: CompactCertificate;
  /** What is asked otherwise than for every piece. */
  readonly changes: Partial<PieceRequest>;
}

export async function nextPiece(
  meter: Meter,
  changes: Partial<PieceRequest> = {},
): Promise<NextPiece> {
  const { requestCounter } = await meter.registers();
  const { indicium } = await meter.certificates();
  const certificate = readCompactCertificate(indicium);
  if (!certificate.ok) throw new Error('the meter has no certificate');
  const requestId = { counter: requestCounter + 1, nonce: 5 };
  return { requestId, certificate: certificate.value, changes };
}

/** Asks for the piece. @returns its indicium as text @throws Error where it does not verify, or has no debit */
export async function askFor(
  meter: Meter,
  { requestId, certificate, changes }: NextPiece,
): Promise<string> {
  const { indicium } = await meter.createIndicium(piece(requestId, changes));
  const verified = verifyIndicium(nodeCrypto, indicium, certificate);
  if (!verified.ok) throw new Error(`the indicium is refused: ${verified.status}`);
  const { ascending, pieceCount } = verified.value;
  const charged = await meter.registers();
  if (charged.pieceCount < pieceCount || charged.ascending < ascending)
    throw new Error(
      `the indicium of piece ${pieceCount} left, and ${charged.pieceCount} are charged`,
    );
  return Buffer.from(indicium).toString('hex');
}

export async function issueNext(meter: Meter): Promise<void> {
  const { requestCounter } = await meter.registers();
  await meter.createIndicium(piece({ counter: requestCounter + 1, nonce: 5 }));
}

/** What one piece did to the flash. */
export interface Trodden {
  readonly operations: readonly FlashOperation[];
  /** Whether it erased a sector that held something. */
  readonly hasErasedRecords: boolean;
}

/** How to come to a piece: a request that shifts all records by one slot, then so many pieces. */
interface Way {
  readonly isShifted: boolean;
  readonly pieces: number;
}

/** More pieces than the ring of a small meter has room for. */
const PIECES_MAX = 250;

/** Tries it on a meter with the same flash. */
async function search(host: Host, isWanted: (piece: Trodden) => boolean): Promise<Way | undefined> {
  const before = host.flash.snapshot();
  for (const isShifted of [false, true]) {
    const flash = createMemoryFlash({ geometry: METER_GEOMETRY });
    flash.restore(before);
    const meter = await setOut(host.twin(flash), isShifted);
    for (let pieces = 0; pieces < PIECES_MAX; pieces += 1) {
      const contents = flash.contents();
      using trace = flash.traceOperations();
      await issueNext(meter);
      const { operations } = trace;
      const hasErasedRecords = operations.some(
        ({ op, offset, length }) =>
          op === 'erase' && contents.subarray(offset, offset + length).some((byte) => byte < 0xff),
      );
      if (isWanted({ operations, hasErasedRecords })) return { isShifted, pieces };
    }
  }
  return undefined;
}

async function setOut(host: Host, isShifted: boolean): Promise<Meter> {
  host.powerOn();
  const meter = await host.loggedIn('user');
  if (isShifted) await meter.refillRequest(purchase(REFILL));
  return meter;
}

/** Switches the meter on and issues pieces until the next one will do to the flash what is wanted. */
export async function goBefore(host: Host, isWanted: (piece: Trodden) => boolean): Promise<void> {
  host.powerOff();
  const way = await search(host, isWanted);
  if (way === undefined) throw new Error('no piece does to the flash what is wanted');
  const meter = await setOut(host, way.isShifted);
  for (let done = 0; done < way.pieces; done += 1) await issueNext(meter);
}
