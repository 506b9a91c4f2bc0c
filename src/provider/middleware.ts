import type { Context, Middleware, Next } from 'koa';
import { errors } from 'oidc-provider';
import type { Logger } from '../runtime/logger.ts';
import { showAccountSwitch } from './account-switch.ts';
import type { Admission } from './admission.ts';
import type { ProtocolPages, ProtocolProblem } from './contract.ts';
import { speakIssuer, speakProblem } from './dialect-engine.ts';
import type { Dialect } from './dialect.ts';
import type { EngineClients } from './engine-clients.ts';
import type { Feature } from './features/feature.ts';
import type { ProtocolMetrics } from './metrics.ts';
import { isOutage, RETRY_AFTER_SECONDS } from './outage.ts';
import type { PrefetchNamed } from './prefetch.ts';
import type { RegistrationLimits } from './registration.ts';
import { correctRegistration } from './registration-answer.ts';
import type { RequestScope, RequestScopes } from './request-scope.ts';
import { ROUTES } from './routes.ts';

const HOUR_SECONDS = 3600;
/** A browser that comes back from a page. */
const RESUMING = new RegExp(`^${ROUTES.authorization}/`);

const UNAVAILABLE: ProtocolProblem = {
  error: 'temporarily_unavailable',
  description: 'the request cannot be answered now; please try again in a moment',
  status: 503,
};
const BROKEN: ProtocolProblem = {
  error: 'server_error',
  description: 'something went wrong on our side',
  status: 500,
};
const NOT_FOUND: ProtocolProblem = {
  error: 'not_found',
  description: 'nothing is served here with this method',
  status: 404,
};
const OVER_QUOTA: ProtocolProblem = {
  error: 'temporarily_unavailable',
  description: 'too many clients were registered; please try again later',
  status: 429,
};

interface MiddlewareOptions {
  readonly scopes: RequestScopes;
  readonly engineClients: Pick<EngineClients, 'find'>;
  readonly admission: Admission;
  readonly pages: ProtocolPages;
  readonly logger: Logger;
  readonly metrics: ProtocolMetrics | undefined;
  readonly sessionCookie: string;
  readonly limits: RegistrationLimits;
  readonly prefetchNamed: PrefetchNamed;
  readonly features: readonly Pick<Feature, 'prepare'>[];
  readonly dialect?: Dialect | undefined;
}

/** Around everything the engine does: what must be known before it begins, and what must be true of its answer. */
export function createOuterMiddleware(options: MiddlewareOptions): Middleware {
  const { scopes, logger, pages, sessionCookie } = options;

  async function answerFailure(ctx: Context, failure: unknown): Promise<void> {
    if (isOutage(failure)) {
      options.admission.noteOutage();
      options.metrics?.onEvent?.({ kind: 'outage', endpoint: ctx.path.split('/')[1] ?? '' });
      ctx.set('Retry-After', String(RETRY_AFTER_SECONDS));
      await answer(ctx, UNAVAILABLE, pages);
      return;
    }
    const error = failure instanceof Error ? failure : new Error(String(failure));
    logger.error({ event: 'protocol.failed', error }, 'a request met a fault of ours');
    await answer(ctx, BROKEN, pages);
  }

  async function goOn(ctx: Context, scope: RequestScope, next: Next): Promise<void> {
    scope.mark = await options.admission.markFor(ctx.path);
    // After the mark, as all that is read for an answer.
    if (RESUMING.test(ctx.path)) options.prefetchNamed(ctx.req);
    if (!(await isWithinQuota(ctx, scope, options))) return;
    for (const feature of options.features) await feature.prepare?.(ctx);
    await next();
    await showAccountSwitch(ctx, pages);
    await Promise.all(scope.writes);
  }

  return async (ctx, next) => {
    const scope = scopes.of(ctx.req);
    // RFC 6749 section 5.1: of tokens, and of the errors about them.
    ctx.set('Cache-Control', 'no-store');
    try {
      // An outage that was met on the way here is not tried again.
      if (scope.failure === undefined) await goOn(ctx, scope, next);
      await correctRegistration(ctx, scope, options);
      if (scope.failure !== undefined) await answerFailure(ctx, scope.failure);
      else if (ctx.status === 404 && ctx.body === undefined) await answer(ctx, NOT_FOUND, pages);
    } catch (error) {
      await answerFailure(ctx, error);
    }
    if (scope.isSessionCookieStale) withholdCookie(ctx, sessionCookie);
    speakProblem(ctx, scope.refusal, options.dialect);
    speakIssuer(ctx, options.dialect);
    // Nothing is no text: browser libraries refuse an answer of a type that they do not know.
    if (ctx.body === '') ctx.remove('Content-Type');
    const answered = scopes.answerNow();
    for (const note of scope.beforeAnswer) note(answered);
  };
}

/** The engine's `renderError`: an outage is answered by the middleware, which knows more than the engine. */
export function createErrorPage(
  pages: ProtocolPages,
): (
  ctx: Context,
  out: { error: string; error_description?: string | undefined },
  error: Error,
) => Promise<void> {
  return async (ctx, out, error) => {
    // Not the browser's business: the middleware answers for what the engine takes for its own bug.
    if (out.error === 'server_error' && !(error instanceof errors.OIDCProviderError)) return;
    const description = out.error_description ?? 'the request cannot be granted';
    await pages.problem(ctx, { error: out.error, description, status: ctx.status });
  };
}

async function isWithinQuota(
  ctx: Context,
  { origin }: RequestScope,
  { pages, limits }: MiddlewareOptions,
): Promise<boolean> {
  const isRegistration = ctx.method === 'POST' && ctx.path === ROUTES.registration;
  if (!isRegistration || (await limits.isWithinQuota(origin.address))) return true;
  ctx.set('Retry-After', String(HOUR_SECONDS));
  await answer(ctx, OVER_QUOTA, pages);
  return false;
}

async function answer(ctx: Context, problem: ProtocolProblem, pages: ProtocolPages): Promise<void> {
  ctx.remove('Location');
  ctx.status = problem.status;
  if (ctx.accepts('json', 'html') === 'html') {
    await pages.problem(ctx, problem);
    return;
  }
  ctx.type = 'json';
  ctx.body = { error: problem.error, error_description: problem.description };
}

/** A newer cookie of this session is on its way to the browser, or there: ours must not replace it. */
function withholdCookie(ctx: Context, name: string): void {
  const cookies = [ctx.response.get('set-cookie')].flat().filter(Boolean);
  const others = cookies.filter(
    (cookie) => !cookie.startsWith(`${name}=`) && !cookie.startsWith(`${name}.sig=`),
  );
  if (others.length === 0) ctx.remove('Set-Cookie');
  else ctx.set('Set-Cookie', others);
}
