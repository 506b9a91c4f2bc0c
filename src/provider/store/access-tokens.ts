import type { AdapterPayload } from 'oidc-provider';
import type { Revocation } from '../../revocation/revocation.ts';
import type { Clock } from '../../runtime/clock.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { SigningKeys } from '../../signing-keys/signing-keys.ts';
import { sectorOf } from '../../subjects/sectors.ts';
import type { Subjects } from '../../subjects/subjects.ts';
import { CLAIM, type AccessTokenClaims } from '../access-token-claims.ts';
import { detailsOf } from '../authorization-details/authorization-details.ts';
import type { ProtocolSettings } from '../config.ts';
import type { ContentKeys } from '../content-keys.ts';
import type { Dialect } from '../dialect.ts';
import type { EngineClients } from '../engine-clients.ts';
import { once, type RequestScopes } from '../request-scope.ts';
import type { Endpoints } from '../routes.ts';
import type { ModelStore } from './adapter.ts';
import { createJwtVerifier } from './jwt-verifier.ts';
import { isJsonObject, text } from './payloads.ts';
import type { RequestState } from './request-state.ts';
import type { Validity } from './validity.ts';

/** Put before a JWT so that the engine, which takes no JWT at introspection and revocation, lets it through. */
export const JWT_MARK = '~';
/** Signed, or encrypted as well. */
const JWT = /^~?(?<token>[\w-]+\.[\w-]*\.[\w-]+(?:\.[\w-]+\.[\w-]+)?)$/;
/** What the engine tells by itself, and what nobody has to know. */
const HIDDEN: ReadonlySet<string> = new Set(
  `iss sub aud exp iat jti scope client_id cnf authorization_details ${CLAIM.mark} ${CLAIM.session} ${CLAIM.userinfo}`.split(
    ' ',
  ),
);

/** What access tokens that are JWTs are held against. */
export interface AccessTokenOptions {
  readonly state: RequestState;
  readonly scopes: RequestScopes;
  readonly validity: Validity;
  readonly endpoints: Endpoints;
  readonly signingKeys: SigningKeys;
  readonly revocation: Revocation;
  readonly clock: Clock;
  readonly subjects: Subjects;
  readonly engineClients: Pick<EngineClients, 'find'>;
  readonly settings: Pick<ProtocolSettings, 'protocol'>;
  readonly contentKeys: ContentKeys;
  /** Told in encrypted tokens alone: whoever may introspect them need not be their API. */
  readonly withheldClaims: ReadonlySet<string>;
  readonly dialect?: Dialect | undefined;
  readonly isAtUserinfo: () => boolean;
  readonly isAtRevocation: () => boolean;
  readonly grantKey: (grantId: string) => string;
  readonly sessionKey: (uid: string) => string;
}

/**
 * Access tokens of `kind`: opaque ones from `opaque`, and JWTs, which are kept nowhere. A JWT is good while
 * a key of ours verifies it, nothing revoked it, and (the engine asks) its grant and session are there: what
 * is lost from the store can only end it.
 */
export function createAccessTokens(
  kind: 'AccessToken' | 'ClientCredentials',
  opaque: ModelStore,
  options: AccessTokenOptions,
): ModelStore {
  const { state, scopes, revocation, clock } = options;
  const recognise = createRecogniser(options);

  /** The grant knows whose it is: `sub` may be a name for one sector. */
  async function accountOf({ grantId, sub, clientId }: AccessTokenClaims): Promise<string> {
    if (grantId === undefined || (await sectorOfClient(clientId, options)) === undefined)
      return sub;
    const grant = (await state.get(options.grantKey(grantId)))?.value;
    return (isJsonObject(grant) ? text(grant, 'accountId') : undefined) ?? sub;
  }

  /** Nobody verifies it alone, but what it was exchanged for falls with it. */
  async function destroyOpaque(id: string): Promise<void> {
    const { tokenExchange } = options.settings.protocol;
    const found = tokenExchange.enabled ? await opaque.find(id) : undefined;
    await opaque.destroy(id);
    if (found !== undefined) await tell(sha256(id), found.exp ?? 0, found.clientId ?? '');
  }

  async function tell(jti: string, expiresAt: number, by: string): Promise<void> {
    const { origin } = scopes.current();
    await revocation.revoke(
      { kind: 'token', jti, expiresAt },
      { reason: 'client_request', actor: { by, origin } },
    );
  }

  return {
    upsert: (id, payload, ttlSeconds) => opaque.upsert(id, payload, ttlSeconds),
    async find(value) {
      const jwt = JWT.exec(value)?.groups?.['token'];
      if (jwt === undefined) return withAudience(await opaque.find(value), options);
      const claims = await recognise(jwt);
      const isOurs = (claims?.grantId === undefined) === (kind === 'ClientCredentials');
      if (claims === undefined || !isOurs) return undefined;
      const payload = toPayload(kind, claims, {
        accountId: await accountOf(claims),
        withheld: options.withheldClaims,
      });
      return withAudience(payload, options);
    },
    async destroy(id) {
      const jwt = await recognisedAs(scopes, id);
      if (jwt === undefined) {
        await destroyOpaque(id);
        return;
      }
      // Every node of ours reads the record; the word about it is for those who verify alone.
      await state.put(revokedTokenKey(jwt.jti), REVOKED_TOKEN, {
        // A clock that is ahead would have the record vanish before the token has expired.
        ttlSeconds: Math.max(jwt.exp - jwt.iat, jwt.exp - clock.now()),
        durable: true,
        essential: true,
      });
      await tell(jwt.jti, jwt.exp, jwt.clientId);
    },
  };
}

