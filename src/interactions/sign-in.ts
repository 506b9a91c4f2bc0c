import type { Accounts, PasswordOutcome } from '../accounts/accounts.ts';
import type { Metrics } from '../http/metrics.ts';
import { originOf } from '../http/page.ts';
import type { Interaction, Interactions } from '../provider/contract.ts';
import { clientCard } from './cards.ts';
import type { Step, Visit } from './interaction-routes.ts';
import type { ShowPage, SignInPage, SignInProblem } from './pages.ts';

interface SignInOptions {
  readonly interactions: Interactions;
  readonly accounts: Accounts;
  readonly show: ShowPage;
  readonly metrics: Pick<Metrics, 'signIn'>;
}

/** What the person typed. */
interface Attempt {
  readonly login: string;
  readonly password: string;
  readonly remember: boolean;
}

type Refusal = Exclude<PasswordOutcome, { readonly kind: 'verified' }>;

const NO_PROBLEM: SignInProblem = { kind: 'none' };
const LOGIN_MAX = 256;
const MINUTE = 60;

/** By e-mail address or username, and password. */
export function createSignIn({ interactions, accounts, show, metrics }: SignInOptions): Step {
  return async (visit) => {
    const { ctx, interaction, form } = visit;
    if (form === undefined) {
      const login = await suggestedLogin(accounts, interaction);
      await showAgain(visit, { login, remember: false }, { problem: NO_PROBLEM, status: 200 });
      return;
    }
    const attempt = readAttempt(form);
    if (attempt.login === '' || attempt.password === '') {
      await showAgain(visit, attempt, { problem: { kind: 'incomplete' }, status: 422 });
      return;
    }
    const outcome = await accounts.verifyPassword({
      login: attempt.login,
      password: attempt.password,
      origin: originOf(ctx),
      clientId: interaction.client.id,
    });
    metrics.signIn(outcome.kind);
    if (outcome.kind === 'verified') {
      const { account } = outcome;
      const { remember } = attempt;
      const signedIn = {
        kind: 'signed-in',
        accountId: account.id,
        amr: ['pwd'],
        remember,
      } as const;
      await interactions.finish(ctx, interaction.uid, signedIn);
      return;
    }
    if ('retryAfterSeconds' in outcome) ctx.set('Retry-After', String(outcome.retryAfterSeconds));
    await showAgain(visit, attempt, refusalOf(outcome));
  };

  function showAgain(
    { ctx, interaction, csrf }: Visit,
    { login, remember }: Pick<Attempt, 'login' | 'remember'>,
    { problem, status }: { readonly problem: SignInProblem; readonly status: number },
  ): Promise<void> {
    const { client, uid, uiLocales, prompt } = interaction;
    const page: SignInPage = {
      client: clientCard(client),
      again: reasonAgain(interaction),
      back: prompt === 'login' ? '' : `/interaction/${uid}`,
      problem,
      login,
      remember,
      csrf,
    };
    return show(ctx, 'sign-in', page, { status, uiLocales, image: page.client.logoUri });
  }
}

function readAttempt(form: ReadonlyMap<string, string>): Attempt {
  return {
    login: (form.get('login') ?? '').trim().slice(0, LOGIN_MAX),
    password: form.get('password') ?? '',
    remember: form.get('remember') === 'yes',
  };
}

function refusalOf(outcome: Refusal): {
  readonly problem: SignInProblem;
  readonly status: number;
} {
  switch (outcome.kind) {
    case 'refused':
      return { problem: { kind: 'refused' }, status: 401 };
    case 'throttled':
      return { problem: { kind: 'throttled', ...waitOf(outcome.retryAfterSeconds) }, status: 429 };
    case 'busy':
      return { problem: { kind: 'busy' }, status: 503 };
  }
}

/** Rounded up, and in the unit that a person would use. */
function waitOf(seconds: number): { readonly unit: 'seconds' | 'minutes'; readonly count: number } {
  return seconds < 2 * MINUTE
    ? { unit: 'seconds', count: Math.max(1, Math.ceil(seconds)) }
    : { unit: 'minutes', count: Math.ceil(seconds / MINUTE) };
}

/** What the client suggests; else the account of the session, which is asked to prove itself once more. */
async function suggestedLogin(
  accounts: Accounts,
  { loginHint, accountId, prompt }: Interaction,
): Promise<string> {
  if (loginHint !== '') return loginHint.slice(0, LOGIN_MAX);
  if (accountId === undefined || prompt !== 'login') return '';
  const account = await accounts.find(accountId);
  return account?.email ?? account?.username ?? '';
}

function reasonAgain({ accountId, prompt, reasons }: Interaction): SignInPage['again'] {
  if (accountId === undefined || prompt !== 'login') return 'no';
  if (reasons.includes('max_age')) return 'too-long-ago';
  return reasons.includes('login_prompt') ? 'asked' : 'no';
}
