/** Lines of credit, and payments from them (requirements.md E1, E2; P figs. 8 and 9; domain.md R52). */

import { equalBytes, joinBytes } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import {
  type CreditCertificate,
  creditCertificateDocument,
  creditUseNames,
  type Payment,
  paymentDocument,
} from '#protocol/documents/credit';
import { verifyCredit } from '#protocol/documents/payment-check';
import { mills } from '#protocol/mills';
import { ok, type Result, refuse } from '#protocol/result';
import { onceFor, serve, timeOf } from '../charged.ts';
import { checkLog } from '../condition.ts';
import { type Device, today } from '../device.ts';
import { invariant } from '../fault.ts';
import type { RecordedDebit } from '../journal.ts';
import type { CreditLine, StoreContent } from '../store.ts';
import { checkRoom, usableKey, withUserKey } from '../user-keys.ts';

/** Lines of one meter at a time. One that was spent stays until its last day, so that nobody installs it again. */
const CREDIT_LINES_MAX = 4;

const NO_MERCHANT = new Uint8Array(32);

/** P fig. 8, 810 and 812. */
export function installCredit(
  device: Device,
  request: RequestOf<'installCredit'>,
): Result<ResponseOf<'installCredit'>> {
  const { certificate } = request;
  let content: StoreContent | undefined;
  let serial = 0;
  let amount = mills(0);
  return serve(device, request, {
    command: 'installCredit',
    charge: 'credit',
    judge() {
      const room = checkLog(device);
      if (!room.ok) return room;
      const credit = judgedCredit(device, request);
      if (!credit.ok) return credit;
      ({ serial, amount } = credit.value);
      const changed = withLine(device, { certificate, rest: amount, payments: 0 });
      if (!changed.ok) return changed;
      content = changed.value;
      return checkRoom(device, content);
    },
    keep: () => ({ destination: amount }),
    change() {
      invariant(content !== undefined);
      return { content, entry: { event: 'creditInstalled', a: serial, b: amount } };
    },
    answer: (recorded) => paymentOf(device, recorded, certificate, NOTHING_PAID),
  });
}

/** A certificate that this meter may take: of an issuer with the authority's word, for a key to pay with that is here. */
function judgedCredit(
  device: Device,
  { certificate, issuer }: RequestOf<'installCredit'>,
): Result<CreditCertificate> {
  const { crypto, content } = device;
  const papers = { credit: certificate, issuer };
  const checked = verifyCredit(crypto, content.authorityKey, papers);
  if (!checked.ok) return checked;
  const { credit } = checked.value;
  const key = payingKey(device, credit);
  if (!key.ok) return key;
  const date = today(device);
  if (!date.ok) return date;
  return date.value > credit.validTo ? refuse('creditExpired') : ok(credit);
}

function payingKey(device: Device, { publicKey }: CreditCertificate): ReturnType<typeof usableKey> {
  const held = device.content.userKeys.find((key) => equalBytes(key.publicKey, publicKey));
  return held === undefined ? refuse('keyMismatch') : usableKey(device, held.number, 'pay');
}

const creditIn = ({ certificate }: Pick<CreditLine, 'certificate'>): CreditCertificate => {
  const read = creditCertificateDocument.read(certificate);
  invariant(read.ok, 'storeDamaged');
  return read.value;
};

/** The store with one line more, without those that are over: the secure clock never goes back to their days. */
function withLine(device: Device, line: CreditLine): Result<StoreContent> {
  const { content } = device;
  const date = today(device);
  if (!date.ok) return date;
  const { serial, issuer } = creditIn(line);
  const lines = content.creditLines.filter((each) => creditIn(each).validTo >= date.value);
  const isHeld = lines.some((each) => {
    const other = creditIn(each);
    return other.serial === serial && equalBytes(other.issuer, issuer);
  });
  if (isHeld) return refuse('creditHeld');
  if (lines.length >= CREDIT_LINES_MAX) return refuse('creditsFull');
  return ok({ ...content, creditLines: [...lines, line] });
}

/** P fig. 9: the rest is looked at (904), less the amount (908), and the payment certificate signed (910). */
export function pay(device: Device, request: RequestOf<'pay'>): Result<ResponseOf<'pay'>> {
  const { credit: digest, amount } = request;
  const { content } = device;
  const place = content.creditLines.findIndex(({ certificate }) =>
    equalBytes(device.crypto.sha256(certificate), digest),
  );
  const line = content.creditLines[place];
  const left = (): number => (line?.rest ?? 0) - amount;
  return serve(device, request, {
    command: 'pay',
    charge: 'payment',
    judge: () =>
      line === undefined ? refuse('creditUnknown') : judgePayment(device, line, request),
    keep: () => ({ destination: mills(left()), mailingDate: (line?.payments ?? 0) + 1 }),
    change() {
      invariant(line !== undefined && line.rest >= amount);
      const paid = { ...line, rest: mills(left()), payments: line.payments + 1 };
      return { content: { ...content, creditLines: content.creditLines.with(place, paid) } };
    },
    answer: (recorded) =>
      line === undefined
        ? refuse('creditUnknown')
        : paymentOf(device, recorded, line.certificate, request),
  });
}

function judgePayment(
  device: Device,
  line: CreditLine,
  { amount, use }: RequestOf<'pay'>,
): Result<undefined> {
  if (amount === 0) return refuse('amountInvalid');
  const credit = creditIn(line);
  const key = payingKey(device, credit);
  if (!key.ok) return key;
  const date = today(device);
  if (!date.ok) return date;
  if (date.value < credit.validFrom || date.value > credit.validTo) return refuse('creditExpired');
  if (!credit.uses[use]) return refuse('creditNotFor');
  return amount > line.rest ? refuse('creditExceeded', line.rest) : ok(undefined);
}

type Paid = Pick<Payment, 'amount' | 'use' | 'merchant'>;
const NOTHING_PAID: Paid = { amount: mills(0), use: creditUseNames[0], merchant: NO_MERCHANT };

/** The payment certificate of a record, signed once. */
function paymentOf(
  device: Device,
  recorded: RecordedDebit,
  certificate: Uint8Array,
  { amount, use, merchant }: Paid,
): Result<{ readonly payment: Uint8Array }> {
  const { content, crypto } = device;
  const credit = creditIn({ certificate });
  const key = content.userKeys.find((each) => equalBytes(each.publicKey, credit.publicKey));
  if (key === undefined) return refuse('keyUnknown');
  const { destination, mailingDate } = recorded.debit.detail;
  const core = paymentDocument.encodeCore({
    serial: credit.serial,
    meterId: content.meterId,
    creditDigest: crypto.sha256(certificate),
    amount,
    rest: mills(destination),
    number: mailingDate,
    use,
    merchant,
    timeMs: timeOf(recorded),
  });
  const { signature } = onceFor(device, recorded, () => ({
    signature: withUserKey(device, key, (privateKey, proved) => proved.sign(privateKey, core)),
  }));
  return ok({ payment: joinBytes(core, signature) });
}

export function credits({ content }: Device): Result<ResponseOf<'credits'>> {
  return ok({ lines: content.creditLines });
}
