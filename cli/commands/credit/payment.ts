/** Payments: made by the holder, judged by the merchant, settled by the issuer (P fig. 9). */

import { askOnce } from '#driver/charged';
import { nodeCrypto } from '#driver/node-crypto';
import { equalBytes } from '#protocol/bytes';
import { type CreditUse, paymentDocument } from '#protocol/documents/credit';
import { formatMeterId } from '#protocol/documents/meter-id';
import { verifyCredit, verifyPayment } from '#protocol/documents/payment-check';
import { formatMills, type Mills } from '#protocol/mills';
import { refuse } from '#protocol/result';
import { authorityKeysOf, readPapers, underWay, writePapers } from '../../evidence-file.ts';
import { type Home, needed } from '../../home.ts';
import { interrupted } from '../../interrupt.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import { providerAt } from '../../servers.ts';

export interface PayOptions extends AccessOptions {
  readonly amount: Mills;
  readonly use: CreditUse;
  readonly merchant: string;
  readonly out: string;
}

const referenceOf = (text: string): Uint8Array => nodeCrypto.sha256(new TextEncoder().encode(text));

export async function payFrom(
  file: string,
  { amount, use, merchant, out, ...access }: PayOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { credit, issuer } = readPapers(file, ['credit', 'issuer']);
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', access);
  const wish = {
    credit: nodeCrypto.sha256(credit),
    amount,
    use,
    merchant: referenceOf(merchant),
  };
  const { signal } = interrupt;
  const { payment } = await askOnce(meter, underWay(home, meter), 'pay', wish, {
    signal,
    keep: (paid) => writePapers(out, { payment: paid.payment, credit, issuer }),
  });
  const read = paymentDocument.read(payment);
  if (!read.ok) throw new Error('the meter gave something that is no payment');
  const { number, rest, serial } = read.value;
  output.say(
    'paid',
    { serial, number, amountMills: amount, restMills: rest, payment, file: out },
    `payment ${number} from line ${serial}: ${formatMills(amount)}, ${formatMills(rest)} left; it is in ${out}`,
  );
  return 0;
}

export interface VerifyOptions {
  readonly merchant?: string;
  readonly amount?: Mills;
  readonly authorityKey?: string;
}

export async function verify(
  file: string,
  { merchant, amount, authorityKey }: VerifyOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { payment, ...papers } = readPapers(file, ['payment', 'credit', 'issuer']);
  const keys = await authorityKeysOf(home, authorityKey);
  const [key] = keys.filter((each) => verifyCredit(nodeCrypto, each, papers).ok);
  const checked = verifyCredit(nodeCrypto, key ?? (keys[0] as Uint8Array), papers);
  const verified = checked.ok
    ? verifyPayment(nodeCrypto, checked.value.credit, nodeCrypto.sha256(papers.credit), payment)
    : checked;
  const isMeant =
    !verified.ok ||
    ((merchant === undefined || equalBytes(verified.value.merchant, referenceOf(merchant))) &&
      (amount === undefined || verified.value.amount === amount));
  const verdict = isMeant ? verified : refuse('documentMismatch');
  if (!verdict.ok || verdict.value.number === 0) {
    const reason = verdict.ok ? 'amountInvalid' : verdict.status;
    output.say('payment', { isGood: false, reason }, `NOT GOOD: ${reason}`);
    return 1;
  }
  const { serial, number, meterId, use, rest, timeMs } = verdict.value;
  const paid = verdict.value.amount;
  output.say(
    'payment',
    {
      isGood: true,
      meter: formatMeterId(meterId),
      serial,
      number,
      use,
      amountMills: paid,
      restMills: rest,
      timeMs,
    },
    `GOOD: payment ${number} from line ${serial}, ${formatMills(paid)} for ${use}`,
  );
  return 0;
}

export interface SettleOptions {
  readonly provider?: string;
}

const texts = {
  settled: 'settled',
  settledBefore: 'settled before; it is paid once',
  forged: 'NOT SETTLED: the line has another payment of this number',
  overspent: 'NOT SETTLED: the line does not have as much, or contradicts what is said to be left',
} as const;

export async function settle(
  file: string,
  { provider }: SettleOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { payment } = readPapers(file, ['payment']);
  const url = needed(provider, home.settings.provider, '--provider');
  const settlement = await providerAt(url).settlePayment({ payment });
  const { verdict, serial, number, amount, settledMs } = settlement;
  output.say(
    'settlement',
    { verdict, serial, number, amountMills: amount, settledMs },
    `payment ${number} from line ${serial}, ${formatMills(amount)}: ${texts[verdict]}`,
  );
  return settledMs === undefined ? 1 : 0;
}
