import type { Capability } from '../capability.ts';
import { effectiveSettings, joiningConfig, type JoiningConfig } from './config.ts';
import { createJoinPages } from './join-pages.ts';
import { createJoiningRoutes } from './routes.ts';

/** How people come to have an account. */
export const joining: Capability<'joining', JoiningConfig> = {
  name: 'joining',
  config: joiningConfig,
  create(section, house) {
    if (section.mode === 'off') return undefined;
    const settings = effectiveSettings(section, house);
    const { issuer } = house.profile;
    return {
      routers: [createJoiningRoutes(settings, house), createJoinPages(settings, house, issuer)],
    };
  },
};
