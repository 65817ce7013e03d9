/**
 * No value is made or lost, whatever is under way (architecture.md decision 9): what the authority issued is in meters, in
 * the pool, in flight, or was withdrawn. In flight are exactly two things: an issue that the authority has signed and the
 * pool has not credited, and an authorisation that the provider has signed and the meter has not taken.
 */

import type { StateRecord } from '#firmware/journal-record';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { Desk } from '../desk.ts';
import { must } from '../violation.ts';
import type { World } from '../world.ts';
import {
  type AccountBook,
  type Books,
  type MeterBook,
  type RefillRow,
  readBooks,
} from './books.ts';

/** @throws Violation */
export function checkMoney(world: World): void {
  const books = readBooks(world);
  checkPool(books);
  for (const [customerId, account] of books.accounts) checkAccount(books, customerId, account);
  let inMeters = 0;
  let inFlight = 0;
  let withdrawn = 0;
  for (const [meter, book] of books.meters) {
    const desk = world.desks.find(({ meterId }) => meterId && formatMeterId(meterId) === meter);
    const held = desk === undefined || desk.isCloned ? heldByBook(book) : checkMeter(desk, book);
    inMeters += held.inMeter;
    inFlight += held.inFlight;
    withdrawn += held.withdrawn;
  }
  const { issued, pool, issuesInFlight } = books;
  const inPool = pool.descending + pool.spoilage;
  const total = inMeters + inFlight + withdrawn + inPool + issuesInFlight;
  must(
    total === issued,
    'money',
    () =>
      `${issued} mills were issued, and ${total} are there: ${inMeters} in meters, ${inFlight} and ` +
      `${issuesInFlight} in flight, ${inPool} in the pool, ${withdrawn} withdrawn`,
  );
}

function checkPool({ issued, issuedTotal, pool, issuesInFlight, meters }: Books): void {
  must(
    issuedTotal === issued,
    'books',
    () => `the issues of the authority add up to ${issued}, not ${issuedTotal}`,
  );
  const { ascending, descending, spoilage, refunded } = pool;
  must(
    ascending + descending + spoilage + issuesInFlight === issued,
    'books',
    () => `the pool has ${descending} and ${spoilage}, and sold ${ascending} of ${issued} mills`,
  );
  const all = [...meters.values()];
  const credited = all.reduce((sum, book) => sum + creditedOf(book), 0);
  const withdrawn = all.reduce((sum, book) => sum + book.withdrawn, 0);
  must(
    credited === ascending && withdrawn === refunded,
    'books',
    () =>
      `the pool sold ${ascending} and took back ${refunded} mills, meters were credited ` +
      `${credited} and gave back ${withdrawn}`,
  );
}

const creditedOf = ({
  credited,
  certificateCredited,
  spoilageCredited,
  settled,
}: MeterBook): number => credited + certificateCredited + spoilageCredited + settled;

/** Currency: what was paid in, came back or is owed is on the account, or became value. */
function checkAccount({ meters }: Books, customerId: number, account: AccountBook): void {
  const { balance, paidIn, returned, owed, payments, lastBalance } = account;
  const { purchases, settlements, withdrawals } = account;
  const bought = [...meters.values()]
    .filter((meter) => meter.customerId === customerId)
    .reduce((sum, meter) => sum + meter.credited + meter.certificateCredited + meter.settled, 0);
  const sides = [
    [paidIn + returned + owed, balance + bought],
    [payments, paidIn],
    [purchases + settlements, bought],
    [withdrawals, returned],
    [lastBalance, balance],
  ];
  must(
    sides.every(([left, right]) => left === right),
    'books',
    () => `the account of customer ${customerId} does not add up: ${sides.join(' ')}`,
  );
}

interface Holding {
  readonly inMeter: number;
  readonly inFlight: number;
  /** Given back, whether or not the proof has arrived. */
  readonly withdrawn: number;
}

/** Of a meter that was copied, or that is not here, nobody can say what is in it; what it was credited counts. */
function heldByBook(book: MeterBook): Holding {
  return { inMeter: creditedOf(book) - book.withdrawn, inFlight: 0, withdrawn: book.withdrawn };
}

/** Whatever state power would find now. */
function checkMeter(desk: Desk, book: MeterBook): Holding {
  let held = heldByBook(book);
  for (const state of desk.device.witness.possible) held = holdingOf(desk, book, state);
  return held;
}

function holdingOf({ name, accountKind }: Desk, book: MeterBook, state: StateRecord): Holding {
  checkRegisters(name, state);
  const { refillPending, refillSequence } = state;
  const taken = refillPending > 0 ? refillSequence - 1 : refillSequence;
  const open = book.refills.filter(({ sequence }) => sequence > taken);
  must(
    open.length === 0 || (open.length === 1 && open[0]?.sequence === refillSequence),
    'books',
    () => `${open.length} refills of ${name} are under way`,
  );
  const under = (kind: RefillRow['kind'], account: RefillRow['account']): number =>
    open
      .filter((refill) => refill.kind === kind && refill.account === account)
      .reduce((sum, refill) => sum + refill.amount, 0);
  const isCurrent = accountKind === 'current';
  const sides = [
    isCurrent ? [0, 0] : [state.credited + under('purchase', 'postal'), book.credited],
    [state.certificateCredited + under('purchase', 'certificate'), book.certificateCredited],
    [state.spoilageCredited + under('spoilage', 'postal'), book.spoilageCredited],
    [state.settled + under('settlement', 'postal'), book.settled],
  ];
  must(
    sides.every(([left, right]) => left === right),
    'money',
    () =>
      `${name} has taken and has in flight what the provider credited: ` +
      `${sides.map(([has, credited]) => `${has} of ${credited}`).join(', ')}`,
  );
  const { ascending, descending, certificateAscending, certificateDescending } = state;
  const prepaid = ascending + descending + certificateAscending + certificateDescending;
  return {
    inMeter: isCurrent ? state.settled : prepaid,
    inFlight: open.reduce((sum, refill) => sum + refill.amount, 0),
    withdrawn: state.withdrawn + state.certificateWithdrawn,
  };
}

function checkRegisters(name: string, state: StateRecord): void {
  const { ascending, descending, withdrawn, credited, spoilageCredited } = state;
  const { certificateAscending, certificateDescending } = state;
  const { certificateWithdrawn, certificateCredited } = state;
  must(
    ascending + descending + withdrawn === credited + spoilageCredited &&
      certificateAscending + certificateDescending + certificateWithdrawn === certificateCredited,
    'money',
    () => `the registers of ${name} do not add up`,
  );
}
