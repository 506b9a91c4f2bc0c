import type { Capability } from '../capability.ts';
import { recoveryConfig, type RecoveryConfig } from './config.ts';
import { createRecoveryRoutes } from './routes.ts';

/** How people get back into their account. */
export const recovery: Capability<'recovery', RecoveryConfig> = {
  name: 'recovery',
  config: recoveryConfig,
  create: (section, house) =>
    section.enabled ? { routers: [createRecoveryRoutes(section, house)] } : undefined,
};
