/** `tessera authority certificates …`: who gets a certificate for a key in a meter, and whose is revoked (requirements.md D4, D5, G8). */

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { pemOf } from '#authority/x509/pem';
import { formatMeterId } from '#protocol/documents/meter-id';
import { type RevocationReason, revocationReasons } from '#protocol/documents/user-key';
import { formatMills } from '#protocol/mills';
import { momentText } from '../../condition-text.ts';
import { usesText } from '../../key-use-text.ts';
import { atAuthority, type OperatorAction } from '../../operator.ts';
import { oneName, recordNumber } from '../../options.ts';
import { table } from '../../output.ts';
import type { Run } from '../../run.ts';
import type { AuthorityClient } from '../../servers.ts';

type Action<Options> = OperatorAction<AuthorityClient, Options>;

interface Numbered {
  readonly number: number;
}

export function addCertificates(authority: Command, run: Run): void {
  const certificates = authority
    .command('certificates')
    .description('certificates of keys in meters: requests, decisions, revocations');
  atAuthority(
    certificates.command('list').option('--pending', 'those that wait for a decision alone'),
    run,
    'requests for certificates',
    list,
  );
  atAuthority(
    numbered(certificates, 'show').option('--csr <file>', 'keep the PKCS#10 request, PEM'),
    run,
    'one request, with all that it says of its holder',
    show,
  );
  atAuthority(
    numbered(certificates, 'approve'),
    run,
    'the holder is who the name says: the certificate may be fetched',
    approve,
  );
  atAuthority(
    numbered(certificates, 'refuse').requiredOption('--reason <sentence>', 'for the holder'),
    run,
    'the holder is not who the name says, or cannot show it',
    refuse,
  );
  atAuthority(
    numbered(certificates, 'revoke').requiredOption(
      '--reason <reason>',
      revocationReasons.join(', '),
      oneName(revocationReasons),
    ),
    run,
    'revoke a certificate: at once on the list, in the meter at its next contact',
    revoke,
  );
  atAuthority(certificates.command('revoked'), run, 'all revocations, with what was paid', revoked);
  atAuthority(
    certificates.command('due'),
    run,
    'revocations that could not be paid for',
    async (office, _, output) => tellRevocations(office, true, output),
  );
}

const numbered = (parent: Command, name: string): Command =>
  parent.command(name).argument('<number>', 'of the request, as list tells it', recordNumber);

const list: Action<{ readonly pending?: boolean }> = async (office, { pending }, output) => {
  let after = 0;
  for (;;) {
    const { requests } = await office.listKeyRequests({ after, isPending: pending === true });
    const last = requests.at(-1);
    if (last === undefined) break;
    for (const request of requests) {
      const { number, meterId, key, state, uses, organization, commonName } = request;
      const meter = formatMeterId(meterId);
      const name = organization === '' ? commonName : `${commonName}, ${organization}`;
      output.say(
        'keyRequest',
        { ...figuresOf(request) },
        `${number}  ${state}  ${meter} key ${key}  ${usesText(uses)}  ${name}`,
      );
    }
    after = last.number;
  }
  if (after === 0) output.say('noKeyRequests', {}, 'no certificate is asked for');
  return 0;
};

type KeyRequest = Awaited<ReturnType<AuthorityClient['showKeyRequest']>>;

function figuresOf({ meterId, uses, csr, ...rest }: KeyRequest) {
  return { ...rest, meter: formatMeterId(meterId), uses: usesText(uses) };
}

const show: Action<Numbered & { readonly csr?: string }> = async (
  office,
  { number, csr: file },
  output,
) => {
  const request = await office.showKeyRequest({ number });
  const { state, reason, decidedBy, askedMs, decidedMs, serial, organization } = request;
  if (file !== undefined) await writeFile(file, pemOf('CERTIFICATE REQUEST', request.csr));
  const rows: (readonly [string, string])[] = [
    ['meter', `${formatMeterId(request.meterId)}, key ${request.key}`],
    ['for', usesText(request.uses)],
    ['common name', request.commonName],
    ['organization', organization === '' ? 'none' : organization],
    ['asked', momentText(askedMs)],
    ['state', reason === undefined ? state : `${state}: ${reason}`],
  ];
  if (decidedMs !== undefined)
    rows.push(['decided', `${momentText(decidedMs)} by ${decidedBy ?? 'nobody'}`]);
  if (serial !== undefined) rows.push(['certificate', serial]);
  output.say('keyRequest', { ...figuresOf(request), file }, `request ${number}\n${table(rows)}`);
  return 0;
};

const approve: Action<Numbered> = async (office, { number }, output) => {
  const standing = await office.approveKeyRequest({ number });
  output.say('keyRequestApproved', { ...standing }, `request ${number} is approved`);
  return 0;
};

const refuse: Action<Numbered & { readonly reason: string }> = async (
  office,
  { number, reason },
  output,
) => {
  const standing = await office.refuseKeyRequest({ number, reason });
  output.say('keyRequestRefused', { ...standing }, `request ${number} is refused: ${reason}`);
  return 0;
};

const revoke: Action<Numbered & { readonly reason: RevocationReason }> = async (
  office,
  { number, reason },
  output,
) => {
  const { order } = await office.forceRevocation({ number, reason });
  output.say(
    'certificateRevoked',
    { number, reason, order },
    `the certificate of request ${number} is on the list; its key is destroyed at the next contact of the meter`,
  );
  return 0;
};

const revoked: Action<object> = async (office, _, output) => tellRevocations(office, false, output);

async function tellRevocations(
  office: AuthorityClient,
  isDue: boolean,
  output: Parameters<Action<object>>[2],
): Promise<number> {
  let after = 0;
  for (;;) {
    const { revocations } = await office.listRevocations({ after, isDue });
    const last = revocations.at(-1);
    if (last === undefined) break;
    for (const { meterId, ...revocation } of revocations) {
      const { number, key, reason, isForced, orderedMs, paid, due } = revocation;
      const meter = formatMeterId(meterId);
      const confirmed =
        paid === undefined || due === undefined
          ? 'not confirmed yet'
          : `${formatMills(paid)} paid, ${formatMills(due)} due`;
      output.say(
        'revocation',
        { meter, ...revocation },
        `${number}  ${momentText(orderedMs)}  ${meter} key ${key}  ${reason}${isForced ? ', forced' : ''}  ${confirmed}`,
      );
    }
    after = last.number;
  }
  if (after === 0)
    output.say(
      'noRevocations',
      {},
      isDue ? 'nothing is due for any revocation' : 'no certificate was revoked',
    );
  return 0;
}
