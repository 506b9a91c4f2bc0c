import type { Accounts, PasswordOutcome } from '../accounts/accounts.ts';
import type { AuthenticationSettings } from '../flows/config.ts';
import { originOf } from '../http/page.ts';
import type { Interaction } from '../provider/contract.ts';
import { clientCard } from './cards.ts';
import type { Visit } from './interaction-routes.ts';
import type { SignInPage } from './pages.ts';
import type { PasskeyStep } from './passkey-step.ts';
import { sendEmailCode } from './email-code-step.ts';
import { leadAside } from './reception.ts';
import type { SignIn } from './sign-in-progress.ts';
import {
  BUSY,
  INCOMPLETE,
  NO_PROBLEM,
  throttled,
  WRONG,
  type FormVisit,
  type Refused,
  type SignInStep,
  type StepOptions,
} from './sign-in-step.ts';

/** What the person typed. */
interface Attempt {
  readonly login: string;
  readonly password: string;
  readonly remember: boolean;
}

type Refusal = Exclude<PasswordOutcome, { readonly kind: 'verified' }>;

const LOGIN_MAX = 256;
const NOTHING_TYPED = { login: '', remember: false };

interface IdentifyStep extends SignInStep {
  /** Of somebody who has proven who they are, and may not go on. */
  refuse(visit: Visit): Promise<void>;
}

/** Says who they are: by e-mail address or username and a password, by a passkey, or by a code that is sent. */
export function createIdentifyStep(
  options: StepOptions & { readonly passkeys: PasskeyStep },
): IdentifyStep {
  const { accounts, settings, metrics, goOn, passkeys, reception } = options;
  const showAgain: ShowAgain = (visit, typed, refused) =>
    showPage(visit, typed, { ...options, ...refused });

  async function byPassword(visit: FormVisit, signIn: SignIn, attempt: Attempt): Promise<void> {
    const { login, password, remember } = attempt;
    const outcome = await accounts.verifyPassword({
      login: (await reception?.directoryLogin(login, visit.interaction)) ?? login,
      password,
      origin: originOf(visit.ctx),
      clientId: visit.interaction.client.id,
    });
    if (outcome.kind === 'verified') {
      const proof = { method: 'password', accountId: outcome.account.id } as const;
      await goOn(visit, signIn, { proof, data: { remember } });
      return;
    }
    metrics.signIn(outcome.kind);
    if (outcome.kind === 'refused' && (await leadAside(visit, { login }, reception))) return;
    await showAgain(visit, attempt, refusalOf(visit, outcome));
  }

  async function byPasskey(visit: FormVisit, signIn: SignIn, attempt: Attempt): Promise<void> {
    const answer = await passkeys.answer(visit, signIn);
    if (answer.kind === 'proven') {
      const { remember } = attempt;
      await goOn(visit, signIn, { proof: answer.proof, data: { remember } });
      return;
    }
    metrics.signIn(answer.kind);
    const refused =
      answer.kind === 'throttled'
        ? throttled(visit, answer.retryAfterSeconds)
        : { problem: { kind: 'passkey' } as const, status: 401 };
    await showAgain(visit, attempt, refused);
  }

  async function byEmail(visit: FormVisit, signIn: SignIn, attempt: Attempt): Promise<void> {
    const { login, remember } = attempt;
    const email = await sendEmailCode(visit, login, options);
    if (email.kind === 'sent') await goOn(visit, signIn, { data: { email: email.to, remember } });
    else await showAgain(visit, attempt, throttled(visit, email.retryAfterSeconds));
  }

  return {
    refuse: (visit) => showAgain(visit, NOTHING_TYPED, WRONG),
    async show(visit) {
      const login = await suggestedLogin(accounts, visit.interaction);
      await showAgain(visit, { login, remember: false }, NO_PROBLEM);
    },
    async take(visit, signIn) {
      const attempt = readAttempt(visit.form);
      const way = wayOf(visit.form.get('action'), settings);
      if (way === 'passkey') await byPasskey(visit, signIn, attempt);
      else if (attempt.login === '') await showAgain(visit, attempt, INCOMPLETE);
      else if (way === 'email') await byEmail(visit, signIn, attempt);
      else if (attempt.password === '') await showAgain(visit, attempt, INCOMPLETE);
      else await byPassword(visit, signIn, attempt);
    },
  };
}

type ShowAgain = (
  visit: Visit,
  typed: Pick<Attempt, 'login' | 'remember'>,
  refused: Refused,
) => Promise<void>;

async function showPage(
  visit: Visit,
  { login, remember }: Pick<Attempt, 'login' | 'remember'>,
  options: StepOptions & Refused,
): Promise<void> {
  const { ctx, interaction } = visit;
  const { problem, status } = options;
  const page = { ...(await pageOf(visit, options)), login, remember, problem };
  const isPlain = problem.kind === 'none' && login === '';
  const words = isPlain ? (['csrf', 'passkeyUrl', 'joinUrl', 'recoverUrl', 'back'] as const) : [];
  const manner = { status, uiLocales: interaction.uiLocales, image: page.client.logoUri, words };
  await options.show(ctx, 'sign-in', page, manner);
}

async function pageOf(
  { ctx, interaction, csrf }: Visit,
  { settings, factors, ways }: StepOptions,
): Promise<Omit<SignInPage, 'login' | 'remember' | 'problem'>> {
  const { client, uid, prompt } = interaction;
  const hasPasskeys = settings.passkeys && factors.passkeys.available;
  return {
    client: clientCard(client),
    again: reasonAgain(interaction),
    back: prompt === 'login' ? '' : `/interaction/${uid}`,
    methods: {
      password: settings.password,
      passkey: hasPasskeys,
      emailCode: settings.emailCode,
    },
    passkeyUrl: hasPasskeys ? `${ctx.path}/passkey` : '',
    joinUrl: await ways.joinUrl(interaction),
    recoverUrl: ways.recoverUrl(interaction),
    csrf,
  };
}

/** The way that was chosen; the primary button stands for the first of those that are open. */
function wayOf(
  action: string | undefined,
  { password, passkeys, emailCode }: AuthenticationSettings,
): 'email' | 'passkey' | 'password' {
  if (action === 'passkey' && passkeys) return 'passkey';
  if (action === 'email' && emailCode) return 'email';
  if (password) return 'password';
  return emailCode ? 'email' : 'passkey';
}

function readAttempt(form: ReadonlyMap<string, string>): Attempt {
  return {
    login: (form.get('login') ?? '').trim().slice(0, LOGIN_MAX),
    password: form.get('password') ?? '',
    remember: form.get('remember') === 'yes',
  };
}

function refusalOf(visit: Visit, outcome: Refusal): Refused {
  switch (outcome.kind) {
    case 'refused':
      return WRONG;
    case 'throttled':
      return throttled(visit, outcome.retryAfterSeconds);
    case 'busy':
      visit.ctx.set('Retry-After', String(outcome.retryAfterSeconds));
      return BUSY;
  }
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
