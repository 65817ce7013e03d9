/** Certificate services in the table of cuts: keys of the user, postmarks and what else is charged (requirements.md B3, D1-D6). */

import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import type { RequestOf } from '#protocol/command';
import { authorisation } from '#test/support/meter';
import {
  CERTIFICATE_FUNDS,
  grantFor,
  type HeldKey,
  holder,
  keyRequestIn,
  revocationOrder,
  servicesTable,
  x509For,
} from '#test/support/user-keys';
import type { Host } from '../meter/host.ts';
import type { CutCommand } from './act.ts';
import { hex, officer, service, user } from './service.ts';

const digest = nodeCrypto.sha256(new Uint8Array(3));
const NONCE = 5;

const next = async (meter: Meter): Promise<{ counter: number; nonce: number }> => ({
  counter: (await meter.registers()).requestCounter + 1,
  nonce: NONCE,
});

/** A rate table with the services, and funds for them. */
async function prepare(host: Host): Promise<void> {
  await (await officer(host)).installRateTable(servicesTable());
  const payer = await user(host);
  const wish = { kind: 'purchase', account: 'certificate', amount: CERTIFICATE_FUNDS } as const;
  await payer.refillCommit(authorisation((await payer.refillRequest(wish)).request));
}

const wanted = holder('timeStamp');

async function requested(host: Host): Promise<HeldKey> {
  await prepare(host);
  const request = keyRequestIn((await (await officer(host)).requestKey(wanted)).request);
  return { request, certificate: x509For(request.publicKey) };
}

async function installed(host: Host): Promise<HeldKey> {
  const held = await requested(host);
  const meter = await officer(host);
  const grant = grantFor(held.request, held.certificate);
  await meter.installKey({ requestId: await next(meter), grant });
  return held;
}

const stamp = async (meter: Meter): Promise<RequestOf<'postmark'>> => ({
  requestId: await next(meter),
  number: 1,
  isStreamed: false,
  digest,
  nonce: new Uint8Array(0),
});

const installKey = service({
  name: 'installKey',
  from: 'refilled',
  who: officer,
  async paper(host) {
    const { request, certificate } = await requested(host);
    const requestId = await next(await officer(host));
    return { requestId, grant: grantFor(request, certificate) };
  },
  async ask(meter, paper) {
    const { number } = await meter.installKey(paper);
    const { keys } = await meter.userKeys();
    if (keys[0]?.isActive !== true) throw new Error('it is paid for and not active');
    return `${number}`;
  },
});

const postmark = service({
  name: 'postmark',
  from: 'refilled',
  who: user,
  async paper(host) {
    await installed(host);
    return stamp(await user(host));
  },
  async ask(meter, paper) {
    const { tstInfo, signedAttributes, signature } = await meter.postmark(paper);
    const key = (await meter.userKeys()).keys[0]?.publicKey ?? new Uint8Array(0);
    if (!nodeCrypto.verify(key, signedAttributes, signature))
      throw new Error('the postmark does not verify');
    return hex(tstInfo) + hex(signature);
  },
});

const validatePostmark = service({
  name: 'validatePostmark',
  from: 'refilled',
  who: user,
  async paper(host) {
    const { certificate } = await installed(host);
    const meter = await user(host);
    const stamped = await meter.postmark(await stamp(meter));
    const asked = { requestId: await next(meter), isStreamed: false, digest };
    return { ...stamped, ...asked, certificate };
  },
  async ask(meter, paper) {
    const { verdict } = await meter.validatePostmark(paper);
    if (verdict !== 'valid') throw new Error(`the postmark is judged ${verdict}`);
    return verdict;
  },
});

const revokeKey = service({
  name: 'revokeKey',
  from: 'refilled',
  who: user,
  async paper(host) {
    const { request } = await installed(host);
    return { requestId: await next(await user(host)), order: revocationOrder(request) };
  },
  async ask(meter, paper) {
    const { confirmation } = await meter.revokeKey(paper);
    const { keys } = await meter.userKeys();
    if (keys.length > 0) throw new Error('it is confirmed and there');
    return hex(confirmation.subarray(0, -64));
  },
});

export const certificateCommands: readonly CutCommand[] = [
  installKey,
  postmark,
  validatePostmark,
  revokeKey,
];
