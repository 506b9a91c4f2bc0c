import type { Capability } from '../capability.ts';
import { accountPageConfig, type AccountPageConfig } from './config.ts';
import { createAccountRoutes } from './routes.ts';

/** Where people look after their own account. */
export const accountPage: Capability<'accountPage', AccountPageConfig> = {
  name: 'accountPage',
  config: accountPageConfig,
  create: (section, house) =>
    section.enabled ? { routers: [createAccountRoutes(section, house)] } : undefined,
};
