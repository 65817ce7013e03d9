/** The authority and the provider as a command reaches them: by address, with the operator's token where one is given. */

import { hexToBytes } from '@noble/hashes/utils.js';
import { authorityRoutes } from '#authority/routes';
import { providerRoutes } from '#provider/routes';
import { Failure } from './failure.ts';
import { readSecretFile } from './secret.ts';
import { type HttpClient, httpClient, ServerLinkError } from './server/http-client.ts';

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

/** What an authority tells the world as a file: its root, its revocation list. @param path begins with `/` */
export async function fileAt(url: string, path: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(new URL(path, url), { redirect: 'error' });
  } catch (cause) {
    throw new ServerLinkError(`${url} cannot be reached: see that it runs, then repeat.`, {
      cause,
    });
  }
  if (!response.ok) throw new ServerLinkError(`${url} answers ${response.status} to ${path}.`);
  return new Uint8Array(await response.arrayBuffer());
}
