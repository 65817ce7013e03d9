/** Verification: what a scanned symbol proves, check by check, and whether it was seen before (requirements.md C8). */

import { equalBytes } from '#protocol/bytes';
import {
  type CompactCertificate,
  verifyCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { dateOf, daysBetween, MAILING_DAYS_AHEAD_MAX } from '#protocol/documents/date';
import type { Indicium } from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import {
  type Evidence,
  LEGACY_SIGNATURE_VERDICT,
  readEvidence,
} from '#protocol/documents/legacy-indicium';
import { formatMeterId } from '#protocol/documents/meter-id';
import { rateOf } from '#protocol/documents/rate-table';
import { hasSignature } from '#protocol/documents/signed-document';
import { findCertificate } from './certificates.ts';
import { type Check, fail, judge, pass, unknown } from './check.ts';
import type { AuthorityContext } from './context.ts';
import { recordFinding } from './findings.ts';
import { licencesOf } from './licences.ts';
import { findRateTable } from './rates.ts';
import { recordSighting } from './sightings.ts';

/** In the order in which they are made and told. */
export const evidenceCheckNames = [
  'structure',
  'certificate',
  'chain',
  'signature',
  'validity',
  'purpose',
  'licence',
  'rate',
  'registers',
  'forgery',
  'duplicate',
] as const;
export type EvidenceCheckName = (typeof evidenceCheckNames)[number];
export type EvidenceCheck = Check<EvidenceCheckName>;

export interface Verdict {
  /** Whether it is to be taken as postage: nothing failed, and the signature was verified. */
  readonly accepted: boolean;
  /** Which kind of evidence it is; undefined where it is none. */
  readonly format: Evidence['format'] | undefined;
  readonly checks: readonly EvidenceCheck[];
  /** What our own evidence says, whether it is genuine or not; undefined for other evidence. */
  readonly indicium: Indicium | undefined;
  /** When this meter and piece were seen first, milliseconds since 1970-01-01 UTC; undefined where it is not genuine. */
  readonly firstSeenMs: number | undefined;
}

export interface Scan {
  /** The bytes of the symbol. */
  readonly evidence: Uint8Array;
  /** When it was scanned, milliseconds since 1970-01-01 UTC; now where left out. */
  readonly seenMs: number | undefined;
}

/**
 * Judges evidence and records the sight of it. The second sight of the same indicium is reported with the first one's
 * time; a failed check of our own evidence is recorded as a finding.
 */
export async function verifyEvidence(
  context: AuthorityContext,
  { evidence, seenMs = context.now() }: Scan,
): Promise<Verdict> {
  const read = readEvidence(evidence);
  if (!read.ok) return verdict(undefined, [fail('structure', 'It has no layout that is known.')]);
  const { format, indicium } = read.value;
  if (format !== 'tessera')
    return verdict(format, [
      pass('structure', `It has the layout of ${format === 'ibi' ? 'IBI' : 'IBI-Lite'}.`),
      unknown('signature', `${LEGACY_SIGNATURE_VERDICT}.`),
    ]);
  const certificate = await findCertificate(context, indicium.certificateSerial);
  const origin = judgeOrigin(context, evidence, indicium, certificate);
  const isGenuine = origin.every(({ outcome }) => outcome === 'pass');
  const content = [
    judgeValidity(context, indicium, certificate, seenMs),
    judgePurpose(indicium),
    await judgeLicence(context, indicium),
    await judgeRate(context, indicium),
  ];
  return context.db.transaction().execute(async (trx) => {
    const sighting = isGenuine
      ? await recordSighting(trx, evidence, indicium, seenMs)
      : { checks: [], firstSeenMs: undefined };
    const checks = [...origin, ...content, ...sighting.checks];
    for (const { name: kind, outcome, text } of checks)
      if (outcome === 'fail')
        await recordFinding(context, trx, {
          kind,
          meterId: formatMeterId(indicium.meterId),
          text,
          evidence,
        });
    return verdict(format, checks, indicium, sighting.firstSeenMs);
  });
}

function verdict(
  format: Verdict['format'],
  checks: readonly EvidenceCheck[],
  indicium?: Indicium,
  firstSeenMs?: number,
): Verdict {
  const isSigned = checks.some(({ name, outcome }) => name === 'signature' && outcome === 'pass');
  const accepted = isSigned && checks.every(({ outcome }) => outcome !== 'fail');
  return { accepted, format, checks, indicium, firstSeenMs };
}

/** From the layout to the signature: whether a meter of ours made it. What hangs on a failed check is unknown. */
function judgeOrigin(
  { crypto, keys }: AuthorityContext,
  evidence: Uint8Array,
  indicium: Indicium,
  certificate: Uint8Array | undefined,
): readonly EvidenceCheck[] {
  const structure = pass('structure', 'It has the layout of an indicium.');
  const serial = indicium.certificateSerial;
  if (certificate === undefined)
    return [
      structure,
      fail('certificate', `No certificate ${serial} was issued.`),
      unknown('chain', 'There is no certificate to check.'),
      unknown('signature', 'There is no key to check it with.'),
    ];
  const chain = verifyCompactCertificate(crypto, keys.publicKey, certificate, {
    usage: 'indicium',
    subject: indicium.meterId,
  });
  const issued = pass('certificate', `Certificate ${serial} was issued by this authority.`);
  if (!chain.ok || !equalBytes(indicium.keyId, keyId(crypto, chain.value.publicKey)))
    return [
      structure,
      issued,
      fail('chain', `Certificate ${serial} is not one for the indicia of this meter and key.`),
      unknown('signature', 'There is no key to check it with.'),
    ];
  return [
    structure,
    issued,
    pass('chain', 'The certificate is for this meter and leads to the key of the authority.'),
    judge(
      'signature',
      hasSignature(crypto, chain.value.publicKey, evidence),
      'The key of this meter signed it.',
      'The signature is wrong: it was not made by this meter, or it was changed.',
    ),
  ];
}

function judgeValidity(
  { crypto, keys }: AuthorityContext,
  { mailingDate }: Indicium,
  certificate: Uint8Array | undefined,
  seenMs: number,
): EvidenceCheck {
  const ahead = daysBetween(dateOf(seenMs), mailingDate);
  if (ahead > MAILING_DAYS_AHEAD_MAX)
    return fail('validity', `It is dated ${ahead} days after it was seen.`);
  const read =
    certificate === undefined
      ? undefined
      : verifyCompactCertificate(crypto, keys.publicKey, certificate, { usage: 'indicium' });
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

function judgePurpose({ flags }: Indicium): EvidenceCheck {
  return judge('purpose', !flags.test, 'It is meant as postage.', 'It is a test print.');
}

async function judgeLicence(
  context: AuthorityContext,
  { meterId, originZip, postage }: Indicium,
): Promise<EvidenceCheck> {
  const licences = await licencesOf(context, meterId);
  return judge(
    'licence',
    licences.some(
      (licence) =>
        licence.originZip === originZip &&
        licence.postageMin <= postage &&
        postage <= licence.postageMax,
    ),
    'The meter is licensed for this origin and amount.',
    'The meter has no licence for this origin and amount.',
  );
}

async function judgeRate(
  context: AuthorityContext,
  { rateCategory, serviceId, postage, mailingDate, flags }: Indicium,
): Promise<EvidenceCheck> {
  if (flags.redate || flags.correction)
    return unknown('rate', 'It changes another indicium, so its amount is no rate.');
  const table = await findRateTable(context, rateCategory);
  if (table === undefined) return fail('rate', `No rate table ${rateCategory} was published.`);
  const rate = rateOf(table, serviceId);
  if (rate === undefined || postage < rate.minimum || postage > rate.maximum)
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