type Recognise = (jwt: string) => Promise<AccessTokenClaims | undefined>;

/** Once for each request, though the engine asks under two names. */
function createRecogniser(options: AccessTokenOptions): Recognise {
  const { state, scopes, revocation, grantKey, sessionKey, isAtRevocation } = options;
  const verify = createJwtVerifier(options);

  return (jwt) =>
    once(scopes.current().tokens, jwt, async () => {
      const verified = await verify(jwt, { atAnyTime: isAtRevocation() });
      const claims = verified && (await withSession(verified, options));
      if (claims === undefined) return undefined;
      const { jti, grantId, sessionUid, sub, clientId, mark, from } = claims;
      const revoked = revokedTokenKey(jti);
      state.prefetch([
        revoked,
        ...(grantId === undefined || isAtRevocation() ? [] : [grantKey(grantId)]),
        ...(sessionUid === undefined ? [] : [sessionKey(sessionUid)]),
      ]);
      const accountId = grantId === undefined ? undefined : sub;
      const handles = { jti, grantId, sessionUid, accountId, clientId, mark, from };
      const [isKnown, isTold] = [await state.get(revoked), await revocation.isRevoked(handles)];
      // Until all are told, it can be taken back again: the last time may have been cut short in between.
      const isOver = isTold || (isKnown !== undefined && !isAtRevocation());
      return isOver ? undefined : claims;
    });
}

/** With the session's own name, which the token of a pairwise client does not have. */
async function withSession(
  claims: AccessTokenClaims,
  options: AccessTokenOptions,
): Promise<AccessTokenClaims | undefined> {
  const { sessionUid: hidden, clientId } = claims;
  const sector = hidden === undefined ? undefined : await sectorOfClient(clientId, options);
  if (hidden === undefined || sector === undefined) return claims;
  const sessionUid = await options.subjects.reveal(sector, hidden);
  return sessionUid === undefined ? undefined : { ...claims, sessionUid };
}

async function sectorOfClient(
  id: string,
  { engineClients }: AccessTokenOptions,
): Promise<string | undefined> {
  const client = await engineClients.find(id);
  return client && sectorOf(client);
}

/** What stands for a JWT that was taken back by itself. */
export const REVOKED_TOKEN = { kind: 'RevokedToken' } as const;

/** Where that lies. */
export function revokedTokenKey(jti: string): string {
  return `RevokedToken:${jti}`;
}

async function recognisedAs(
  scopes: RequestScopes,
  jti: string,
): Promise<AccessTokenClaims | undefined> {
  const known = await Promise.all(scopes.current().tokens.values());
  return known.find((claims) => claims?.jti === jti);
}

function toPayload(
  kind: string,
  claims: AccessTokenClaims,
  { accountId, withheld }: { readonly accountId: string; readonly withheld: ReadonlySet<string> },
): AdapterPayload {
  const { jti, iat, exp, clientId, scope, aud, payload, jkt, x5t, grantId, sessionUid } = claims;
  const extra = Object.fromEntries(
    Object.entries(payload).filter(([name]) => !HIDDEN.has(name) && !withheld.has(name)),
  );
  const person =
    grantId === undefined
      ? {}
      : {
          accountId,
          grantId,
          claims: {
            userinfo: Object.fromEntries(claims.userinfoClaims.map((name) => [name, null])),
          },
          ...(sessionUid === undefined ? {} : { sessionUid, expiresWithSession: true }),
        };
  const [only] = aud;
  const { authorization_details: details } = payload;
  return {
    kind,
    jti,
    iat,
    exp,
    clientId,
    scope,
    aud: aud.length === 1 ? only : [...aud],
    extra,
    jkt,
    ...(details !== undefined && { rar: [...detailsOf(details)] }),
    'x5t#S256': x5t,
    ...person,
  };
}

/** The engine refuses any token with an audience at userinfo; ours are good there when they name it. */
function withAudience(
  payload: AdapterPayload | undefined,
  { isAtUserinfo, endpoints }: AccessTokenOptions,
): AdapterPayload | undefined {
  if (payload === undefined || !isAtUserinfo()) return payload;
  const audiences = [payload.aud].flat();
  const { aud, ...rest } = payload;
  return audiences.includes(endpoints.userinfo) ? rest : { ...rest, aud };
}
