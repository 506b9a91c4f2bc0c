import { Router } from '@koa/router';
import type { House } from '../../capability.ts';
import type { Site } from '../../http/site.ts';
import { createFormTokens } from '../../http/form-tokens.ts';
import { languagesOf, requestIdOf, sendPage } from '../../http/page.ts';
import { createSameOriginGuard } from '../../http/same-origin.ts';
import { InteractionExpired, type Admits, type Protocol } from '../../provider/contract.ts';
import { hostedProfile } from '../profile.ts';
import type { Room } from '../room.ts';
import { createArrivals } from './arrivals.ts';
import { atHostedPaths } from './authorize.ts';
import { createHostedClients } from './clients.ts';
import { createHostedDialect } from './dialect.ts';
import { addForgotPages } from './forgot-pages.ts';
import { signOut } from './logout.ts';
import { createShowPoolPage } from './pool-pages.ts';
import { pathOf } from './paths.ts';
import { createReception } from './reception.ts';
import { answering } from './problem.ts';
import { revokeToken } from './revoke.ts';
import { addSignUpPages } from './sign-up-pages.ts';
import { answerToken } from './token.ts';
import { answerUserInfo } from './user-info.ts';
import type { HostedRoom } from './visit.ts';
import { createShowWrongRequest } from './wrong-request.ts';

/** The sign-in pages of all pools, and the endpoints of OAuth 2.0 around them. */
export async function openHostedUi(
  room: Room,
  house: Pick<House, 'clients' | 'openIssuer' | 'renderer'>,
): Promise<Pick<Site, 'protocol' | 'routers'>> {
  const { endpoint } = room.settings;
  const hosted = createHostedClients({ house: house.clients, pools: room.pools, endpoint });
  const arrivals = createArrivals(room);
  const { protocol, routers } = await house.openIssuer({
    profile: hostedProfile({ endpoint }),
    dialect: createHostedDialect(endpoint, hosted),
    clients: hosted.clients,
    resourceServers: hosted.resourceServers,
    refreshRetryWindow: 0,
    admits: admitsUsers(room),
    reception: createReception({ ...room, arrivals }),
    ways: {
      joinUrl: (interaction) =>
        hosted.isOpen(interaction.client.id) ? pathOf('/signup', interaction) : '',
      recoverUrl: (interaction) => pathOf('/forgotPassword', interaction),
    },
    features: { dpop: { enabled: false } },
  });
  const tokens = createFormTokens(room.sealer.keysFor('pool-forms'));
  return {
    protocol: atHostedPaths(protocol, { ...room, endpoint }),
    routers: [
      ...routers,
      createEndpoints(room, protocol),
      createWays(room, { sessions: protocol.sessions, renderer: house.renderer }),
      createPoolPages({ ...room, interactions: protocol.interactions, arrivals, tokens }, house),
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

function createPoolPages(room: HostedRoom, { renderer }: Pick<House, 'renderer'>): Router {
  const router = new Router({ sensitive: true, strict: true });
  router.use(createSameOriginGuard(room.settings.endpoint));
  router.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      if (!(error instanceof InteractionExpired)) throw error;
      const page = { requestId: requestIdOf(ctx) };
      sendPage(ctx, await renderer.render('expired', page, languagesOf(ctx)), { status: 400 });
    }
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
