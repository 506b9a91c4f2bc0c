import type { Capability } from '../capability.ts';
import { TRY_CLIENT } from './banner.ts';
import { devConfig, type DevConfig } from './config.ts';
import { createTryPage } from './try-page.ts';

/** The try page, in the dev profile alone. */
export const dev: Capability<'dev', DevConfig> = {
  name: 'dev',
  config: devConfig,
  create(section, { isDev, profile, renderer, clock, resourceServers }) {
    if (!isDev || !section.tryPage) return undefined;
    const apis = resourceServers
      .list()
      .map(({ identifier, name, scopes }) => ({ identifier, name, scopes: [...scopes.keys()] }));
    const page = { issuer: profile.issuer, clientId: TRY_CLIENT, apis, renderer, clock };
    return { routers: [createTryPage(page)] };
  },
};
