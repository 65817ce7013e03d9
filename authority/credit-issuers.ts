/** The word of the authority for who gives credit (requirements.md E1): a certificate for the key of a provider. */

import { equalBytes } from '#protocol/bytes';
import { dateOf } from '#protocol/documents/date';

import { issueCertificate, latestCertificate } from './certificates.ts';
import type { AuthorityContext } from './context.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';
import { providerSubject } from './value.ts';

/** Certifies a provider as an issuer of credit; the certificate that it has, while that is valid. */
export async function certifyCreditIssuer(
  context: AuthorityContext,
  { providerId }: { readonly providerId: number },
): Promise<AuthorityOutcome<{ readonly certificate: Uint8Array }>> {
  return context.db.transaction().execute(async (trx) => {
    const provider = await trx
      .selectFrom('providers')
      .select('public_key')
      .where('provider_id', '=', providerId)
      .executeTakeFirst();
    if (provider === undefined) return refuseBecause('providerUnknown');
    const subject = providerSubject(providerId);
    const usage = 'creditIssuer';
    const known = await latestCertificate({ db: trx }, subject, usage);
    const isValid =
      known !== undefined &&
      equalBytes(known.fields.publicKey, provider.public_key) &&
      known.fields.validTo >= dateOf(context.now());
    const certificate = isValid
      ? known.certificate
      : await issueCertificate(context, trx, { subject, usage, publicKey: provider.public_key });
    return { ok: true, value: { certificate } };
  });
}
