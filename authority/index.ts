/** What the package offers of the authority: `import { openAuthority } from 'tessera/authority'`. */

export {
  type Authority,
  type AuthorityFiles,
  type AuthorityServices,
  openAuthority,
} from './authority.ts';
export type { AuthorityOptions } from './context.ts';
export { authorityFiles } from './file-routes.ts';
export type { AuthorityOutcome } from './refusals.ts';
export { authorityRoutes } from './routes.ts';
export { PictureError, type ScannedSymbol, scanSymbols } from './scan/scan.ts';
export type { CertificateRule } from './user-keys/rules.ts';
