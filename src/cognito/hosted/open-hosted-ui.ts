import { Router } from '@koa/router';
import type { House } from '../../capability.ts';
import type { Site } from '../../http/site.ts';
import { createSameOriginGuard } from '../../http/same-origin.ts';
import type { Admits, Protocol } from '../../provider/contract.ts';
import { hostedProfile } from '../profile.ts';
import type { Room } from '../room.ts';
import { atHostedPaths } from './authorize.ts';
import { createHostedClients } from './clients.ts';
import { createHostedDialect } from './dialect.ts';
import { addForgotPages } from './forgot-pages.ts';
import { signOut } from './logout.ts';
import { createShowPoolPage } from './pool-pages.ts';
import { createReception, pageOf } from './reception.ts';
import { answering } from './problem.ts';
import { revokeToken } from './revoke.ts';
import { addSignUpPages } from './sign-up-pages.ts';
import { answerToken } from './token.ts';
import { answerUserInfo } from './user-info.ts';
import { createShowWrongRequest } from './wrong-request.ts';

/** The sign-in pages of all pools, and the endpoints of OAuth 2.0 around them. */
export async function openHostedUi(
  room: Room,
  house: Pick<House, 'clients' | 'openIssuer' | 'renderer'>,
): Promise<Pick<Site, 'protocol' | 'routers'>> {
  const { endpoint } = room.settings;
  const hosted = createHostedClients({ house: house.clients, pools: room.pools, endpoint });
  const { protocol, routers } = await house.openIssuer({
    profile: hostedProfile({ endpoint }),
    dialect: createHostedDialect(endpoint, hosted),
    clients: hosted.clients,
    resourceServers: hosted.resourceServers,
    refreshRetryWindow: 0,
    admits: admitsUsers(room),
    reception: createReception(room),
    ways: {
      joinUrl: (interaction) =>
        hosted.isOpen(interaction.client.id) ? pageOf('/signup', interaction) : '',
      recoverUrl: (interaction) => pageOf('/forgotPassword', interaction),
    },
    features: { dpop: { enabled: false } },
  });
  return {
    protocol: atHostedPaths(protocol, { ...room, endpoint }),
    routers: [
      ...routers,
      createEndpoints(room, protocol),
      createWays(room, { sessions: protocol.sessions, renderer: house.renderer }),
      createPoolPages(room, house),
    ],
  };
}

/** Users of the pool, once they are confirmed. */
function admitsUsers({ pools, users }: Pick<Room, 'pools' | 'users'>): Admits {
  return async ({ accountId, clientId }) => {
    const { pool } = (await pools.findClient(clientId)) ?? {};
    const user = pool && (await users.admit(pool, accountId));
    return user?.row.status === 'CONFIRMED';
  };
}

/** Whoever forges one of these forms gets what the JSON API gives to anybody. */
function createPoolPages(room: Room, { renderer }: Pick<House, 'renderer'>): Router {
  const router = new Router({ sensitive: true, strict: true });
  router.use(createSameOriginGuard(room.settings.endpoint));
  const showWrongRequest = createShowWrongRequest(renderer);
  router.use(async (ctx, next) => {
    await next();
    // No page of an application that is none, or whose pool has no such page.
    if (ctx.status === 404)
      await showWrongRequest(ctx, 'client_id must be an application that has this page');
  });
  const show = createShowPoolPage(renderer);
  addSignUpPages(router, room, show);
  addForgotPages(router, room, show);
  return router;
}

/** What programs call: from any origin, without cookies. */
function createEndpoints(room: Room, { codes }: Pick<Protocol, 'codes'>): Router {
  const router = new Router({ sensitive: true, strict: true, prefix: '/oauth2' });
  router.use(async (ctx, next) => {
    ctx.set('Access-Control-Allow-Origin', '*');
    ctx.set('Access-Control-Expose-Headers', 'WWW-Authenticate');
    await next();
  });
  return router
    .options(['/token', '/userInfo', '/revoke'], (ctx) => {
      ctx.set('Access-Control-Allow-Methods', 'GET,POST');
      ctx.set('Access-Control-Allow-Headers', ctx.get('Access-Control-Request-Headers'));
      ctx.set('Access-Control-Max-Age', '86400');
      ctx.status = 204;
    })
    .post('/token', (ctx) => answering(ctx, () => answerToken(ctx, { room, codes })))
    .get('/userInfo', (ctx) => answerUserInfo(ctx, room))
    .post('/userInfo', (ctx) => answerUserInfo(ctx, room))
    .post('/revoke', (ctx) =>
      answering(ctx, async () => {
        await revokeToken(ctx, room);
        return {};
      }),
    );
}

/** Where browsers are sent. */
function createWays(
  { pools }: Pick<Room, 'pools'>,
  { sessions, renderer }: Pick<Protocol, 'sessions'> & Pick<House, 'renderer'>,
): Router {
  const showWrongRequest = createShowWrongRequest(renderer);
  return new Router({ sensitive: true, strict: true }).get('/logout', (ctx) =>
    signOut(ctx, { pools, sessions, showWrongRequest }),
  );
}
