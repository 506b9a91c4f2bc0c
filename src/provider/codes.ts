import { errors, type AdapterPayload } from 'oidc-provider';
import type { Clock } from '../runtime/clock.ts';
import type { Origin } from '../runtime/origin.ts';
import type { Admission } from './admission.ts';
import { answersChallenge } from './challenge.ts';
import type { Codes, RedeemedCode, ShownCode } from './contract.ts';
import { createLivingTokens } from './lanes/living-tokens.ts';
import type { RequestScopes } from './request-scope.ts';
import { ROUTES } from './routes.ts';
import type { Stores } from './stores.ts';

interface CodesOptions {
  readonly admission: Admission;
  readonly clock: Clock;
  readonly scopes: RequestScopes;
  readonly stores: Stores;
}

/** Over the engine's own codes. */
export function createCodes(options: CodesOptions): Codes {
  const { admission, clock, scopes, stores } = options;
  const { codes } = stores;
  const livingTokens = createLivingTokens(options);

  async function redeem(shown: ShownCode): Promise<RedeemedCode | undefined> {
    const scope = scopes.current();
    scope.route = 'token';
    scope.mark = await admission.markFor(ROUTES.token);
    const payload = await codes.find(shown.code);
    if (payload === undefined || !isFor(payload, shown, clock)) return undefined;
    if ((await livingTokens.withGrant(payload)) === undefined) return undefined;
    return (await isFirstUse(shown.code)) ? redeemed(payload) : undefined;
  }

  async function isFirstUse(code: string): Promise<boolean> {
    try {
      await codes.consume(code);
      return true;
    } catch (error) {
      if (error instanceof errors.InvalidGrant) return false;
      throw error;
    }
  }

  return {
    async redeem(ctx, shown) {
      const { origin }: { readonly origin?: Origin } = ctx.state;
      const scope = scopes.open(ctx.req, origin ?? { address: 'unknown' });
      const found = await scopes.within(ctx.req, () => redeem(shown));
      const answered = scopes.answerNow();
      for (const note of scope.beforeAnswer) note(answered);
      return found;
    },
  };
}

function isFor(payload: AdapterPayload, shown: ShownCode, clock: Clock): boolean {
  return (
    payload.clientId === shown.clientId &&
    payload.redirectUri === shown.redirectUri &&
    (payload.exp ?? 0) > clock.now() &&
    isProven(payload, shown.codeVerifier)
  );
}

/** A verifier for a request without a challenge is a sign of an attack, too (RFC 9700 section 2.1.1). */
function isProven(payload: AdapterPayload, verifier: string | undefined): boolean {
  return payload.codeChallenge === undefined
    ? verifier === undefined
    : answersChallenge(payload, verifier ?? '');
}

function redeemed(payload: AdapterPayload): RedeemedCode {
  const { accountId = '', grantId = '', sessionUid, scope = '', nonce, authTime = 0 } = payload;
  const resource = typeof payload.resource === 'string' ? payload.resource : undefined;
  return { accountId, grantId, sessionUid, scopes: scope.split(' '), resource, nonce, authTime };
}
