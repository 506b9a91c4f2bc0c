import type { AdapterPayload } from 'oidc-provider';
import type { Clock } from '../../runtime/clock.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { number, object, text } from '../store/payloads.ts';
import type { Stores } from '../stores.ts';

/** An access token, all of whose grounds stand. */
export interface LivingToken {
  readonly payload: AdapterPayload;
  /** Undefined: the token is a client's own. */
  readonly grant: JsonObject | undefined;
}

/** What the engine asks of a token before it believes it. */
export interface LivingTokens {
  /**
   * Finds access tokens, opaque or JWT. Undefined: there is none, it has expired, was revoked, or its grant or its
   * session has ended.
   */
  find(value: string): Promise<LivingToken | undefined>;
  /** A person's token of any kind, which was found: with its grant, when that and its session stand. */
  withGrant(payload: AdapterPayload): Promise<LivingToken | undefined>;
}

/** Over the stores of the engine's own models. */
export function createLivingTokens(options: {
  readonly stores: Stores;
  readonly clock: Clock;
}): LivingTokens {
  const { stores, clock } = options;
  const { grants, sessions } = stores;
  const ofPeople = stores.adapter('AccessToken');
  const ofClients = stores.adapter('ClientCredentials');

  async function isBoundToSession({
    accountId,
    clientId = '',
    grantId,
    sessionUid = '',
  }: AdapterPayload): Promise<boolean> {
    const session = await sessions.findByUid(sessionUid);
    return (
      session !== undefined &&
      (session.exp ?? 0) > clock.now() &&
      session.accountId === accountId &&
      session.authorizations?.[clientId]?.grantId === grantId
    );
  }

  async function withGrant(payload: AdapterPayload): Promise<LivingToken | undefined> {
    const grant = await grants.find(payload.grantId ?? '');
    if (grant === undefined || !isGrantOf(payload, grant, clock.now())) return undefined;
    const isLost = payload.expiresWithSession === true && !(await isBoundToSession(payload));
    return isLost ? undefined : { payload, grant };
  }

  return {
    withGrant,
    async find(value) {
      const ofPerson = await ofPeople.find(value);
      const payload = ofPerson ?? (await ofClients.find(value));
      if (!payload || (payload.exp ?? 0) <= clock.now()) return undefined;
      return ofPerson ? withGrant(ofPerson) : { payload, grant: undefined };
    },
  };
}

function isGrantOf(token: AdapterPayload, grant: JsonObject, now: number): boolean {
  return (
    (number(grant, 'exp') ?? 0) > now &&
    text(grant, 'clientId') === token.clientId &&
    text(grant, 'accountId') === token.accountId &&
    // Nothing of ours rejects a part of a grant; the engine could tell what that means. Of one to which something was
    // added it writes that nothing is.
    Object.keys(object(grant, 'rejected') ?? {}).length === 0
  );
}
