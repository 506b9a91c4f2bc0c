import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { ACR } from './acr.ts';
import type { EngineClients } from './engine-clients.ts';
import { asksForMultiple } from './interaction-view.ts';

type Policy = interactionPolicy.DefaultPolicy;

/** When a person is asked for something, and for what, in this order: sign-in, choice of account, consent. */
export function createPrompts(engineClients: EngineClients): Policy {
  const { Check, Prompt, base } = interactionPolicy;
  const policy = base();
  policy
    .get('login')
    ?.checks.add(
      new Check(
        'account_unavailable',
        'the account of the session is not there any more, or is disabled',
        'login_required',
        ({ oidc }) => oidc.session?.accountId !== undefined && oidc.account === undefined,
      ),
    );
  policy
    .get('login')
    ?.checks.add(
      new Check(
        'acr_values',
        'the session has proven less than the client asks for',
        'login_required',
        ({ oidc }) =>
          oidc.session?.accountId !== undefined &&
          asksForMultiple(wordsOf(oidc.params?.['acr_values'])) &&
          oidc.acr !== ACR.multiple,
      ),
    );
  // After sign-in, which is a choice already: whoever has no session is asked once.
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 1);
  skipOwnNativeApps(policy, engineClients);
  return policy;
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
