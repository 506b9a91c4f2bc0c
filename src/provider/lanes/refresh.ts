import type { AdapterPayload, Client as EngineClient } from 'oidc-provider';
import type { AccountClaims } from '../account-claims.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { EngineClients } from '../engine-clients.ts';
import type { Lifetimes } from '../lifetimes.ts';
import type { Stores } from '../stores.ts';
import { toJson } from '../store/payloads.ts';
import type { NewPayload } from '../store/refresh-tokens.ts';
import type { LivingTokens } from './living-tokens.ts';
import type { Proven } from './basic-client.ts';
import { hasOrdinaryTokens, type Ground, type PersonTokens } from './person-tokens.ts';
import type { GrantLane } from './token.ts';

const GRANT_TYPE = 'refresh_token';
/** What binds a token to a key, or says more than scopes do: the engine knows what it means. */
const UNUSUAL = ['x5t#S256', 'jkt', 'attestationJkt', 'rar', 'consumed'] as const;

/** RFC 6749 section 6 for the living token of its chain, which asks for all that it stands for. */
export function createRefreshLane(options: {
  readonly accountClaims: AccountClaims;
  readonly clock: Clock;
  readonly engineClients: Pick<EngineClients, 'isRotated'>;
  readonly lifetimes: Lifetimes;
  readonly livingTokens: LivingTokens;
  readonly personTokens: PersonTokens;
  readonly stores: Stores;
}): GrantLane {
  const { accountClaims, clock, engineClients, lifetimes, livingTokens, personTokens, stores } =
    options;
  const { refreshTokens } = stores;

  const isOrdinaryClient = (client: EngineClient): boolean =>
    hasOrdinaryTokens(client) && engineClients.isRotated(client);

  function nextOf(payload: AdapterPayload, client: EngineClient): NewPayload {
    const { jti: _, ...kept } = toJson(payload);
    const { iiat, rotations } = payload;
    const now = clock.now();
    const ttlSeconds = lifetimes.refreshToken({ iiat: iiat ?? now }, client);
    const times = { iat: now, exp: now + ttlSeconds };
    const count = typeof rotations === 'number' ? rotations + 1 : 1;
    return {
      payload: { ...kept, ...times, rotations: count },
      ttlSeconds,
    };
  }

  async function groundOf(payload: AdapterPayload, proven: Proven): Promise<Ground | undefined> {
    const { engineClient: client, provider } = proven;
    if (!isOrdinary(payload, client, clock)) return undefined;
    const living = await livingTokens.withGrant(payload);
    const account = living && (await accountClaims.findAccount(payload.accountId ?? ''));
    if (living?.grant === undefined || account === undefined) return undefined;
    const source = { ...payload, gty: refreshed(payload.gty) };
    return { provider, client, account, grant: living.grant, source };
  }

  return {
    fields: new Set([GRANT_TYPE]),
    async answer(form, proven) {
      const client = proven.engineClient;
      const presented = form.get(GRANT_TYPE);
      if (presented === undefined || !isOrdinaryClient(client)) return undefined;
      const payload = await refreshTokens.findLive(presented);
      const ground = payload && (await groundOf(payload, proven));
      const tokens = ground && personTokens.prepare(ground);
      // The last that can be refused: from here on the old token is used up.
      const next = tokens && (await refreshTokens.renew(presented, nextOf(ground.source, client)));
      return next === undefined ? undefined : tokens?.issue(next, GRANT_TYPE);
    },
  };
}

function isOrdinary(payload: AdapterPayload, client: EngineClient, clock: Clock): boolean {
  return (
    payload.clientId === client.clientId &&
    (payload.exp ?? 0) > clock.now() &&
    UNUSUAL.every((name) => payload[name] === undefined)
  );
}

/** What a token came from, with this refresh at its end. */
function refreshed(gty: string | undefined): string | undefined {
  return gty === undefined || gty.endsWith(GRANT_TYPE) ? gty : `${gty} ${GRANT_TYPE}`;
}
