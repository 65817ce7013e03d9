/** What the package offers of the authority: `import { openAuthority } from 'tessera/authority'`. */

export { type Authority, type AuthorityServices, openAuthority } from './authority.ts';
export type { AuthorityOptions } from './context.ts';
export type { AuthorityOutcome } from './refusals.ts';
export { authorityRoutes } from './routes.ts';
export { PictureError, type ScannedSymbol, scanSymbols } from './scan/scan.ts';
