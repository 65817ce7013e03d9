/** `tessera provider claims | withdrawals | reconcile | log`: the books of a provider (requirements.md B7, G6, G7). */

import type { Command } from 'commander';
import { claimsOf } from '#driver/spoilage';
import { formatMeterId } from '#protocol/documents/meter-id';
import { formatMills } from '#protocol/mills';
import { momentText } from '../../condition-text.ts';
import { atProvider, type OperatorAction } from '../../operator.ts';
import { customerNumber, meterNumber } from '../../options.ts';
import { tellReconciliation } from '../../reconciliation-text.ts';
import type { Run } from '../../run.ts';
import type { ProviderClient } from '../../servers.ts';

type Action<Options> = OperatorAction<ProviderClient, Options>;

export function addBooks(provider: Command, run: Run): void {
  atProvider(
    provider
      .command('claims')
      .requiredOption('--customer <number>', 'whose claims', customerNumber),
    run,
    'claims for spoiled postage; finishes those without an answer',
    claims,
  );
  atProvider(
    provider
      .command('withdrawals')
      .requiredOption('--meter <number>', 'as TS01-0000000042', meterNumber),
    run,
    'withdrawals of a meter; tells the authority what it has not heard of',
    withdrawals,
  );
  atProvider<object>(
    provider.command('reconcile'),
    run,
    "compare the books with the authority's, to the mill",
    async (office, _, output) => tellReconciliation(await office.reconcile({}), output),
  );
}

const claims: Action<{ readonly customer: number }> = async (office, { customer }, output) => {
  const { finished, pending } = await office.finishClaims({});
  if (finished + pending > 0)
    output.say('finished', { finished, pending }, `${finished} claims finished, ${pending} wait`);
  let count = 0;
  for await (const { claimId, meterId, state, approved, submittedMs, pieces } of claimsOf(
    office,
    customer,
  )) {
    count += 1;
    const meter = formatMeterId(meterId);
    output.say(
      'claim',
      { claimId, meter, state, approvedMills: approved, submittedMs, pieces: pieces.length },
      `${claimId}  ${momentText(submittedMs)}  ${meter}, ${pieces.length} pieces: ${state}, ` +
        `${formatMills(approved)} approved`,
    );
  }
  if (count === 0) output.say('noClaims', {}, 'nothing was claimed');
  return 0;
};

const withdrawals: Action<{ readonly meter: Uint8Array }> = async (office, { meter }, output) => {
  await office.finishWithdrawals({});
  const list = await office.listWithdrawals({ meterId: meter });
  for (const each of list.withdrawals) {
    const { sequence, verdict, obstacle, postal, certificate, isProved, timeMs } = each;
    const { isToldToAuthority } = each;
    const proof = isProved ? 'proved' : 'not proved yet';
    output.say(
      'withdrawal',
      {
        ...{ sequence, verdict, obstacle, postalMills: postal, certificateMills: certificate },
        ...{ isProved, isToldToAuthority, timeMs },
      },
      `${sequence}  ${momentText(timeMs)}  ${verdict}${obstacle === undefined ? '' : `, ${obstacle}`}: ` +
        `${formatMills(postal)} and ${formatMills(certificate)}, ${proof}`,
    );
  }
  if (list.withdrawals.length === 0) output.say('noWithdrawals', {}, 'the meter was never offered');
  return 0;
};
