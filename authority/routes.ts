/** The routes of the authority: what it does for providers, meters and its operator, declared once (docs/http.md). */

import { openRoutes } from './open-routes.ts';
import { operatorRoutes } from './operator-routes.ts';
import { certificateRoutes } from './user-keys/routes.ts';

export const authorityRoutes = { ...openRoutes, ...operatorRoutes, ...certificateRoutes } as const;
