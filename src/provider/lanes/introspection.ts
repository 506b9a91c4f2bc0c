import type { IncomingMessage } from 'node:http';
import type { AdapterPayload } from 'oidc-provider';
import type { TokenPolicy } from '../introspection-policy.ts';
import type { Endpoints } from '../routes.ts';
import type { Proven, ProveClient } from './basic-client.ts';
import type { Lane } from './lane.ts';
import type { LivingTokens } from './living-tokens.ts';
import { peekForm, type Form } from './peek-form.ts';

/** Values of refresh tokens have one dot, those of JWTs two. */
const ACCESS_TOKEN = /^[\w-]+(?:\.[\w-]+\.[\w-]+)?$/;

/** RFC 7662 for a living access token, asked for by a client with a secret. */
export function createIntrospectionLane(options: {
  readonly endpoints: Endpoints;
  readonly tokenPolicy: TokenPolicy;
  readonly proveClient: ProveClient;
  readonly livingTokens: LivingTokens;
}): Lane {
  const { endpoints, tokenPolicy, proveClient, livingTokens } = options;
  return async (request) => {
    const form = wantsJson(request) ? await peekForm(request) : undefined;
    const value = form && tokenAsked(form);
    if (value === undefined || !ACCESS_TOKEN.test(value)) return undefined;
    const proven = await proveClient(request.headers.authorization);
    if (proven === undefined || isAnsweredEncrypted(proven)) return undefined;
    const living = await livingTokens.find(value);
    if (living === undefined) return undefined;
    const { payload } = living;
    if (await isPairwise(payload, proven)) return undefined;
    const mayKnow = await tokenPolicy.mayIntrospect(proven.engineClient, payload);
    return mayKnow ? told(payload, value, endpoints.issuer) : undefined;
  };
}

/** The engine knows by which name the client of the token knows the person. */
async function isPairwise(
  { accountId, clientId = '' }: AdapterPayload,
  { engineClient, provider }: Proven,
): Promise<boolean> {
  if (accountId === undefined) return false;
  const owner =
    clientId === engineClient.clientId ? engineClient : await provider.Client.find(clientId);
  return owner?.subjectType === 'pairwise';
}

/** It may not ask for anything else (RFC 9701 section 5). */
function isAnsweredEncrypted({ engineClient }: Proven): boolean {
  return engineClient['introspectionEncryptedResponseAlg'] !== undefined;
}

/** And no JWT in its place (RFC 9701 section 4). */
function wantsJson({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('jwt') !== true;
}

/** A hint only tells where to look first. */
function tokenAsked(form: Form): string | undefined {
  const known = form.has('token_type_hint') ? 2 : 1;
  return form.size === known ? form.get('token') : undefined;
}

function told(token: AdapterPayload, value: string, issuer: string): object {
  const { accountId, extra, clientId, exp, iat, jti, aud, scope, jkt } = token;
  const { 'x5t#S256': x5t } = token;
  const isBound = jkt !== undefined || x5t !== undefined;
  return {
    sub: accountId,
    ...extra,
    active: true,
    client_id: clientId,
    exp,
    iat,
    sid: token['sid'],
    iss: issuer,
    // The id of an opaque token is the token.
    jti: jti === value ? undefined : jti,
    aud,
    authorization_details: token['rar'],
    scope: scope === '' ? undefined : scope,
    cnf: isBound ? { 'x5t#S256': x5t, jkt } : undefined,
    token_type: jkt === undefined ? 'Bearer' : 'DPoP',
  };
}
