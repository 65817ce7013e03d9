/** The computer of a desk, from one start to the next: its host, and what its programs reach of the world. */

import type { Disk } from '#driver/disk';
import { type Host, startHost } from './host.ts';
import type { Office } from './office.ts';
import {
  type AuthorityClient,
  authorityClient,
  type ProviderClient,
  providerClient,
} from './offices.ts';
import { randomOf } from './random.ts';
import type { SimDisk } from './sim-disk.ts';
import { streams } from './streams.ts';
import type { World } from './world.ts';

export interface Computer {
  readonly host: Host;
  readonly disk: Disk;
  /** Clients of the servers, with the operators' tokens. */
  readonly authority: AuthorityClient;
  readonly provider: ProviderClient;
  /** Which start of this computer it is, from 1. */
  readonly start: number;
}

export interface ComputerOptions {
  /** Named in the trace. */
  readonly name: string;
  readonly index: number;
  readonly disk: SimDisk;
  readonly start: number;
}

export function startComputer(
  world: World,
  { name, index, disk, start }: ComputerOptions,
): Computer {
  const { network, faults, trace, seed, template } = world;
  const random = randomOf(seed, streams.host, index, start);
  const host = startHost(random, (end) => {
    faults.count(end === 'killed' ? 'hostKilled' : 'hostPowerCut');
    trace.note(`${name} ${end}`);
    disk.forgetLocks();
    if (end === 'powerCut') disk.losePower(random);
  });
  function through(office: () => Office): ReturnType<typeof network.fetchFrom> {
    const fetch = network.fetchFrom(office, name);
    return (...request) => host.step(() => fetch(...request));
  }
  const { token } = template.keys;
  return {
    host,
    disk: disk.of(host),
    authority: authorityClient(
      through(() => world.authority),
      token,
    ),
    provider: providerClient(
      through(() => world.provider),
      token,
    ),
    start,
  };
}
