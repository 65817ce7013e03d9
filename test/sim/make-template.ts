/**
 * Makes what every world begins with, in a world without faults: an authority, a provider, a full pool, and meters that are
 * made, registered and refilled by the same actions as everywhere else. Made once, and given to all worlds.
 */

import { defaultRates } from '#authority/default-rates';
import { loadImage } from '#emulator/image-file';
import { mills } from '#protocol/mills';
import type { AccountKindName } from '#protocol/state';
import { make, register } from './actions/make.ts';
import { load } from './actions/refill.ts';
import { attempt } from './attempt.ts';
import { leave } from './meter-access.ts';
import { randomOf } from './random.ts';
import { seededCrypto } from './seeded-crypto.ts';
import { openWorld, type Template, type TemplateDesk, type World } from './world.ts';

/** 2027-03-01 09:00 UTC. */
const START_MS = Date.UTC(2027, 2, 1, 9);
/** How each meter pays: those that are made, and a blank one behind them. */
const kinds = ['separate', 'current', 'combined', 'separate'] as const;
const MADE_DESKS = 3;
const SEED = 20_270_301;
/** A world sleeps for some weeks at most. */
const RATES = { validFrom: 20_270_101, validTo: 20_291_231, rates: defaultRates };
const POOL = mills(3_000_000);
const PAYMENT = mills(400_000);
const FIRST_REFILL = { kind: 'purchase', account: 'postal', amount: mills(100_000) } as const;
const PROVIDER_ID = 1;
const MAKING_MS_MAX = 600_000;

export async function makeTemplate(): Promise<Template> {
  const blank = blankTemplate();
  await using world = await openWorld({ seed: SEED, template: blank });
  await world.time.runWhile(prepare(world), MAKING_MS_MAX);
  const [violation] = world.violations;
  if (violation !== undefined) throw violation;
  return {
    ...blank,
    startMs: world.time.nowMs,
    contents: {
      authority: world.authority.database.serialize(),
      provider: world.provider.database.serialize(),
    },
    desks: world.desks.map((desk, index): TemplateDesk => {
      const { device, identities, stage, accountKind, meterId, customerId } = desk;
      const housing = index < MADE_DESKS ? device.copy() : desk.housing;
      return { housing, identities, stage, accountKind, meterId, customerId };
    }),
  };
}

function blankTemplate(): Template {
  const random = randomOf(SEED);
  const crypto = seededCrypto(random);
  const pair = () => crypto.generateKeyPair();
  const blankDesk = (accountKind: AccountKindName): TemplateDesk => ({
    housing: { deviceSecret: random.bytes(32), contents: undefined, state: undefined },
    identities: { user: pair(), cryptoOfficer: pair() },
    stage: 'blank',
    accountKind,
    meterId: undefined,
    customerId: undefined,
  });
  return {
    startMs: START_MS,
    image: loadImage(),
    keys: {
      authority: pair(),
      provider: pair(),
      providerId: PROVIDER_ID,
      token: random.bytes(32),
    },
    contents: {},
    desks: kinds.map(blankDesk),
  };
}

async function prepare(world: World): Promise<void> {
  const { operator, template } = world;
  const { publicKey } = template.keys.provider;
  const { providerId } = await operator.authority.registerProvider({ name: 'Provider', publicKey });
  if (providerId !== PROVIDER_ID) throw new Error('the provider has another number');
  await operator.authority.publishRateTable(RATES);
  await operator.provider.buyValue({ requestId: new Uint8Array(16), amount: POOL });
  for (const desk of world.desks.slice(0, MADE_DESKS)) {
    desk.device.switchOn();
    await attempt(world, desk, {
      name: 'first day',
      async run() {
        await make(world, desk);
        await register(world, desk);
        const customerId = desk.customerId as number;
        const requestId = new Uint8Array(16);
        await operator.provider.payIn({ customerId, requestId, amount: PAYMENT });
        if (desk.accountKind !== 'current') await load(world, desk, FIRST_REFILL);
        await leave(desk);
      },
    });
    desk.device.switchOff();
  }
}
