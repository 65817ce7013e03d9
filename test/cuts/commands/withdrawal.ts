/** Withdrawal in the table of cuts: asked for, refused, agreed; the proof can be read and no key outlives it (requirements.md B7). */

import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import {
  signWithdrawalAuthorisation,
  type WithdrawalAuthorisation,
  withdrawalReportDocument,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { TEST_TIME_MS } from '#test/support/board';
import { found, keyMaterialOf } from '#test/support/key-material';
import { providerKeys } from '#test/support/meter';
import type { Host } from '../meter/host.ts';
import type { CutCommand } from './act.ts';
import { hex, officer, service } from './service.ts';

async function termsAskedFor(meter: Meter) {
  const { request } = await meter.withdrawalRequest();
  const read = withdrawalRequestDocument.read(request);
  if (!read.ok) throw new Error(`the request does not read: ${read.status}`);
  const { registers: _, timeMs: __, ...terms } = read.value;
  return terms;
}

async function answer(meter: Meter, verdict: WithdrawalAuthorisation['verdict']) {
  const terms = await termsAskedFor(meter);
  const fields = { ...terms, verdict, timeMs: TEST_TIME_MS };
  return signWithdrawalAuthorisation(nodeCrypto, providerKeys.privateKey, fields);
}

const request = service({
  name: 'withdrawalRequest',
  from: 'refilled',
  who: officer,
  async ask(meter) {
    const { sequence, nonce, postal, certificate } = await termsAskedFor(meter);
    return `${sequence} ${hex(nonce)} ${postal} ${certificate}`;
  },
});

const refused = service({
  name: 'withdrawalCommit refused',
  from: 'refilled',
  who: officer,
  paper: async (host) => answer(await officer(host), 'refused'),
  async ask(meter, paper) {
    await meter.withdrawalCommit(paper);
    return '';
  },
  refusedAfter: 'wrongLifeCycle',
});

/** What the proof says: its time is that of the power-up that signed it. */
async function proof(host: Host): Promise<string> {
  const { report } = await host.inClear().then((meter) => meter.withdrawalReport());
  const read = withdrawalReportDocument.read(report);
  if (!read.ok) throw new Error(`the proof does not read: ${read.status}`);
  return `${read.value.postal} ${read.value.certificate}`;
}

const agreed: CutCommand = {
  name: 'withdrawalCommit agreed',
  from: 'refilled',
  async begin(host) {
    host.powerOn();
    const meter = await officer(host);
    const paper = await answer(meter, 'agreed');
    const { sealed } = keyMaterialOf(host.flash);
    return {
      async perform() {
        await meter.withdrawalCommit(paper);
        return proof(host);
      },
      async again(later) {
        const isOver = (await later.status()).lifeCycle === 'withdrawn';
        if (!isOver) await (await officer(later)).withdrawalCommit(paper);
        const said = await proof(later);
        const left = found(later.flash.contents(), sealed);
        if (left.length > 0) throw new Error(`still in flash: ${left.join(', ')}`);
        return { said, found: isOver ? 'completed' : 'rolledBack' };
      },
    };
  },
};

export const withdrawals: readonly CutCommand[] = [request, refused, agreed];
