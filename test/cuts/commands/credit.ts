/** Credit, tickets and tokens in the table of cuts: charge and result are both there or both not (requirements.md B3, C2, C7, E1, E2). */

import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import { mills } from '#protocol/mills';
import { creditFor, issuerCertificate, LINE, paymentIn } from '#test/support/credit';
import { letter } from '#test/support/mail';
import { tokenKeysFor } from '#test/support/tokens';
import { grantFor, holder, keyRequestIn, x509For } from '#test/support/user-keys';
import type { Host } from '../meter/host.ts';
import type { CutCommand } from './act.ts';
import { nextTransaction, prepareServices } from './certificates.ts';
import { hex, officer, service, user } from './service.ts';

const SPENT = mills(20_000);

/** A key for something, in use. */
async function keyFor(host: Host, use: 'pay' | 'sign'): Promise<Uint8Array> {
  await prepareServices(host);
  const meter = await officer(host);
  const request = keyRequestIn((await meter.requestKey(holder(use))).request);
  const grant = grantFor(request, x509For(request.publicKey));
  await meter.installKey({ requestId: await nextTransaction(meter), grant });
  return request.publicKey;
}

const installation = async (meter: Meter, publicKey: Uint8Array) => ({
  requestId: await nextTransaction(meter),
  certificate: creditFor(publicKey),
  issuer: issuerCertificate(),
});

const keyOf = async (meter: Meter): Promise<Uint8Array> =>
  (await meter.userKeys()).keys[0]?.publicKey ?? new Uint8Array(0);

const installCredit = service({
  name: 'installCredit',
  from: 'refilled',
  who: user,
  async paper(host) {
    const publicKey = await keyFor(host, 'pay');
    return installation(await user(host), publicKey);
  },
  async ask(meter, paper) {
    const { payment } = await meter.installCredit(paper);
    if (paymentIn(payment, await keyOf(meter)).rest !== LINE) throw new Error('not all is left');
    if ((await meter.credits()).lines.length !== 1) throw new Error('it is paid for and not there');
    return hex(payment);
  },
});

const pay = service({
  name: 'pay',
  from: 'refilled',
  who: user,
  async paper(host) {
    const publicKey = await keyFor(host, 'pay');
    const meter = await user(host);
    const line = await installation(meter, publicKey);
    await meter.installCredit(line);
    return {
      requestId: await nextTransaction(meter),
      credit: nodeCrypto.sha256(line.certificate),
      amount: SPENT,
      use: 'goods' as const,
      merchant: new Uint8Array(32).fill(9),
    };
  },
  async ask(meter, paper) {
    const { payment } = await meter.pay(paper);
    const { rest, amount, number } = paymentIn(payment, await keyOf(meter));
    const [line] = (await meter.credits()).lines;
    if (line?.rest !== rest || line.payments !== number || rest + amount !== LINE)
      throw new Error('payment and line differ');
    return hex(payment);
  },
});

const createTicket = service({
  name: 'createTicket',
  from: 'refilled',
  who: user,
  async paper(host) {
    await keyFor(host, 'sign');
    return {
      requestId: await nextTransaction(await user(host)),
      number: 1,
      eventId: 7,
      kind: 'travel' as const,
      validFrom: 1,
      validTo: 2,
      seat: ascii('12'),
      uses: 1,
      price: mills(5),
    };
  },
  ask: async (meter, paper) => hex((await meter.createTicket(paper)).ticket),
});

const createLiteIndicium = service({
  name: 'createLiteIndicium',
  from: 'refilled',
  who: user,
  async paper(host) {
    const meter = await officer(host);
    const { request } = await meter.requestTokenKeys();
    await meter.installTokenKeys(tokenKeysFor(request));
    const payer = await user(host);
    return letter((await payer.registers()).requestCounter + 1);
  },
  async ask(meter, paper) {
    const { indicium, vendorToken } = await meter.createLiteIndicium(paper);
    return hex(indicium) + hex(vendorToken);
  },
});

export const creditCommands: readonly CutCommand[] = [
  installCredit,
  pay,
  createTicket,
  createLiteIndicium,
];
