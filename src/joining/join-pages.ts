import { Router } from '@koa/router';
import type { Context } from 'koa';
import { createFormTokens } from '../http/form-tokens.ts';
import { readForm } from '../http/form.ts';
import { requestIdOf } from '../http/page.ts';
import { createSameOriginGuard } from '../http/same-origin.ts';
import { InteractionExpired } from '../provider/contract.ts';
import { createAddressStep } from './address-step.ts';
import { createCodeStep } from './code-step.ts';
import type { JoiningConfig } from './config.ts';
import { createDetailsStep } from './details-step.ts';
import type { Joining } from './joinings.ts';
import { createPasskeyChallenge } from './passkey-challenge.ts';
import { createPasskeyStep } from './passkey-step.ts';
import { createRoom, type JoiningHouse, type Room } from './room.ts';
import { frameOf, type Step, type Visit } from './visit.ts';

type StepName = 'address' | 'code' | 'details' | 'passkey' | 'closed';
type Visiting = (
  work: (visit: Visit, form: ReadonlyMap<string, string> | undefined) => Promise<void>,
) => (ctx: Context) => Promise<void>;

/** `/interaction/:uid/join`, where an account is made within an authorization request of `issuer`. */
export function createJoinPages(
  settings: JoiningConfig,
  house: JoiningHouse,
  issuer: string,
): Router {
  const room = createRoom(settings, house, issuer);
  const visiting = createVisiting(room, createFormTokens(house.sealer.keysFor('joining-forms')));
  const byStep = visiting(createSteps(room));
  const router = new Router({ sensitive: true, strict: true });
  router.use(createSameOriginGuard(issuer));
  return router
    .get('/interaction/:uid/join', byStep)
    .post('/interaction/:uid/join', byStep)
    .post('/interaction/:uid/join/passkey', visiting(createPasskeyChallenge(room)));
}

/** Finds what a visit is about: the interaction of this very browser, and what was reached in it. */
function createVisiting(room: Room, tokens: ReturnType<typeof createFormTokens>): Visiting {
  const { interactions, joinings, cookie, show } = room;
  return (work) => async (ctx) => {
    const uid = String(ctx['params'].uid);
    try {
      const interaction = await interactions.find(ctx, uid);
      const form = ctx.method === 'POST' ? await readForm(ctx) : undefined;
      if (form) tokens.check(`join:${uid}`, form.get('csrf'));
      if (form?.get('action') === 'cancel') {
        await interactions.finish(ctx, uid, { kind: 'refused' });
        return;
      }
      const joining = await joinings.find(uid, cookie.read(ctx));
      await work({ ctx, interaction, joining, csrf: tokens.issue(`join:${uid}`) }, form);
    } catch (error) {
      if (!(error instanceof InteractionExpired)) throw error;
      await show(ctx, 'expired', { requestId: requestIdOf(ctx) }, { status: 400 });
    }
  };
}

function createSteps(room: Room): Parameters<Visiting>[0] {
  const steps: Readonly<Record<StepName, Step>> = {
    address: createAddressStep(room),
    code: createCodeStep(room),
    details: createDetailsStep(room),
    passkey: createPasskeyStep(room),
    closed: createClosedStep(room),
  };
  return async (visit, form) => {
    const { client } = visit.interaction;
    const isOpen = room.settings.mode === 'open' && (await room.isOpenFor?.(client.id)) !== false;
    const step = steps[stepOf(visit.joining, isOpen)];
    if (form === undefined) await step.show(visit);
    else await step.take({ ...visit, form });
  };
}

function stepOf({ data, invited }: Joining, isOpen: boolean): StepName {
  if (data.accountId !== undefined) return 'passkey';
  if (invited !== undefined) return 'details';
  if (!isOpen) return 'closed';
  if (data.address === undefined) return 'address';
  return data.isProven ? 'details' : 'code';
}

/** Nobody was invited in this browser, and nobody joins by themselves. */
function createClosedStep({ show }: Room): Step {
  const tell = async (visit: Visit): Promise<void> => {
    const { uiLocales } = visit.interaction;
    await show(visit.ctx, 'join/closed', frameOf(visit), { status: 403, uiLocales });
  };
  return { show: tell, take: tell };
}
