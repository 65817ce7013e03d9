/** What must be true in every state of the explored world. */

import { amountOf } from './line.ts';
import { PIECE_POSTAGE } from './meter-side.ts';
import { receivedBy, type State } from './state.ts';

type Check = (state: State) => boolean;

/** Also where the flash was put back. */
const always: Readonly<Record<string, Check>> = {
  'the registers contradict each other': ({ meter }) =>
    meter.ascending + meter.descending + meter.withdrawn ===
      meter.credited + meter.spoilageCredited &&
    meter.certificateAscending + meter.certificateDescending + meter.certificateWithdrawn ===
      meter.certificateCredited,
  'an authorisation was credited twice': ({ credits }) => credits.every((count) => count <= 1),
  'the provider booked something else than it authorised': ({ books }) =>
    books.moved === books.authorised &&
    books.fromPool === books.authorised &&
    books.paid === books.authorised - books.spoilage,
  'the books disagree on what came back': ({ books }) =>
    books.withdrawn === books.returned && books.withdrawn === books.refunded,
  'more came back than was authorised, or something came back that was not agreed': ({ books }) =>
    books.withdrawn <= books.authorised && (books.withdrawn === 0 || books.isAgreed),
  'a meter that was withdrawn has money or keys': ({ meter, hasKeys }) =>
    meter.lifeCycle !== 'withdrawn' ||
    (meter.descending + meter.certificateDescending === 0 && !hasKeys),
  'a refused request changed something, or a repeated one got another answer': ({
    contradiction,
  }) => contradiction === undefined,
};

/** As long as nobody put the flash back. */
const honest: Readonly<Record<string, Check>> = {
  'the meter has more, or less, than was authorised and committed': ({
    meter,
    line,
    credits,
    isCurrent,
  }) =>
    receivedBy(meter, isCurrent) ===
    line.reduce((sum, each, at) => sum + amountOf(each) * (credits[at] ?? 0), 0),
  'what the provider booked is neither in the meter nor under way': ({
    meter,
    books,
    isCurrent,
  }) => {
    const underWay = books.moved - receivedBy(meter, isCurrent);
    return underWay === 0 || underWay === meter.refillPending;
  },
  'the meter goes on though it was agreed that it leaves': ({ meter, books }) =>
    !books.isAgreed || meter.lifeCycle === 'withdrawing' || meter.lifeCycle === 'withdrawn',
  'the provider suspects a meter that is as it should be': ({ rows }) => rows.findings.length === 0,
  'money came back that did not leave the meter': ({ meter, books }) =>
    books.withdrawn === 0 ||
    (meter.lifeCycle === 'withdrawn' &&
      books.withdrawn === meter.withdrawn + meter.certificateWithdrawn),
  'the host was told of a credit that is not there': ({ meter, told, isCurrent }) =>
    receivedBy(meter, isCurrent) >= told.received,
  'the host has an indicium that was not charged': ({ meter, told }) =>
    meter.ascending >= told.ascending && told.indicia.size <= meter.pieceCount,
  'a piece was charged twice': ({ meter }) =>
    meter.ascending === meter.pieceCount * PIECE_POSTAGE &&
    meter.pieceCount <= meter.requestId.counter,
};

/** The first promise that is broken; undefined where all are kept. */
export function findWrong(state: State): string | undefined {
  const promises = state.isRolledBack ? always : { ...always, ...honest };
  return Object.entries(promises).find(([, holds]) => !holds(state))?.[0];
}
