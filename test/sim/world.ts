/** A simulated world: everything that is in it, from a seed and a template of meters and data bases made before. */

import type { AuthorityServices } from '#authority/authority';
import type { issue } from '#driver/issue';
import type { ImageFile } from '#emulator/image-file';
import type { KeyPair } from '#protocol/crypto';
import type { AccountKindName, Role } from '#protocol/state';
import type { Desk, Stage } from './desk.ts';
import { createEvidence, type Evidence } from './evidence.ts';
import { countFaults, type Faults } from './faults.ts';
import { makeDesk } from './make-desk.ts';
import type { Housing, MeterDevice } from './meter-device.ts';
import type { MeterLine } from './meter-line.ts';
import { createNetwork, type Network } from './network.ts';
import type { Office } from './office.ts';
import {
  type AuthorityClient,
  authorityClient,
  type OfficeKeys,
  openOffices,
  type ProviderClient,
  providerClient,
  type WrapProvider,
} from './offices.ts';
import { randomOf } from './random.ts';
import { seededCrypto } from './seeded-crypto.ts';
import { streams } from './streams.ts';
import { startTally, type Tally } from './tally.ts';
import { createTrace, type Trace } from './trace.ts';
import type { Violation } from './violation.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

/** A meter as it was left, with who owns it. Plain data, so that a worker can be sent one. */
export interface TemplateDesk {
  readonly housing: Housing;
  readonly identities: Readonly<Record<Role, KeyPair>>;
  readonly stage: Stage;
  readonly accountKind: AccountKindName;
  readonly meterId: Uint8Array | undefined;
  readonly customerId: number | undefined;
}

/** What a world begins with. Plain data. */
export interface Template {
  readonly startMs: number;
  readonly image: ImageFile;
  readonly keys: OfficeKeys;
  readonly contents: { readonly authority?: Uint8Array; readonly provider?: Uint8Array };
  readonly desks: readonly TemplateDesk[];
}

/** Parts of the world replaced by wrong ones, for tests of what finds them. */
export interface Defects {
  readonly image?: ImageFile | undefined;
  readonly issue?: typeof issue | undefined;
  readonly wrapProvider?: WrapProvider | undefined;
  readonly wrapAuthority?: ((services: AuthorityServices) => AuthorityServices) | undefined;
  /** Done to the data bases before anything happens. */
  readonly sql?: { readonly provider?: string; readonly authority?: string } | undefined;
}

/** A copy of a meter in the hands of somebody who has its passwords too. */
export interface Clone {
  readonly device: MeterDevice;
  readonly line: MeterLine;
  readonly of: Desk;
  /** Those that may be right. */
  readonly passwords: readonly string[];
  isBusy: boolean;
}

export interface World extends AsyncDisposable {
  readonly seed: number;
  readonly template: Template;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly tally: Tally;
  readonly network: Network;
  readonly authority: Office;
  readonly provider: Office;
  /** How the operators call their servers. */
  readonly operator: { readonly authority: AuthorityClient; readonly provider: ProviderClient };
  readonly desks: readonly Desk[];
  readonly clones: Clone[];
  readonly evidence: Evidence;
  readonly defects: Defects;
  /** What the operators began and have no answer to. */
  readonly unfinished: Map<string, () => Promise<unknown>>;
  /** Refill requests and authorisations that somebody has listened to. */
  readonly overheard: { readonly requests: Uint8Array[]; readonly authorisations: Uint8Array[] };
  /** How often each indicium was shown to the authority; of some nobody knows whether it arrived. */
  readonly shown: Map<string, { surely: number; perhaps: number }>;
  /** Pieces given up as spoiled, by indicium in hex, and whether the authority has refunded them. */
  readonly claimed: Map<string, 'claimed' | 'refunded' | 'rejected'>;
  readonly violations: Violation[];
  alarm(violation: Violation): void;
  /** How long nothing is planned, from the end of this step on. */
  sleepMs: number;
  /** Whether faults are over, so that nothing may go wrong any more. */
  isHealed: boolean;
}

export interface WorldOptions {
  readonly seed: number;
  readonly template: Template;
  readonly defects?: Defects | undefined;
  readonly show?: ((line: string) => void) | undefined;
}

export async function openWorld({
  seed,
  template,
  defects = {},
  show,
}: WorldOptions): Promise<World> {
  const time = createVirtualTime(template.startMs);
  const trace = createTrace(() => time.nowMs, show);
  const faults = countFaults();
  const network = createNetwork({ time, trace, faults });
  const { keys, contents } = template;
  const { wrapAuthority, wrapProvider } = defects;
  const crypto = seededCrypto(randomOf(seed, streams.office));
  const opening = openOffices({
    ...{ keys, contents, time, trace, faults, network, crypto, wrapAuthority, wrapProvider },
  });
  const { authority, provider } = await time.runWhile(opening, 0);
  if (defects.sql?.provider !== undefined) provider.database.exec(defects.sql.provider);
  if (defects.sql?.authority !== undefined) authority.database.exec(defects.sql.authority);

  const desks: Desk[] = [];
  const tally = startTally();
  const world: World = {
    ...{ seed, template, time, trace, faults, network, authority, provider, desks, defects },
    tally,
    operator: {
      authority: authorityClient(
        network.fetchFrom(() => authority, 'operator'),
        keys.token,
      ),
      provider: providerClient(
        network.fetchFrom(() => provider, 'operator'),
        keys.token,
      ),
    },
    clones: [],
    evidence: createEvidence(tally),
    unfinished: new Map(),
    overheard: { requests: [], authorisations: [] },
    shown: new Map(),
    claimed: new Map(),
    violations: [],
    isHealed: false,
    sleepMs: 0,
    alarm(violation) {
      trace.note(`VIOLATION ${violation.message}`);
      world.violations.push(violation);
    },
    async [Symbol.asyncDispose]() {
      time[Symbol.dispose]();
      for (const { device } of [...desks, ...world.clones]) await device[Symbol.asyncDispose]();
      for (const { database } of [authority, provider]) database.close();
    },
  };
  for (const [index, each] of template.desks.entries()) desks.push(makeDesk(world, index, each));
  return world;
}
