import type { AdapterPayload, RefreshToken } from 'oidc-provider';
import type { Clock } from '../../runtime/clock.ts';
import type { AccountClaims } from '../account-claims.ts';
import type { ProtocolSettings } from '../config.ts';
import { answersChallenge } from '../challenge.ts';
import { isRefreshable } from '../offline-access.ts';
import type { Stores } from '../stores.ts';
import type { Proven } from './basic-client.ts';
import type { LivingTokens } from './living-tokens.ts';
import type { Form } from './peek-form.ts';
import { hasOrdinaryTokens, type Ground, type PersonTokens } from './person-tokens.ts';
import type { GrantLane } from './token.ts';

const GRANT_TYPE = 'authorization_code';
/** What binds tokens to a key, or says more than scopes do: the engine knows what it means. */
const UNUSUAL = ['attestationJkt', 'claims', 'dpopJkt', 'rar'] as const;

/** RFC 6749 section 4.1.3 for a code that was issued with a challenge and that nobody has redeemed. */
export function createAuthorizationCodeLane(options: {
  readonly accountClaims: AccountClaims;
  readonly clock: Clock;
  readonly livingTokens: LivingTokens;
  readonly personTokens: PersonTokens;
  readonly profileSettings: Pick<ProtocolSettings, 'tokens'>;
  readonly stores: Stores;
}): GrantLane {
  const { accountClaims, clock, livingTokens, personTokens, profileSettings, stores } = options;
  const { codes } = stores;

  async function groundOf(payload: AdapterPayload, proven: Proven): Promise<Ground | undefined> {
    const { engineClient: client, provider } = proven;
    const living = await livingTokens.withGrant(payload);
    const account = living && (await accountClaims.findAccount(payload.accountId ?? ''));
    if (living?.grant === undefined || account === undefined) return undefined;
    const source = { ...payload, gty: GRANT_TYPE };
    return { provider, client, account, grant: living.grant, source };
  }

  /** As the engine makes it of a code. */
  function refreshToken({ provider, client, source }: Ground): RefreshToken | undefined {
    const { accountId = '', grantId = '', scope = '', acr, amr, authTime, nonce } = source;
    const { expiresWithSession, resource, sessionUid, sid } = source;
    if (!isRefreshable(client, new Set(scope.split(' ')), profileSettings.tokens)) return undefined;
    return new provider.RefreshToken({
      accountId,
      acr,
      amr,
      authTime,
      client,
      expiresWithSession,
      grantId,
      gty: GRANT_TYPE,
      nonce,
      resource,
      rotations: 0,
      scope,
      sessionUid,
      sid,
    });
  }

  return {
    fields: new Set(['code', 'code_verifier', 'redirect_uri']),
    async answer(form, proven) {
      const code = form.get('code');
      if (code === undefined || !hasOrdinaryTokens(proven.engineClient)) return undefined;
      const payload = await codes.find(code);
      if (payload === undefined || !isFor(payload, form, { proven, clock })) return undefined;
      const ground = await groundOf(payload, proven);
      const tokens = ground && personTokens.prepare(ground);
      if (ground === undefined || tokens === undefined) return undefined;
      // The last that can be refused: from here on the code is used up.
      if (!(await codes.redeem(code))) return undefined;
      return await tokens.issue(refreshToken(ground)?.save(), GRANT_TYPE);
    },
  };
}

/** Whether the code is this client's, and its request the one that the client began. */
function isFor(
  payload: AdapterPayload,
  form: Form,
  { proven, clock }: { readonly proven: Proven; readonly clock: Clock },
): boolean {
  return (
    payload.clientId === proven.engineClient.clientId &&
    (payload.exp ?? 0) > clock.now() &&
    payload.redirectUri === form.get('redirect_uri') &&
    answersChallenge(payload, form.get('code_verifier') ?? '') &&
    UNUSUAL.every((name) => payload[name] === undefined)
  );
}
