/** From a blank device to a registered meter, step by step, taken up wherever it was interrupted. */

import { RefusedError } from '#driver/errors';
import { mills } from '#protocol/mills';
import { enqueue } from '../attempt.ts';
import type { Desk } from '../desk.ts';
import type { Action } from '../happening.ts';
import { anonymous, leave, loggedIn, passwordBytes, session } from '../meter-access.ts';
import { lockRefusals } from '../refusals.ts';
import type { World } from '../world.ts';

/** Of every licence. More than ordinary comes back for spoiled pieces, so that it often does. */
const terms = {
  originZip: 20_260,
  descendingMax: mills(5_000_000),
  postageMin: mills(160),
  postageMax: mills(100_000),
  spoilageCap: 5_000,
} as const;
/** Where it has registers of their own for certificate services. */
const CERTIFICATE_MAX = mills(1_000_000);
const CREDIT_MAX = mills(2_000_000);

export const makeMeter: Action = {
  weight: 4,
  begin(world, random) {
    const desk = random.pick(world.desks);
    enqueue(world, desk, {
      name: 'make meter',
      mayBeRefused: lockRefusals,
      run: async () => {
        if (desk.stage === 'blank') await make(world, desk);
        if (desk.stage === 'made') await register(world, desk);
      },
    });
  },
};

/** As `tessera meter make`. */
export async function make(world: World, desk: Desk): Promise<void> {
  const { host, authority } = desk.computer;
  await leave(desk);
  const look = await anonymous(desk);
  const { lifeCycle } = await look.status();
  await look.close();
  if (lifeCycle === 'made') desk.stage = 'made'; // the last answer was lost
  if (desk.stage === 'made') return;
  desk.meterId ??= (await authority.allotMeter({ model: 'TS01' })).meterId;
  const { meterId, identities, passwords } = desk;
  const meter = await session(world, desk, 'cryptoOfficer');
  desk.open = { host, meter, role: 'cryptoOfficer' };
  desk.born ??= await meter.initialize({
    meterId,
    authorityKey: world.template.keys.authority.publicKey,
    userKey: identities.user.publicKey,
    userPassword: passwordBytes(passwords.user.current),
    officerPassword: passwordBytes(passwords.cryptoOfficer.current),
  });
  const certificates = await authority.certifyMeter({ meterId, ...desk.born });
  await meter.installCertificates(certificates);
  desk.stage = 'made';
  world.tally.count('making');
  await leave(desk);
}

/** As `tessera meter register`. */
export async function register(world: World, desk: Desk): Promise<void> {
  const { authority, provider } = desk.computer;
  const meter = await loggedIn(world, desk, 'cryptoOfficer');
  desk.customerId ??= (
    await provider.openAccount({ name: desk.name, creditMax: CREDIT_MAX })
  ).customerId;
  const certificate = meter.server?.certificate ?? new Uint8Array();
  const { meterId } = await provider.enrolMeter({ customerId: desk.customerId, certificate });
  const { providerId } = await provider.identity({});
  const { licence } = await authority.grantLicence({
    ...{ meterId, providerId, accountKind: desk.accountKind },
    certificateDescendingMax: desk.accountKind === 'separate' ? CERTIFICATE_MAX : mills(0),
    ...terms,
  });
  await meter.register(licence);
  await installRates(world, desk);
  desk.stage = 'registered';
  world.tally.count('registration');
}

/** The rates of today; a meter that has them already is as it should be. */
export async function installRates(world: World, desk: Desk): Promise<void> {
  const meter = await loggedIn(world, desk, 'cryptoOfficer');
  const { rateTable } = await desk.computer.authority.currentRateTable({});
  try {
    await meter.installRateTable(rateTable);
  } catch (error) {
    if (!(error instanceof RefusedError && error.status === 'documentOutdated')) throw error;
  }
}
