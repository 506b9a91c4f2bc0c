import { z } from 'zod';
import type { Json, JsonObject } from '../../runtime/json.ts';
import type { ClientOfPool } from '../pools.ts';
import type { PoolUser } from '../users.ts';
import { userAttributes } from './event-parts.ts';
import { readResponse, type Triggers } from './triggers.ts';

/** When tokens are made. */
export type TokenSource =
  | 'TokenGeneration_Authentication'
  | 'TokenGeneration_HostedAuth'
  | 'TokenGeneration_NewPasswordChallenge'
  | 'TokenGeneration_RefreshTokens';

/** What tokens are about to say. */
export interface TokenClaims {
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
}

/** What `PreTokenGeneration` makes of it. */
export interface TokenChanges extends TokenClaims {
  /** `null`: taken out. */
  readonly id: Readonly<Record<string, Json>>;
  readonly access: Readonly<Record<string, Json>>;
}

const members = z.record(z.string().min(1).max(500), z.json());
const names = z.array(z.string().min(1).max(500));
/** RFC 6749 section 3.3. */
const scopeNames = z.array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]{1,512}$/));
const groupDetails = z.object({ groupsToOverride: names.nullish() }).nullish();
const changes = z.object({
  claimsToAddOrOverride: members.nullish(),
  claimsToSuppress: names.nullish(),
});
const first = z.object({
  claimsOverrideDetails: changes.extend({ groupOverrideDetails: groupDetails }).nullish(),
});
const later = z.object({
  claimsAndScopeOverrideDetails: z
    .object({
      idTokenGeneration: changes.nullish(),
      accessTokenGeneration: changes
        .extend({ scopesToAdd: scopeNames.nullish(), scopesToSuppress: names.nullish() })
        .nullish(),
      groupOverrideDetails: groupDetails,
    })
    .nullish(),
});

/** `PreTokenGeneration` for somebody's tokens. Undefined: there is none. @throws {CognitoException} when it refuses. */
export async function callPreTokenGeneration(
  asked: ClientOfPool &
    TokenClaims & {
      readonly source: TokenSource;
      readonly user: PoolUser;
      readonly clientMetadata?: JsonObject | undefined;
    },
  triggers: Triggers,
): Promise<TokenChanges | undefined> {
  const { pool, client, source, user, groups, scopes, clientMetadata } = asked;
  const version = triggers.tokenVersion(pool);
  if (version === undefined) return undefined;
  const isFirst = version === 'V1_0';
  const response = await triggers.call({
    trigger: 'PreTokenGeneration',
    source,
    pool,
    clientId: client.id,
    userName: user.row.username,
    version: version.slice(1, 2),
    request: {
      userAttributes: userAttributes(user),
      groupConfiguration: {
        groupsToOverride: groups,
        iamRolesToOverride: [],
        preferredRole: null,
      },
      ...(!isFirst && { scopes }),
      ...(clientMetadata !== undefined && { clientMetadata }),
    },
    response: isFirst ? { claimsOverrideDetails: null } : { claimsAndScopeOverrideDetails: null },
  });
  if (response === undefined) return undefined;
  return isFirst ? firstChanges(response, asked) : laterChanges(response, asked);
}

/** `PreTokenGeneration` for a client's own token, which V3_0 alone is asked about. @throws {CognitoException} */
export async function callClientTokenGeneration(
  { pool, client, scopes }: ClientOfPool & Pick<TokenClaims, 'scopes'>,
  triggers: Triggers,
): Promise<TokenChanges | undefined> {
  if (triggers.tokenVersion(pool) !== 'V3_0') return undefined;
  const response = await triggers.call({
    trigger: 'PreTokenGeneration',
    source: 'TokenGeneration_ClientCredentials',
    pool,
    clientId: client.id,
    userName: client.id,
    version: '3',
    request: { userAttributes: {}, groupConfiguration: null, scopes },
    response: { claimsAndScopeOverrideDetails: null },
  });
  return response && laterChanges(response, { scopes, groups: [] });
}

function firstChanges(response: JsonObject, { groups, scopes }: TokenClaims): TokenChanges {
  const { claimsOverrideDetails: details } = readResponse(response, first);
  return {
    id: changed(details),
    access: {},
    groups: details?.groupOverrideDetails?.groupsToOverride ?? groups,
    scopes,
  };
}

function laterChanges(response: JsonObject, { groups, scopes }: TokenClaims): TokenChanges {
  const { claimsAndScopeOverrideDetails: details } = readResponse(response, later);
  const access = details?.accessTokenGeneration;
  const suppressed = new Set(access?.scopesToSuppress);
  const kept = scopes.filter((scope) => !suppressed.has(scope));
  return {
    id: changed(details?.idTokenGeneration),
    access: changed(access),
    groups: details?.groupOverrideDetails?.groupsToOverride ?? groups,
    scopes: [...new Set([...kept, ...(access?.scopesToAdd ?? [])])],
  };
}

function changed(
  made: z.output<typeof changes> | null | undefined,
): Readonly<Record<string, Json>> {
  const suppressed = made?.claimsToSuppress ?? [];
  return {
    ...Object.fromEntries(suppressed.map((name) => [name, null])),
    ...made?.claimsToAddOrOverride,
  };
}

/** What no trigger changes, at AWS or here; the last three take tokens back. */
const RESERVED = new Set(
  'acr amr at_hash auth_time aud azp client_id device_key event_id exp iat identities iss jti nbf nonce origin_jti scope sub token_use username version gid sid rev'.split(
    ' ',
  ),
);
const RESERVED_PREFIX = /^(?:cognito|aws|dev):/;

/** `claims` with `changes`, as far as they are a trigger's to make. */
export function withChanges<Claims extends JsonObject>(
  claims: Claims,
  made: Readonly<Record<string, Json>> = {},
): Claims {
  const own = Object.entries(made).filter(
    ([name]) => !RESERVED.has(name) && !RESERVED_PREFIX.test(name),
  );
  const removed = new Set(own.filter(([, value]) => value === null).map(([name]) => name));
  const kept = Object.entries(claims).filter(([name]) => !removed.has(name));
  return Object.assign(
    Object.create(null),
    Object.fromEntries(kept),
    Object.fromEntries(own.filter(([, value]) => value !== null)),
  );
}
