/** `tessera authority lock | unlock | revoke | orders | overdue | reconcile`: an eye on the meters (requirements.md A8, G7, G9). */

import type { Command } from 'commander';
import { formatMeterId } from '#protocol/documents/meter-id';
import { lockActions } from '#protocol/documents/orders';
import { type LockReasonName, lockReasonNames } from '#protocol/state';
import { momentText } from '../../condition-text.ts';
import { atAuthority, type OperatorAction } from '../../operator.ts';
import { meterNumber, oneName, providerNumber } from '../../options.ts';
import { tellReconciliation } from '../../reconciliation-text.ts';
import type { Run } from '../../run.ts';
import type { AuthorityClient } from '../../servers.ts';

const summaries = {
  lock: 'order a meter to produce no value until it is unlocked',
  unlock: 'order a meter to produce value again',
  revoke: 'order a meter to produce no value, for ever',
} as const;

interface MeterOptions {
  readonly meter: Uint8Array;
}

export function addMeters(authority: Command, run: Run): void {
  for (const action of lockActions)
    atAuthority<MeterOptions & { readonly reason: LockReasonName }>(
      withMeter(authority.command(action)).option(
        '--reason <reason>',
        lockReasonNames.join(', '),
        oneName(lockReasonNames),
        action === 'unlock' ? 'none' : 'ordered',
      ),
      run,
      summaries[action],
      async (office, { meter: meterId, reason }, output) => {
        const { sequence, order } = await office.orderLock({ meterId, action, reason });
        const meter = formatMeterId(meterId);
        const text = `order ${sequence} to ${action} ${meter}: it takes effect at its next contact`;
        output.say('ordered', { meter, action, reason, sequence, order }, text);
        return 0;
      },
    );
  atAuthority(withMeter(authority.command('orders')), run, 'all lock orders to a meter', orders);
  atAuthority(
    authority.command('overdue'),
    run,
    'meters whose inspection is due, overdue, or that have fallen silent',
    overdue,
  );
  atAuthority(
    authority
      .command('reconcile')
      .requiredOption('--provider <number>', 'of the provider', providerNumber),
    run,
    "compare the books of a provider with the authority's",
    reconcile,
  );
}

function withMeter(command: Command): Command {
  return command.requiredOption('--meter <number>', 'as TS01-0000000042', meterNumber);
}

type Action<Options> = OperatorAction<AuthorityClient, Options>;

const orders: Action<MeterOptions> = async (office, { meter: meterId }, output) => {
  let after = 0;
  for (;;) {
    const page = await office.listOrders({ meterId, after });
    const last = page.orders.at(-1);
    if (last === undefined) break;
    for (const { sequence, action, reason, cause, orderedMs } of page.orders)
      output.say(
        'order',
        { sequence, action, reason, cause, orderedMs },
        `${sequence}  ${momentText(orderedMs)}  ${action}, ${reason}: ${cause}`,
      );
    after = last.sequence;
  }
  if (after === 0) output.say('noOrders', {}, 'the meter was never locked');
  return 0;
};

const overdue: Action<object> = async (office, _, output) => {
  const { meters } = await office.listOverdue({});
  for (const { meterId, contactMs, dueMs, lockMs, state } of meters) {
    const meter = formatMeterId(meterId);
    output.say(
      'overdueMeter',
      { meter, state, contactMs, dueMs, lockMs },
      `${meter}  ${state}, last heard of ${momentText(contactMs)}, locks ${momentText(lockMs)}`,
    );
  }
  if (meters.length === 0) output.say('noneOverdue', {}, 'every meter was heard of in time');
  return 0;
};

const reconcile: Action<{ readonly provider: number }> = async (
  office,
  { provider: providerId },
  output,
) => tellReconciliation(await office.reconcile({ providerId }), output);
