/** Starts an authority or a provider from its directory: data base, services, HTTP; disposed, it stops in turn. */

import { openAuthority } from '#authority/authority';
import { authorityFiles } from '#authority/file-routes';
import { authorityRefusals } from '#authority/refusals';
import { authorityRoutes } from '#authority/routes';
import { nodeCrypto } from '#driver/node-crypto';
import { wipe } from '#protocol/bytes';
import { openProvider } from '#provider/provider';
import { providerRefusals } from '#provider/refusals';
import { providerRoutes } from '#provider/routes';
import { openDatabase } from '../database.ts';
import { removeEarlier } from './authority-keys.ts';
import { openAuthorityDirectory, openProviderDirectory } from './directory.ts';
import { httpClient } from './http-client.ts';
import { type HttpServer, serve } from './http-server.ts';

export interface StartOptions {
  /** A directory made before. */
  readonly directory: string;
  /** 0 for one that is free. */
  readonly port: number;
  /** Told of what only the operator should see. */
  readonly onFault: (fault: unknown) => void;
}

/** @throws DirectoryError; Error where the data base cannot be opened or the port is taken */
export async function startAuthority(options: StartOptions): Promise<HttpServer> {
  const { keys, token, databaseUrl, settings } = await openAuthorityDirectory(options.directory);
  await removeEarlier(options.directory, settings.authorityKeys?.length ?? 1);
  await using opening = new AsyncDisposableStack();
  opening.defer(() => wipe(keys.privateKey, token));
  const services = opening.use(
    await openAuthority({
      dialect: openDatabase(databaseUrl),
      crypto: nodeCrypto,
      now: Date.now,
      keys,
      authorityKeys: settings.authorityKeys,
      certificateRules: settings.certificateRules,
      publicUrl: settings.publicUrl,
    }),
  );
  const server = opening.use(
    await serve({
      ...options,
      name: 'authority',
      routes: authorityRoutes,
      services,
      files: { routes: authorityFiles, services: services.files },
      refusals: authorityRefusals,
      token,
    }),
  );
  return running(server.url, opening.move());
}

/**
 * The provider reaches the authority under the address in its settings, when it has something to ask; not before.
 * @throws as {@link startAuthority}
 */
export async function startProvider(options: StartOptions): Promise<HttpServer> {
  const { keys, token, databaseUrl, settings } = await openProviderDirectory(options.directory);
  await using opening = new AsyncDisposableStack();
  opening.defer(() => wipe(keys.privateKey, token));
  const services = opening.use(
    await openProvider({
      dialect: openDatabase(databaseUrl),
      crypto: nodeCrypto,
      now: Date.now,
      keys,
      providerId: settings.providerId,
      authorityKey: settings.authorityKey,
      authority: httpClient(authorityRoutes, { url: settings.authorityUrl }),
      spoilageDays: settings.spoilageDays,
    }),
  );
  const server = opening.use(
    await serve({
      ...options,
      name: 'provider',
      routes: providerRoutes,
      services,
      refusals: providerRefusals,
      token,
    }),
  );
  return running(server.url, opening.move());
}

function running(url: string, parts: AsyncDisposableStack): HttpServer {
  return { url, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
