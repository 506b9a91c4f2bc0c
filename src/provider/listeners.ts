import type { EventEmitter } from 'node:events';
import type { Client, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Audit } from '../audit/audit.ts';
import type { Logger } from '../runtime/logger.ts';
import { noteIssued, type Issued } from './issued.ts';
import type { ProtocolMetrics } from './metrics.ts';
import type { RequestScopes } from './request-scope.ts';

/** Endpoints whose refusals the engine tells of. */
const REFUSALS = [
  'authorization.error',
  'grant.error',
  'introspection.error',
  'revocation.error',
  'userinfo.error',
  'end_session.error',
  'registration_create.error',
  'pushed_authorization_request.error',
  'device_authorization.error',
  'backchannel_authentication.error',
] as const;
/** What the engine says of a failed client authentication, in words that stay. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/client not found/, 'unknown_client'],
  [/does not match the registered/, 'wrong_method'],
  [/invalid secret/, 'wrong_secret'],
  [/assertion|alg|iss|aud|jwt|signature/i, 'invalid_assertion'],
];

/** Grants that give tokens for something issued before. */
const REDEEMING: ReadonlySet<string> = new Set([
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:openid:params:grant-type:ciba',
]);
const TEXT_MAX = 100;

interface ListenerOptions {
  readonly audit: Audit;
  readonly logger: Logger;
  readonly metrics: ProtocolMetrics | undefined;
  readonly scopes: RequestScopes;
}

/**
 * Hears the engine's events, which come in the middle of a request: a listener that threw would turn an
 * answer that was earned into an error, so none does.
 */
export function installListeners(provider: Provider, options: ListenerOptions): void {
  const { logger, metrics, scopes } = options;
  // The engine's own types name some of its events only.
  const events: EventEmitter = provider;
  const listen = (
    names: readonly string[],
    // oxlint-disable-next-line typescript/no-explicit-any -- as an emitter calls listeners; each of ours says what it takes
    listener: (...given: any[]) => void,
  ): void => {
    for (const name of names) events.on(name, safely(listener, logger));
  };

  listen(['grant.success'], (ctx: KoaContextWithOIDC) =>
    noteIssued(issuedIn(ctx, scopes), options),
  );
  listen(['authorization.success'], () =>
    metrics?.onEvent?.({ kind: 'authorization', outcome: 'success' }),
  );
  listen(['interaction.started'], () =>
    metrics?.onEvent?.({ kind: 'authorization', outcome: 'interaction' }),
  );
  listen(REFUSALS, (ctx: KoaContextWithOIDC, error: Error) => {
    metrics?.onEvent?.({ kind: 'refused', endpoint: ctx.oidc.route, error: error.message });
    if (error.message === 'invalid_client') noteFailedClient(ctx, error, options);
    if (error.message === 'invalid_grant') noteRefused(ctx, options);
  });
  listen(['server_error'], (ctx: KoaContextWithOIDC, error: Error) => {
    scopes.of(ctx.req).failure = error;
  });
  listen(['end_session.success'], (ctx: KoaContextWithOIDC) => noteSignOut(ctx, options));
  listen(['backchannel.error'], (_ctx: unknown, error: Error, { clientId }: Client) =>
    logger.warn(
      { event: 'backchannel_logout.failed', clientId, error },
      'a client could not be told that a session ended',
    ),
  );
  // Koa's own: a connection that broke off. Without a listener it would be printed.
  listen(['error'], (error: Error) =>
    logger.debug({ event: 'protocol.broken_off', error }, 'a request broke off'),
  );
}

function safely<Given extends readonly unknown[]>(
  listener: (...given: Given) => void,
  logger: Logger,
): (...given: Given) => void {
  return (...given) => {
    try {
      listener(...given);
    } catch (error) {
      logger.error(
        { event: 'protocol.listener_failed', error: asError(error) },
        'a listener failed; the request went on',
      );
    }
  };
}

function issuedIn({ req, oidc }: KoaContextWithOIDC, scopes: RequestScopes): Issued {
  const { AccessToken, ClientCredentials } = oidc.entities;
  return {
    origin: scopes.of(req).origin,
    accountId: oidc.account?.accountId,
    clientId: oidc.client?.clientId,
    grantType: String(oidc.params?.['grant_type']),
    token: AccessToken ?? ClientCredentials,
  };
}

function noteSignOut(ctx: KoaContextWithOIDC, { audit, scopes }: ListenerOptions): void {
  const { session, client, params } = ctx.oidc;
  if (params?.['logout'] === undefined || session?.accountId === undefined) return;
  const { origin } = scopes.of(ctx.req);
  audit.note({
    type: 'sign_out',
    origin,
    accountId: session.accountId,
    clientId: client?.clientId,
  });
}

function noteFailedClient(
  ctx: KoaContextWithOIDC,
  error: Error,
  { audit, scopes }: Pick<ListenerOptions, 'audit' | 'scopes'>,
): void {
  const detail = 'error_detail' in error ? String(error.error_detail) : '';
  const reason = REASONS.find(([pattern]) => pattern.test(detail))?.[1] ?? 'other';
  // Noted, not awaited: anyone can make these, and must not get to slow down the records.
  audit.note({
    type: 'client.authentication_failed',
    origin: scopes.of(ctx.req).origin,
    clientId: ctx.oidc.client?.clientId,
    reason,
    grantType: grantTypeOf(ctx),
  });
}

/** Grants of people who prove themselves there and then have their own records. */
function noteRefused(
  ctx: KoaContextWithOIDC,
  { audit, scopes }: Pick<ListenerOptions, 'audit' | 'scopes'>,
): void {
  const grantType = grantTypeOf(ctx);
  if (grantType === undefined || !REDEEMING.has(grantType)) return;
  audit.note({
    type: 'token.refused',
    origin: scopes.of(ctx.req).origin,
    clientId: ctx.oidc.client?.clientId,
    grantType,
  });
}

function grantTypeOf({ oidc: { route, params } }: KoaContextWithOIDC): string | undefined {
  const given = params?.['grant_type'];
  return route === 'token' && typeof given === 'string' ? given.slice(0, TEXT_MAX) : undefined;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
