/** The steps of a contact as a person reads them, and as figures (requirements.md F8). */

import type { RevokedKey } from '#driver/certificates/revocation';
import type { ContactEvent, StepResults } from '#driver/contact/contact';
import type { Inspection } from '#driver/contact/inspection';
import type { RefillOutcome } from '#driver/contact/refill';
import { formatMills } from '#protocol/mills';
import { momentText } from './condition-text.ts';
import { describe } from './failure.ts';
import type { Output } from './output.ts';

const refillReasons = {
  ok: 'without a reason',
  insufficientAccountFunds: 'the account does not hold that much',
  accountClosed: 'the account is closed',
  poolEmpty: 'the provider has not that much value to sell at the moment',
  notApproved: 'it was not approved: too much spoilage, or the meter is locked',
} as const;

/** Why a refill was declined, and what could be had. */
export function declinedText({
  reason,
  available,
}: Extract<RefillOutcome, { outcome: 'declined' }>): {
  readonly message: string;
  readonly advice: string;
} {
  return {
    message: `The provider declines: ${refillReasons[reason]}.`,
    advice: available > 0 ? `Up to ${formatMills(available)} can be had now.` : 'Ask the provider.',
  };
}

export function inspectionText({ accepted, checks, exported }: Inspection): string {
  return [
    accepted ? 'the authority accepts the inspection' : 'THE AUTHORITY OBJECTS',
    ...checks.map(({ name, outcome, text }) => `  ${outcome} ${name}: ${text}`),
    `  ${exported} records of the security log handed over`,
  ].join('\n');
}

function refillText(outcome: RefillOutcome | undefined): string {
  if (outcome === undefined) return 'no refill is under way';
  const amount = formatMills(outcome.wish.amount);
  if (outcome.outcome === 'credited') return `refill of ${amount} credited`;
  const { message, advice } = declinedText(outcome);
  return `refill of ${amount} ended: ${message} ${advice}`;
}

/** What came of an order to revoke a key. */
export function revokedText({ number, reason, isForced, payment }: RevokedKey): string {
  const what = `${isForced ? 'by order of the authority: ' : ''}key ${number} (${reason})`;
  if (payment === undefined) return `${what} is revoked, and not in the meter`;
  const { paid, due } = payment;
  const price = due > 0 ? `${formatMills(due)} is due for it` : `${formatMills(paid)} paid`;
  return `${what} is revoked and destroyed, ${price}`;
}

const texts: { readonly [S in keyof StepResults]: (result: StepResults[S]) => string } = {
  authorityKey({ outcome, sequence, installed }) {
    if (outcome === 'unknown') return 'the authority tells nothing of the key that the meter holds';
    return outcome === 'latest'
      ? `authority key ${sequence} is the latest`
      : `authority key ${sequence} installed, by ${installed} certificates`;
  },
  orders(result) {
    if (result.outcome === 'none') return 'no lock order';
    const { action, reason, sequence, outcome } = result;
    return `order ${sequence} to ${action} (${reason}) ${outcome === 'applied' ? 'carried out' : 'was known'}`;
  },
  revocations: (revoked) =>
    revoked.length === 0 ? 'no key is to be revoked' : revoked.map(revokedText).join('\n'),
  clock: ({ outcome, beforeMs, officeMs }) =>
    outcome === 'right'
      ? 'the clock is right'
      : `clock set to ${momentText(officeMs)}, before ${momentText(beforeMs)}`,
  refill: refillText,
  autoRefill: (result) => (result === undefined ? 'the funds are enough' : refillText(result)),
  licence({ outcome, sequence, validTo }) {
    if (outcome === 'latest') return `licence ${sequence} is the latest`;
    return outcome === 'renewed'
      ? `licence ${sequence} installed, valid to ${validTo}`
      : `licence ${sequence} waits for the officer: say --officer-password-file`;
  },
  rates: (installed) =>
    installed.length === 0
      ? 'the rates are the latest'
      : installed
          .map(({ version, validFrom }) => `rate table ${version} installed, from ${validFrom} on`)
          .join('\n'),
  inspection: inspectionText,
  keys({ outcome, serial, validTo }) {
    if (outcome === 'valid') return `the keys of the meter are certified to ${validTo}`;
    return outcome === 'renewed'
      ? `the meter has other keys, certified to ${validTo} under number ${serial}`
      : `THE KEYS OF THE METER ARE CERTIFIED TO ${validTo} ONLY: run tessera meter renew-keys as the officer`;
  },
};

/** Tells one event of a contact; how far the export is, only where somebody watches. */
export function contactTeller(output: Output): (event: ContactEvent) => void {
  return (event) => {
    if ('read' in event) return;
    if ('error' in event) {
      const { reason, message, advice } = describe(event.error);
      const text = [`${event.step} failed: ${message}`, advice].filter(Boolean).join(' ');
      return output.say('contactStep', { step: event.step, error: reason, message, advice }, text);
    }
    const { step, result } = event;
    const text = (texts[step] as (value: unknown) => string)(result);
    output.say('contactStep', { step, result }, text);
  };
}
