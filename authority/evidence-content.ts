/** Whether what an indicium says may be: its date, its purpose, its licence, its price (requirements.md C8). */

import { verifyCertificateInTime } from '#protocol/documents/authority-chain';
import type { CompactCertificate } from '#protocol/documents/compact-certificate';
import { dateOf, daysBetween, MAILING_DAYS_AHEAD_MAX } from '#protocol/documents/date';
import type { Indicium } from '#protocol/documents/indicium';
import type { Licence } from '#protocol/documents/licence';
import { type Check, fail, judge, unknown } from './check.ts';
import type { AuthorityContext } from './context.ts';
import { licencesOf } from './licences.ts';
import { isPrice } from './prices.ts';
import { findRateTable } from './rates.ts';
import { withdrawalOf } from './withdrawals.ts';

export type ContentCheck = Check<'validity' | 'purpose' | 'licence' | 'rate'>;

/** @param certificate the one that the indicium names; undefined where none was issued under this number */
export async function judgeContent(
  context: AuthorityContext,
  indicium: Indicium,
  certificate: Uint8Array | undefined,
  seenMs: number,
): Promise<readonly ContentCheck[]> {
  return [
    judgeValidity(context, indicium, certificate, seenMs),
    judgePurpose(indicium),
    await judgeLicence(context, indicium),
    await judgeRate(context, indicium),
  ];
}

function judgeValidity(
  { crypto, keysInTime }: AuthorityContext,
  { mailingDate }: Indicium,
  certificate: Uint8Array | undefined,
  seenMs: number,
): ContentCheck {
  const ahead = daysBetween(dateOf(seenMs), mailingDate);
  if (ahead > MAILING_DAYS_AHEAD_MAX)
    return fail('validity', `It is dated ${ahead} days after it was seen.`);
  const read =
    certificate === undefined
      ? undefined
      : verifyCertificateInTime(crypto, keysInTime, certificate, { usage: 'indicium' });
  if (read === undefined || !read.ok)
    return unknown('validity', 'There is no certificate whose days could be compared.');
  return judge(
    'validity',
    isDatedWithin(read.value, mailingDate),
    'The certificate was valid on the day of mailing.',
    'The certificate was not valid on the day of mailing.',
  );
}

/** An indicium made on the last day of its certificate may be dated 30 days ahead (domain.md R31). */
function isDatedWithin(certificate: CompactCertificate, mailingDate: number): boolean {
  return (
    mailingDate >= certificate.validFrom &&
    daysBetween(certificate.validTo, mailingDate) <= MAILING_DAYS_AHEAD_MAX
  );
}

function judgePurpose({ flags }: Indicium): ContentCheck {
  return judge('purpose', !flags.test, 'It is meant as postage.', 'It is a test print.');
}

async function judgeLicence(context: AuthorityContext, indicium: Indicium): Promise<ContentCheck> {
  const withdrawal = await withdrawalOf(context, indicium.meterId);
  if (withdrawal !== undefined && indicium.pieceCount > withdrawal.registers.pieceCount)
    return fail('licence', 'The meter was withdrawn before it could make this piece.');
  const licences = await licencesOf(context, indicium.meterId);
  return judge(
    'licence',
    licences.some((licence) => allows(licence, indicium)),
    'The meter is licensed for this origin, amount and service.',
    'The meter has no licence for this origin, amount and service.',
  );
}

/** As the meter judges it: a correction may be less than the least postage, a redate costs nothing (domain.md R33, R34). */
function allows(licence: Licence, { originZip, postage, serviceId, flags }: Indicium): boolean {
  const { postageMin, postageMax, services } = licence;
  if (licence.originZip !== originZip || postage > postageMax) return false;
  if (flags.redate) return postage === 0;
  if (flags.correction) return postage > 0;
  return postage >= postageMin && (services.length === 0 || services.includes(serviceId));
}

async function judgeRate(
  context: AuthorityContext,
  { rateCategory, serviceId, postage, mailingDate, flags }: Indicium,
): Promise<ContentCheck> {
  if (flags.redate || flags.correction)
    return unknown('rate', 'It changes another indicium, so its amount is no rate.');
  const table = await findRateTable(context, rateCategory);
  if (table === undefined) return fail('rate', `No rate table ${rateCategory} was published.`);
  if (!isPrice(table, serviceId, postage))
    return fail(
      'rate',
      `The amount is not a rate of service ${serviceId} in table ${rateCategory}.`,
    );
  const isCurrent =
    mailingDate >= table.validFrom &&
    daysBetween(table.validTo, mailingDate) <= MAILING_DAYS_AHEAD_MAX;
  return judge(
    'rate',
    isCurrent,
    'The amount is a rate of the service it names.',
    `Rate table ${rateCategory} was not valid on the day of mailing.`,
  );
}
