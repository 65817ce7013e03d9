/** The routes of the provider: what it does for meters and its operator, declared once (docs/http.md). */

import { openCreditRoutes, operatorCreditRoutes } from './credit/routes.ts';
import { openRoutes } from './open-routes.ts';
import { operatorRoutes } from './operator-routes.ts';

export const providerRoutes = {
  ...openRoutes,
  ...openCreditRoutes,
  ...operatorRoutes,
  ...operatorCreditRoutes,
} as const;
