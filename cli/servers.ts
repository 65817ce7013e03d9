/** The authority and the provider as a command reaches them: by address, with the operator's token where one is given. */

import { hexToBytes } from '@noble/hashes/utils.js';
import { authorityRoutes } from '#authority/routes';
import { providerRoutes } from '#provider/routes';
import { Failure } from './failure.ts';
import { readSecretFile } from './secret.ts';
import { type HttpClient, httpClient } from './server/http-client.ts';

export type AuthorityClient = HttpClient<typeof authorityRoutes>;
export type ProviderClient = HttpClient<typeof providerRoutes>;

function tokenFrom(file: string | undefined): { token?: Uint8Array } {
  if (file === undefined) return {};
  const digits = new TextDecoder().decode(readSecretFile(file, 'token'));
  if (!/^([0-9a-f]{2})+$/.test(digits))
    throw new Failure('tokenDamaged', `${file} holds no token.`, 'A token is hexadecimal.');
  return { token: hexToBytes(digits) };
}

export function authorityAt(url: string, tokenFile?: string): AuthorityClient {
  return httpClient(authorityRoutes, { url, ...tokenFrom(tokenFile) });
}

export function providerAt(url: string, tokenFile?: string): ProviderClient {
  return httpClient(providerRoutes, { url, ...tokenFrom(tokenFile) });
}
