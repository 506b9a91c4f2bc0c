import { Router } from '@koa/router';
import { createFormTokens } from '../http/form-tokens.ts';
import { seeOther } from '../http/page.ts';
import { createSameOriginGuard } from '../http/same-origin.ts';
import type { JoiningConfig } from './config.ts';
import { createInvitations } from './invitations.ts';
import { JOINED, joinRequest } from './join-client.ts';
import { createRoom, type JoiningHouse } from './room.ts';

/** `/join`, for whoever comes by themselves; `/invitation/:token`, where letters lead. Both begin a request of our own. */
export function createJoiningRoutes(settings: JoiningConfig, house: JoiningHouse): Router {
  const { accountUrl, profile, sealer } = house;
  const { issuer } = profile;
  const room = createRoom(settings, house);
  const invitation = createInvitations(room, createFormTokens(sealer.keysFor('joining-forms')));

  const router = new Router({ sensitive: true, strict: true });
  router.use(createSameOriginGuard(issuer));
  return router
    .get('/join', (ctx) => seeOther(ctx, joinRequest(issuer)))
    .get(JOINED, async (ctx) => {
      if (accountUrl !== '' && ctx.query['error'] === undefined) seeOther(ctx, accountUrl);
      else await room.show(ctx, 'join/done', { isRefused: ctx.query['error'] !== undefined });
    })
    .get('/invitation/:token', invitation)
    .post('/invitation/:token', invitation);
}
