/** What the package offers of the provider: `import { openProvider } from 'tessera/provider'`. */

export type { AuthorityLink, ProviderOptions } from './context.ts';
export { openProvider, type Provider, type ProviderServices } from './provider.ts';
export type { ProviderOutcome } from './refusals.ts';
export { providerRoutes } from './routes.ts';
