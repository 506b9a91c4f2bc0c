import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { ACR } from './acr.ts';
import type { AdviceDesk } from './advice-desk.ts';
import type { ProtocolSettings } from './config.ts';
import type { Admits } from './contract.ts';
import type { Dialect } from './dialect.ts';
import type { EngineClients } from './engine-clients.ts';
import { asksForMultiple } from './interaction-view.ts';
import { askForPermitted } from './missing-scopes.ts';
import type { Permitted } from './permitted.ts';

/** RFC 8176: more than one factor, or a browser that is known to have shown it. */
const SECOND_FACTORS: ReadonlySet<string> = new Set(['mfa', 'rba']);

const DEVICE_PAGES = /^(?:code|device)_/;

type Policy = interactionPolicy.DefaultPolicy;

/** Who has a say in whether somebody is let in. */
interface Voices {
  /** What can be asked of whom. */
  readonly permitted: Permitted;
  readonly admits?: Admits | undefined;
  readonly advice?: AdviceDesk | undefined;
  readonly dialect?: Pick<Dialect, 'joinHint' | 'secondFactorWanted'> | undefined;
}

/**
 * When a person is asked for something, and for what, in this order: a new account, sign-in, choice of account, consent.
 * Whom `admits` does not let in is asked to sign in as somebody else.
 */
export function createPrompts(
  engineClients: EngineClients,
  { authentication, joining }: Pick<ProtocolSettings, 'authentication' | 'joining'>,
  { permitted, admits, advice, dialect }: Voices,
): Policy {
  const { Prompt, base } = interactionPolicy;
  const policy = base();
  const checks = policy.get('login')?.checks;
  if (checks === undefined) throw new TypeError('the engine has no prompt for sign-in');
  checks.add(accountIsThere());
  if (admits !== undefined) checks.add(accountIsAdmitted(admits));
  const { secondFactorWanted } = dialect ?? {};
  checks.add(sessionReachesAcr(secondFactorWanted));
  checks.add(
    sessionHasSecondFactor(engineClients, authentication.secondFactor, secondFactorWanted),
  );
  // After sign-in, which is a choice already: whoever has no session is asked once.
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 1);
  // Before sign-in: a new account is signed in already.
  if (joining.mode !== 'off') policy.add(createPrompt(dialect), 0);
  skipOwnNativeApps(policy, engineClients);
  askForPermitted(policy, permitted);
  if (advice !== undefined) policy.add(adviceSought(advice));
  return policy;
}

function createPrompt(dialect: Voices['dialect']): interactionPolicy.Prompt {
  const { Check, Prompt } = interactionPolicy;
  const { parameter, value } = dialect?.joinHint ?? {};
  const isHinted = new Check(
    'join_hint',
    'somebody who is not signed in wants an account',
    'login_required',
    ({ oidc }) =>
      parameter !== undefined &&
      oidc.params?.[parameter] === value &&
      oidc.session?.accountId === undefined,
  );
  return new Prompt({ name: 'create', requestable: true }, isHinted);
}

function accountIsThere(): interactionPolicy.Check {
  return new interactionPolicy.Check(
    'account_unavailable',
    'the account of the session is not there any more, or is disabled',
    'login_required',
    ({ oidc }) => oidc.session?.accountId !== undefined && oidc.account === undefined,
  );
}

function accountIsAdmitted(admits: Admits): interactionPolicy.Check {
  return new interactionPolicy.Check(
    'account_not_admitted',
    'the account of the session may not sign in to this client',
    'login_required',
    async ({ oidc }) => {
      const { accountId } = oidc.session ?? {};
      if (accountId === undefined) return false;
      return !(await admits({ accountId, clientId: oidc.client?.clientId ?? '' }));
    },
  );
}

/** RFC 9470: a client steps up by asking for more than the session has. */
function sessionReachesAcr(
  description = 'the session has proven less than the client asks for',
): interactionPolicy.Check {
  return new interactionPolicy.Check(
    'acr_values',
    description,
    'login_required',
    ({ oidc }) =>
      oidc.session?.accountId !== undefined &&
      asksForMultiple(wordsOf(oidc.params?.['acr_values'])) &&
      oidc.acr !== ACR.multiple,
  );
}

/** A session that began at an app that asks for less. Whoever has just signed in was asked for all that is needed. */
function sessionHasSecondFactor(
  engineClients: EngineClients,
  standard: ProtocolSettings['authentication']['secondFactor'],
  description = 'the session has no second factor',
): interactionPolicy.Check {
  return new interactionPolicy.Check('second_factor', description, 'login_required', ({ oidc }) => {
    const owner = oidc.client && engineClients.ownerOf(oidc.client);
    const isRequired = (owner?.policy.secondFactor ?? standard) === 'required';
    if (!isRequired || oidc.session?.accountId === undefined || oidc.result?.login) return false;
    return !(oidc.session.amr ?? []).some((value) => SECOND_FACTORS.has(value));
  });
}

/** Nobody is asked for anything: what is said of a sign-in is heard once all else is done, before the answer. */
function adviceSought(advice: AdviceDesk): interactionPolicy.Prompt {
  const check = new interactionPolicy.Check(
    'advice',
    'the adviser of the issuer is heard',
    'access_denied',
    async ({ oidc }) => {
      // A device is answered where it redeems its code.
      if (!DEVICE_PAGES.test(oidc.route)) await advice.current();
      return false;
    },
  );
  return new interactionPolicy.Prompt({ name: 'advice', requestable: false }, check);
}

function wordsOf(parameter: unknown): readonly string[] {
  return typeof parameter === 'string' ? parameter.split(' ') : [];
}

/**
 * The engine asks at every request of a native app, since anyone can pose as one (RFC 8252 section 8.6).
 * For an app of the installation's own the operator has decided otherwise.
 */
function skipOwnNativeApps(policy: Policy, engineClients: EngineClients): void {
  const check = policy.get('consent')?.checks.get('native_client_prompt');
  if (check === undefined) throw new TypeError('the engine has no prompt for native clients');
  const ask = check.check;
  check.check = (ctx: KoaContextWithOIDC) => {
    const owner = ctx.oidc.client && engineClients.ownerOf(ctx.oidc.client);
    return owner?.policy.firstParty === true ? false : ask(ctx);
  };
}
