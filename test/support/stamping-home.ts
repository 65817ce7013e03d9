/** A meter at the command line with a key for postmarks, of which the certificates are at home. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAuthorityDirectory } from '#cli/server/directory';
import { openKeyFile } from '#driver/key-file';
import { logIn } from '#driver/log-in';
import { type Meter, openMeter } from '#driver/meter';
import { oids } from '#protocol/der';
import { certificateServices } from '#protocol/documents/certificate-services';
import { addDays, dateOf } from '#protocol/documents/date';
import { mills } from '#protocol/mills';
import { cliDone, type MeterAtHand, passwordBytes, type World } from './cli.ts';
import { rateTable } from './meter.ts';
import { pemOf } from './openssl.ts';
import { grantFor, holder, keyRequestIn } from './user-keys.ts';
import { type Certified, certify, rootOf } from './x509-authority.ts';

const DAY_MS = 86_400_000;
/** What every certificate service costs here. */
export const SERVICE_PRICE = mills(350);

export async function officerAt({ home, port }: MeterAtHand): Promise<Meter> {
  using keyFile = await openKeyFile(join(home, 'officer.key'), passwordBytes('cryptoOfficer'));
  const { authorityKey, meterId } = keyFile;
  const meter = await openMeter(port, {
    identity: keyFile,
    role: 'cryptoOfficer',
    trust: { authorityKey, meterId },
  });
  await logIn(meter, passwordBytes('cryptoOfficer'));
  return meter;
}

export const ratesToday = (): Parameters<typeof rateTable>[0] => ({
  version: 90,
  validFrom: addDays(dateOf(Date.now()), -1),
  validTo: addDays(dateOf(Date.now()), 30),
  rates: [
    { serviceId: 1, kind: 'fixed', minimum: mills(780), maximum: mills(780), steps: [] },
    ...Object.values(certificateServices).map(
      (serviceId) =>
        ({
          serviceId,
          kind: 'certificate',
          minimum: SERVICE_PRICE,
          maximum: SERVICE_PRICE,
          steps: [],
        }) as const,
    ),
  ],
});

/** Certificates of its own authority, of which the key is that of the world. */
export interface StampingHome {
  readonly root: Certified;
  readonly certificate: Uint8Array;
  readonly rootFile: string;
}

/** @param funds what is bought for certificate services, beyond the installation */
export async function installStampKey(
  world: World,
  meter: MeterAtHand,
  funds: string,
): Promise<StampingHome> {
  const { keys } = await openAuthorityDirectory(world.authorityPath);
  const term = { fromMs: Date.now() - DAY_MS, toMs: Date.now() + 30 * DAY_MS };
  const root = rootOf(keys, term);
  await cliDone('meter', 'refill', ...meter.asUser, '--account', 'certificate', '--amount', funds);
  await using officer = await officerAt(meter);
  await officer.installRateTable(rateTable(ratesToday(), keys));
  const request = keyRequestIn((await officer.requestKey(holder('timeStamp'))).request);
  const wanted = { commonName: 'A Holder', usage: 'sign', purpose: oids.timeStamping } as const;
  const certificate = certify({ ...wanted, ...term }, request.publicKey, root);
  const { requestCounter } = await officer.registers();
  const grant = grantFor(
    request,
    certificate,
    {
      meterId: request.meterId,
      validFrom: addDays(dateOf(Date.now()), -1),
      validTo: addDays(dateOf(Date.now()), 30),
    },
    keys,
  );
  await officer.installKey({ requestId: { counter: requestCounter + 1, nonce: 3 }, grant });
  const folder = join(meter.home, 'certificates');
  mkdirSync(folder);
  writeFileSync(join(folder, 'key-1.pem'), pemOf('CERTIFICATE', certificate));
  const rootFile = join(folder, 'root.pem');
  writeFileSync(rootFile, pemOf('CERTIFICATE', root.certificate));
  return { root, certificate, rootFile };
}
