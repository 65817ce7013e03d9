/** Refills in the table of cuts: of each account and each kind, asked for and credited (requirements.md B6). */

import type { RequestOf } from '#protocol/command';
import { readRefillRequest } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import { authorisation, licence, purchase, rateTable } from '#test/support/meter';
import type { Host } from '../meter/host.ts';
import type { CutCommand } from './act.ts';
import { issueNext, REFILL } from './pieces.ts';
import { hex, officer, service, user } from './service.ts';

type Wish = RequestOf<'refillRequest'>;

const SPOILED = mills(20);
const SETTLED = mills(400);

/** Ten pieces, of which a part may come back. */
async function spend(host: Host): Promise<void> {
  const meter = await user(host);
  for (let piece = 0; piece < 10; piece += 1) await issueNext(meter);
}

/** A meter that is paid for afterwards, with two pieces to pay for. */
async function owe(host: Host): Promise<void> {
  const meter = await officer(host);
  await meter.register(licence({ accountKind: 'current', certificateDescendingMax: mills(0) }));
  await meter.installRateTable(rateTable());
  const debtor = await user(host);
  for (let piece = 0; piece < 2; piece += 1) await issueNext(debtor);
}

function commit(
  name: string,
  wish: Wish,
  from: CutCommand['from'] = 'refilled',
  before: (host: Host) => Promise<void> = async () => undefined,
): CutCommand {
  return service({
    name: `refillCommit ${name}`,
    from,
    who: user,
    async paper(host) {
      await before(host);
      const { request } = await (await user(host)).refillRequest(wish);
      return authorisation(request);
    },
    async ask(meter, paper) {
      const { credited, registers } = await meter.refillCommit(paper);
      const { credited: bought, spoilageCredited, certificateCredited, settled } = registers;
      return `${credited}: ${[bought, spoilageCredited, certificateCredited, settled].join(' ')}`;
    },
  });
}

const request = service({
  name: 'refillRequest',
  from: 'refilled',
  who: user,
  async ask(meter) {
    const answer = await meter.refillRequest(purchase(REFILL));
    const read = readRefillRequest(answer.request);
    if (!read.ok) throw new Error(`the request does not read: ${read.status}`);
    const { sequence, nonce, amount } = read.value; // the time in it is that of now
    return `${sequence} ${hex(nonce)} ${amount}`;
  },
});

export const refills: readonly CutCommand[] = [
  request,
  commit('of postage', purchase(REFILL)),
  commit('of certificates', { ...purchase(REFILL), account: 'certificate' }),
  commit('for spoilage', { ...purchase(SPOILED), kind: 'spoilage' }, 'refilled', spend),
  commit('of a settlement', { ...purchase(SETTLED), kind: 'settlement' }, 'made', owe),
];
