/** What is printed, in the table of cuts: pieces of each kind and wherever their records fall, and what goes with them. */

import type { PieceRequest } from '#test/support/mail';
import { TODAY } from '#test/support/meter';
import type { Host } from '../meter/host.ts';
import type { CutCommand } from './act.ts';
import { askFor, goBefore, issueNext, nextPiece, type Trodden } from './pieces.ts';
import { hex, service, user } from './service.ts';

function createIndicium(
  what: string,
  before: (host: Host) => Promise<void> = async () => undefined,
  changes: Partial<PieceRequest> = {},
): CutCommand {
  return service({
    name: `createIndicium${what}`,
    from: 'refilled',
    who: user,
    async paper(host) {
      await before(host);
      return nextPiece(await user(host), changes);
    },
    ask: askFor,
  });
}

const isErase = ({ operations }: Trodden, place: number): boolean =>
  operations[place]?.op === 'erase';

/** A piece whose records fall where the flash makes a difference. */
const where = (what: string, isWanted: (piece: Trodden) => boolean): CutCommand =>
  createIndicium(what, (host) => goBefore(host, isWanted));

const issueOne = async (host: Host): Promise<void> => issueNext(await user(host));

const lastIndicium = service({
  name: 'reprintIndicium',
  from: 'refilled',
  who: user,
  async paper(host) {
    const meter = await user(host);
    const next = await nextPiece(meter);
    await askFor(meter, next);
    return next.requestId;
  },
  ask: async (meter, requestId) => hex((await meter.reprintIndicium(requestId)).indicium),
});

const qualityPrint = service({
  name: 'testPrint',
  from: 'refilled',
  who: user,
  ask: async (meter) => hex((await meter.testPrint(true)).indicium),
});

const resetBatch = service({
  name: 'resetBatch',
  from: 'refilled',
  who: user,
  async paper(host) {
    await issueOne(host);
  },
  async ask(meter) {
    await meter.resetBatch(); // says what there was, which is nothing where it was done before
    return '';
  },
});

export const pieceCommands: readonly CutCommand[] = [
  createIndicium(''),
  createIndicium(' of a correction', issueOne, { kind: 'correction', original: 1 }),
  createIndicium(' of a redate', issueOne, {
    kind: 'redate',
    original: 1,
    postage: 0 as PieceRequest['postage'],
    mailingDate: TODAY + 1,
  }),
  where(' in a new sector', (piece) => isErase(piece, 0)),
  where(' signed in a new sector', (piece) => isErase(piece, 1)),
  where(' round the ring', (piece) => piece.hasErasedRecords && isErase(piece, 0)),
  where(' signed round the ring', (piece) => piece.hasErasedRecords && isErase(piece, 1)),
  lastIndicium,
  qualityPrint,
  resetBatch,
];
