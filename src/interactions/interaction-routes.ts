import { Router } from '@koa/router';
import type { Context } from 'koa';
import type { Accounts } from '../accounts/accounts.ts';
import type { Factors } from '../factors/factors.ts';
import type { AuthenticationSettings } from '../flows/config.ts';
import type { Flows } from '../flows/flows.ts';
import { createFormTokens } from '../http/form-tokens.ts';
import { readForm } from '../http/form.ts';
import type { Metrics } from '../http/metrics.ts';
import { requestIdOf, seeOther } from '../http/page.ts';
import type { Renderer } from '../http/renderer.ts';
import { createSameOriginGuard } from '../http/same-origin.ts';
import type { Mail } from '../mail/mail.ts';
import {
  InteractionExpired,
  type Admits,
  type Interaction,
  type Interactions,
} from '../provider/contract.ts';
import type { Notices } from '../notices/notices.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { createConsent } from './consent.ts';
import { createDeviceCookie } from './device-cookie.ts';
import { createShowPage } from './pages.ts';
import { createPasswordStrength } from './password-strength.ts';
import { joinPath } from './paths.ts';
import type { Reception } from './reception.ts';
import { createSelectAccount } from './select-account.ts';
import { createSignIn } from './sign-in.ts';
import { createSignIns, type TakenBack } from './sign-in-progress.ts';
import type { Terms, Ways } from './sign-in-step.ts';
import { createSignInLink } from './sign-in-link.ts';

/** What the pages of an authorization request need of the house. */
export interface InteractionRoutesOptions {
  readonly issuer: string;
  readonly interactions: Interactions;
  /** Who may sign in to which client; left out: everybody to each. */
  readonly admits?: Admits | undefined;
  readonly accounts: Accounts;
  readonly factors: Factors;
  readonly flows: Flows;
  readonly mail: Mail;
  readonly takenBack: TakenBack;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly renderer: Renderer;
  readonly settings: AuthenticationSettings;
  /** The life of an interaction. */
  readonly ttlSeconds: number;
  /** For how many days a browser may be spared the second factor; 0: not at all. */
  readonly rememberDays: number;
  readonly ways: Ways;
  /** Left out: everybody signs in as the directory knows them. */
  readonly reception?: Reception | undefined;
  /** Nobody goes on whose e-mail address was not shown to be theirs. */
  readonly requireVerifiedEmail: boolean;
  /** Nobody goes on who has not accepted this version of the terms. */
  readonly terms: Terms | undefined;
  /** Names of the groups that a person is in, directly or not. */
  readonly groupsOf: (accountId: string) => Promise<readonly string[]>;
  /** Counts how sign-ins end. */
  readonly metrics: Pick<Metrics, 'signIn'>;
  /** Key the tokens of forms: 32 bytes each, the same on every node. Forms are issued under the first. */
  readonly formSecrets: readonly [Uint8Array, ...Uint8Array[]];
}

/** One visit to a page: the interaction, and the form when one was sent. */
export interface Visit {
  readonly ctx: Context;
  readonly interaction: Interaction;
  /** The account of the session is not to be thought of. */
  readonly isSomeoneElse: boolean;
  /** The fields of a POST whose token was right; undefined: a GET. */
  readonly form: ReadonlyMap<string, string> | undefined;
  /** The token for the next form. */
  readonly csrf: string;
}

/** Shows a page, or takes its form. */
export type Step = (visit: Visit) => Promise<void>;

/**
 * `/interaction/:uid`, where the engine sends people, shows what its prompt asks for;
 * `/interaction/:uid/sign-in` lets them sign in as someone else meanwhile. Below each, `passkey` tells the page's
 * script what a passkey is to sign.
 */
export function createInteractionRoutes(options: InteractionRoutesOptions): Router {
  const { interactions, issuer, formSecrets } = options;
  const show = createShowPage(options.renderer);
  const tokens = createFormTokens(formSecrets);
  const device = createDeviceCookie(issuer);
  const signIns = createSignIns({ ...options, device });
  const signIn = createSignIn({ ...options, show, device, signIns });
  const steps: Readonly<Record<Interaction['prompt'], Step>> = {
    create: toJoin,
    login: signIn.step,
    select_account: createSelectAccount({ ...options, show }),
    consent: createConsent({ ...options, show }),
  };

  const visit =
    (choose: (interaction: Interaction) => Step, isSomeoneElse = false) =>
    async (ctx: Context): Promise<void> => {
      const uid = String(ctx['params'].uid);
      try {
        signIns.readAhead(ctx, uid);
        const interaction = await interactions.find(ctx, uid);
        const form = ctx.method === 'POST' ? await readForm(ctx) : undefined;
        if (form) tokens.check(uid, form.get('csrf'));
        const step = choose(interaction);
        await step({
          ctx,
          interaction,
          isSomeoneElse,
          form,
          // Made only for pages that have a form.
          get csrf() {
            return tokens.issue(uid);
          },
        });
      } catch (error) {
        if (!(error instanceof InteractionExpired)) throw error;
        await show(ctx, 'expired', { requestId: requestIdOf(ctx) }, { status: 400 });
      }
    };

  const router = new Router({ sensitive: true, strict: true });
  router.use(createSameOriginGuard(issuer));
  const byPrompt = visit(({ prompt }) => steps[prompt]);
  const asSomeoneElse = visit(() => signIn.step, true);
  return router
    .get('/interaction/:uid', byPrompt)
    .post('/interaction/:uid', byPrompt)
    .post(
      '/interaction/:uid/passkey',
      visit(() => signIn.challenge),
    )
    .get('/interaction/:uid/sign-in', asSomeoneElse)
    .post('/interaction/:uid/sign-in', asSomeoneElse)
    .post(
      '/interaction/:uid/sign-in/passkey',
      visit(() => signIn.challenge, true),
    )
    .post('/password-strength', createPasswordStrength(options))
    .get('/sign-in-code/:token', createSignInLink({ ...options, show }));
}

/** Accounts are made in a room of their own, below the same interaction. */
const toJoin: Step = async ({ ctx, interaction: { uid } }) => {
  seeOther(ctx, joinPath(uid));
};
