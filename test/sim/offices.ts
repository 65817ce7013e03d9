/** The provider and the authority of a simulated world, and how programs call them. */

import type { DatabaseSync } from 'node:sqlite';
import { type AuthorityServices, openAuthority } from '#authority/authority';
import { authorityRefusals } from '#authority/refusals';
import { authorityRoutes } from '#authority/routes';
import { type Fetch, type HttpClient, httpClient } from '#cli/server/http-client';
import type { Crypto, KeyPair } from '#protocol/crypto';
import { openProvider, type ProviderServices } from '#provider/provider';
import { providerRefusals } from '#provider/refusals';
import { providerRoutes } from '#provider/routes';
import type { Faults } from './faults.ts';
import type { Network } from './network.ts';
import { type Office, openOffice } from './office.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

export type AuthorityClient = HttpClient<typeof authorityRoutes>;
export type ProviderClient = HttpClient<typeof providerRoutes>;

/** What the two servers are, apart from what is in their data bases. */
export interface OfficeKeys {
  readonly authority: KeyPair;
  readonly provider: KeyPair;
  readonly providerId: number;
  /** One for both operators. */
  readonly token: Uint8Array;
}

/** Puts other services in the place of the provider's. */
export type WrapProvider = (services: ProviderServices, database: DatabaseSync) => ProviderServices;

export interface OfficesOptions {
  readonly keys: OfficeKeys;
  readonly contents: { readonly authority?: Uint8Array; readonly provider?: Uint8Array };
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly network: Network;
  readonly crypto: Crypto;
  /** For worlds with a defect that must be found. */
  readonly wrapProvider?: WrapProvider | undefined;
  readonly wrapAuthority?: ((services: AuthorityServices) => AuthorityServices) | undefined;
}

/** Nothing leaves the process: only the path counts. */
const URL_OF = { authority: 'http://authority', provider: 'http://provider' } as const;

export function authorityClient(fetch: Fetch, token: Uint8Array): AuthorityClient {
  return httpClient(authorityRoutes, { url: URL_OF.authority, token, fetch });
}

export function providerClient(fetch: Fetch, token: Uint8Array): ProviderClient {
  return httpClient(providerRoutes, { url: URL_OF.provider, token, fetch });
}

export async function openOffices({
  keys,
  contents,
  network,
  crypto,
  wrapProvider = (services) => services,
  wrapAuthority = (services) => services,
  ...parts
}: OfficesOptions): Promise<{ readonly authority: Office; readonly provider: Office }> {
  const { token } = keys;
  const authority = await openOffice({
    ...parts,
    name: 'authority',
    content: contents.authority,
    async open({ dialect }, now) {
      const services = await openAuthority({ dialect, crypto, now, keys: keys.authority });
      return {
        routes: authorityRoutes,
        services: wrapAuthority(services),
        refusals: authorityRefusals,
        token,
      };
    },
  });
  const link = httpClient(authorityRoutes, {
    url: URL_OF.authority,
    fetch: network.fetchFrom(() => authority, 'provider'),
  });
  const provider = await openOffice({
    ...parts,
    name: 'provider',
    content: contents.provider,
    async open({ dialect, database }, now) {
      const services = await openProvider({
        dialect,
        crypto,
        now,
        keys: keys.provider,
        providerId: keys.providerId,
        authorityKey: keys.authority.publicKey,
        authority: link,
      });
      return {
        routes: providerRoutes,
        services: wrapProvider(services, database),
        refusals: providerRefusals,
        token,
      };
    },
  });
  return { authority, provider };
}
