/** The terms of a licence as options of `meter register`; what is left out is as in an ordinary one (requirements.md G1). */

import { type Command, InvalidArgumentError } from 'commander';
import { inspectionProfiles } from '#protocol/documents/licence';
import { formatMills, type Mills, parseMills } from '#protocol/mills';
import { type AccountKindName, accountKindNames } from '#protocol/state';
import { amount, mailingDate, oneName, recordNumber, services } from '../../options.ts';

export interface LicenceTerms {
  readonly max: Mills;
  readonly certificateMax?: Mills;
  readonly postageMin: Mills;
  readonly postageMax: Mills;
  readonly accountKind?: AccountKindName;
  readonly highValue?: Mills;
  readonly lowFunds?: Mills;
  readonly refillMin?: Mills;
  readonly refillMax?: Mills;
  readonly refillMultiple?: Mills;
  readonly dayAmount?: Mills;
  readonly dayPieces?: number;
  readonly inspection?: keyof typeof inspectionProfiles;
  readonly spoilageCap?: number;
  readonly services?: readonly number[];
  readonly validTo?: number;
}

const profileNames = Object.keys(inspectionProfiles) as (keyof typeof inspectionProfiles)[];
const money = (text: string): Mills => parseMills(text) as Mills;

/** Percent with two decimals, as hundredths of a percent. */
function percent(text: string): number {
  const hundredths = /^\d{1,3}(\.\d{1,2})?$/.test(text) ? Math.round(Number(text) * 100) : -1;
  if (hundredths < 0 || hundredths > 10_000)
    throw new InvalidArgumentError('A cap is a percentage with two decimals at most, as 1.5.');
  return hundredths;
}

export function withTerms(command: Command): Command {
  return command
    .option('--max <amount>', 'the most the meter may hold', amount, money('5000'))
    .option('--postage-min <amount>', 'the least postage of one piece', amount, money('0.16'))
    .option('--postage-max <amount>', 'the most postage of one piece', amount, money('999.99'))
    .option('--account-kind <kind>', accountKindNames.join(', '), oneName(accountKindNames))
    .option('--certificate-max <amount>', 'the most it may hold for certificates', amount)
    .option('--high-value <amount>', 'from which on --confirm is asked for', amount)
    .option('--low-funds <amount>', 'below which it warns', amount)
    .option('--refill-min <amount>', 'the least refill', amount)
    .option('--refill-max <amount>', 'the most in one refill', amount)
    .option('--refill-multiple <amount>', 'a refill is a multiple of it', amount)
    .option('--day-amount <amount>', 'the most postage of one day', amount)
    .option('--day-pieces <number>', 'the most pieces of one day', recordNumber)
    .option('--inspection <profile>', profileNames.join(', '), oneName(profileNames))
    .option('--spoilage-cap <percent>', 'of all postage that may come back', percent)
    .option('--services <services>', 'the only ones it may use, as 1,2,3', services)
    .option('--valid-to <date>', 'last day, as +DAYS or YYYYMMDD', mailingDate);
}

/** As an order for the authority. */
export function termsOf({
  max: descendingMax,
  certificateMax: certificateDescendingMax,
  dayAmount: dayAmountMax,
  dayPieces: dayPiecesMax,
  inspection,
  ...terms
}: LicenceTerms) {
  const { postageMin, postageMax, accountKind, highValue, lowFunds } = terms;
  const { refillMin, refillMax, refillMultiple, spoilageCap, services: allowed, validTo } = terms;
  return {
    ...{ descendingMax, certificateDescendingMax, postageMin, postageMax, accountKind },
    ...{ highValue, lowFunds, refillMin, refillMax, refillMultiple, dayAmountMax, dayPiecesMax },
    ...{ spoilageCap, services: allowed?.toSorted((left, right) => left - right), validTo },
    ...(inspection !== undefined && inspectionProfiles[inspection]),
  };
}

/** The most that it may hold or owe. */
export const limitText = ({ accountKind, max }: LicenceTerms): string =>
  accountKind === 'current'
    ? `up to ${formatMills(max)} unsettled`
    : `it may hold ${formatMills(max)}`;
