import type { Capability } from '../capability.ts';
import { joiningConfig, type JoiningConfig } from './config.ts';
import { createJoiningRoutes } from './routes.ts';

/** How people come to have an account. */
export const joining: Capability<'joining', JoiningConfig> = {
  name: 'joining',
  config: joiningConfig,
  create: (section, house) =>
    section.mode === 'off' ? undefined : { routers: [createJoiningRoutes(section, house)] },
};
