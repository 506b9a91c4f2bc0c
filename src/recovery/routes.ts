import { Router } from '@koa/router';
import type { Context } from 'koa';
import { createQuotas } from '../accounts/quotas.ts';
import type { House } from '../capability.ts';
import { createBrowserFlows } from '../flows/browser-flows.ts';
import { createBrowserKeys } from '../flows/browser-key.ts';
import { readForm } from '../http/form.ts';
import { createFormTokens } from '../http/form-tokens.ts';
import { createSameOriginGuard } from '../http/same-origin.ts';
import { createAsking } from './asking.ts';
import type { RecoveryConfig } from './config.ts';
import { createLink } from './link.ts';
import { createNewWayStep, goneOf } from './new-way-step.ts';
import { createPasskeyChallenge } from './passkey-challenge.ts';
import { createRecoveries, recoveryData } from './recoveries.ts';
import { createShowPage, type Room } from './room.ts';
import { createSecondFactorStep } from './second-factor-step.ts';
import type { FormVisit, Visit } from './visit.ts';

type Visiting = (
  work: (visit: Visit, form: FormVisit['form'] | undefined) => Promise<void>,
) => (ctx: Context) => Promise<void>;

/** As long as the letter is good for. */
const LIFE_SECONDS = 900;

/** Everything below `/recover`: the letter that is asked for, the link in it, and the steps behind that. */
export function createRecoveryRoutes(settings: RecoveryConfig, house: House): Router {
  const room = createRoom(settings, house);
  const visiting = createVisiting(room);
  const link = createLink(room);
  const byStep = visiting(createSteps(room));

  const router = new Router({ sensitive: true, strict: true });
  router.use(createSameOriginGuard(room.issuer));
  if (house.hasMail) {
    const asking = createAsking(room);
    router
      .get('/recover', asking)
      .post('/recover', asking)
      .get('/recover/sent', (ctx) => room.show(ctx, 'recover/sent', {}));
  }
  return router
    .get('/recover/link/:token', link)
    .post('/recover/link/:token', link)
    .get('/recover/step/:flow', byStep)
    .post('/recover/step/:flow', byStep)
    .post('/recover/step/:flow/passkey', visiting(createPasskeyChallenge(room)));
}

function createRoom(settings: RecoveryConfig, house: House): Room {
  const { flows, accounts, factorsOfLocked: factors, profile, isMailboxFactor } = house;
  const { issuer } = profile;
  const browserKeys = createBrowserKeys(issuer);
  const browserFlows = createBrowserFlows({
    flows,
    browserKeys,
    purpose: 'recover',
    ttlSeconds: LIFE_SECONDS,
    schema: recoveryData,
  });
  return {
    ...house,
    issuer,
    settings,
    show: createShowPage(house.renderer),
    quotas: createQuotas(house.state, 'recovery'),
    tokens: createFormTokens(house.sealer.keysFor('recovery-forms')),
    browserKeys,
    recoveries: createRecoveries(browserFlows, { accounts, factors, isMailboxFactor }),
  };
}

/** Finds the recovery of this very browser that a visit is about. */
function createVisiting(room: Room): Visiting {
  const { recoveries, tokens, show } = room;
  return (work) => async (ctx) => {
    const id = String(ctx['params'].flow);
    const form = ctx.method === 'POST' ? await readForm(ctx) : undefined;
    if (form) tokens.check(id, form.get('csrf'));
    const recovery = await recoveries.look(ctx, id);
    if (recovery === undefined) await show(ctx, 'recover/link', goneOf(room), 404);
    else await work({ ctx, recovery, csrf: tokens.issue(id) }, form);
  };
}

function createSteps(room: Room): Parameters<Visiting>[0] {
  const secondFactor = createSecondFactorStep(room);
  const newWay = createNewWayStep(room);
  return async (visit, form) => {
    const next = visit.recovery.step;
    if (next.kind === 'stuck') {
      await room.show(visit.ctx, 'recover/stuck', { why: next.why }, 403);
      return;
    }
    const step = next.kind === 'second-factor' ? secondFactor : newWay;
    if (form === undefined) await step.show(visit);
    else if (form.get('action') === 'cancel') await giveUp(visit);
    else await step.take({ ...visit, form });
  };

  async function giveUp({ ctx, recovery }: Visit): Promise<void> {
    await room.recoveries.end(recovery.found);
    await room.show(ctx, 'recover/stopped', {});
  }
}
