import type { Capability, House } from '../capability.ts';
import type { Router } from '@koa/router';
import { TRY_CLIENT } from './banner.ts';
import { createCheckpointsDoor } from './checkpoints-door.ts';
import { createClockDoor } from './clock-door.ts';
import { devConfig, type DevConfig } from './config.ts';
import { createFaultsDoor } from './faults-door.ts';
import { createInboxPage } from './inbox-page.ts';
import { createTokensDoor } from './tokens-door.ts';
import { createTryPage } from './try-page.ts';

/** The try page, the inbox of an installation that sends no letters or no text messages, and the doors for tests: in the dev profile alone. */
export const dev: Capability<'dev', DevConfig> = {
  name: 'dev',
  config: devConfig,
  create(section, house) {
    const { isDev, inbox, profile, renderer, movableClock, minting, plannedFaults } = house;
    if (!isDev) return undefined;
    return {
      routers: [
        ...(section.tryPage ? [tryPageOf(house)] : []),
        createClockDoor(profile.issuer, movableClock),
        createCheckpointsDoor(profile.issuer, house.checkpoints),
        ...(plannedFaults ? [createFaultsDoor(profile.issuer, plannedFaults)] : []),
        ...(minting ? [createTokensDoor({ ...house, minting })] : []),
        ...(inbox ? [createInboxPage({ issuer: profile.issuer, renderer, inbox })] : []),
      ],
    };
  },
};

function tryPageOf({ profile, renderer, clock, resourceServers }: House): Router {
  const apis = resourceServers
    .list()
    .filter(({ servedBy }) => servedBy === undefined)
    .map(({ identifier, name, scopes }) => ({ identifier, name, scopes: [...scopes.keys()] }));
  return createTryPage({ issuer: profile.issuer, clientId: TRY_CLIENT, apis, renderer, clock });
}
