/** The offices that a contact asks: those that are named, or remembered of an earlier command. */

import type { Command } from 'commander';
import type { Home } from './home.ts';
import { type AuthorityClient, authorityAt, type ProviderClient, providerAt } from './servers.ts';

export interface OfficeOptions {
  readonly authority?: string;
  readonly provider?: string;
}

export interface KnownOffices {
  readonly authority: AuthorityClient | undefined;
  readonly provider: ProviderClient | undefined;
}

export function withOffices(command: Command): Command {
  return command
    .option('--authority <url>', 'the authority: http://127.0.0.1:PORT')
    .option('--provider <url>', 'the provider: http://127.0.0.1:PORT');
}

export function officesOf({ settings }: Home, options: OfficeOptions): KnownOffices {
  const authority = options.authority ?? settings.authority;
  const provider = options.provider ?? settings.provider;
  return {
    authority: authority === undefined ? undefined : authorityAt(authority),
    provider: provider === undefined ? undefined : providerAt(provider),
  };
}
