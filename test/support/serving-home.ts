/** A meter at the command line with a key of each use, of which the certificates are at home. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAuthorityDirectory } from '#cli/server/directory';
import { oids } from '#protocol/der';
import { addDays, dateOf } from '#protocol/documents/date';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { KeyUse } from '#protocol/documents/user-key';
import { distinguishedName } from '#protocol/x509';
import { cliDone, type MeterAtHand, type World } from './cli.ts';
import { rateTable } from './meter.ts';
import { pemOf } from './openssl.ts';
import { officerAt, ratesToday } from './stamping-home.ts';
import { grantFor, holder, keyRequestIn } from './user-keys.ts';
import { type Certified, certifyAs, rootOf, type Wanted } from './x509-authority.ts';

const DAY_MS = 86_400_000;
const ORGANIZATION = 'Example Works';

/** Of each use: what its certificate says. */
const wanted: Readonly<Partial<Record<KeyUse, Omit<Wanted, 'commonName'>>>> = {
  issue: { usage: 'authority', pathLength: 0, permitted: ORGANIZATION },
  sign: { usage: 'signAndBind', purpose: oids.emailProtection },
  agree: { usage: 'agree', purpose: oids.emailProtection },
  authenticate: { usage: 'sign', purpose: oids.clientAuth },
};

export interface ServingHome {
  readonly root: Certified;
  /** Of the root. */
  readonly rootFile: string;
  /** Of a key. */
  readonly file: (use: KeyUse) => string;
}

/** @param funds what is bought for certificate services, with four installations */
export async function installKeys(
  world: World,
  meter: MeterAtHand,
  funds: string,
): Promise<ServingHome> {
  const { keys } = await openAuthorityDirectory(world.authorityPath);
  const term = { fromMs: Date.now() - DAY_MS, toMs: Date.now() + 30 * DAY_MS };
  const days = {
    validFrom: addDays(dateOf(Date.now()), -1),
    validTo: addDays(dateOf(Date.now()), 29),
  };
  const root = rootOf(keys, term);
  const folder = join(meter.home, 'certificates');
  mkdirSync(folder);
  const file = (name: string): string => join(folder, `${name}.pem`);
  writeFileSync(file('root'), pemOf('CERTIFICATE', root.certificate));
  await cliDone('meter', 'refill', ...meter.asUser, '--account', 'certificate', '--amount', funds);
  await using officer = await officerAt(meter);
  await officer.installRateTable(rateTable(ratesToday(), keys));
  for (const [use, certificate] of Object.entries(wanted)) {
    const name = {
      ...holder(use as KeyUse),
      organization: new Uint8Array(Buffer.from(ORGANIZATION)),
    };
    const request = keyRequestIn((await officer.requestKey(name)).request);
    const serialNumber = new TextEncoder().encode(formatMeterId(request.meterId));
    const subject = distinguishedName({ ...name, serialNumber });
    const whole = { ...certificate, commonName: 'A Holder', ...term };
    const x509 = certifyAs(whole, subject, request.publicKey, root);
    const { requestCounter } = await officer.registers();
    const grant = grantFor(request, x509, { meterId: request.meterId, ...days }, keys);
    await officer.installKey({ requestId: { counter: requestCounter + 1, nonce: 3 }, grant });
    writeFileSync(file(use), pemOf('CERTIFICATE', x509));
  }
  return { root, rootFile: file('root'), file };
}
