import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import type { Dialect } from './dialect.ts';
import { ROUTES } from './routes.ts';
import { toJson } from './store/payloads.ts';

/** What the engine holds against `http` redirect URIs of clients that are answered ID tokens. */
const IMPLICIT_RULES: ReadonlySet<unknown> = new Set([
  'implicit-force-https',
  'implicit-forbid-localhost',
]);

/**
 * What a dialect changes of the engine itself. Every ID token names its session; and an issuer without https, which
 * is this machine alone, lets clients have ID tokens at `http` redirect URIs.
 */
export function installDialect(
  provider: Provider,
  { isHttps }: { readonly isHttps: boolean },
): void {
  const { Client } = provider;
  Object.defineProperty(Client.prototype, 'includeSid', { value: () => true });
  if (isHttps) return;
  // The engine's types do not name its schema.
  const { Schema }: { readonly Schema?: { readonly prototype: Invalidating } } = Object(Client);
  if (Schema === undefined) throw new TypeError('the engine has no schema of clients');
  const { prototype } = Schema;
  const { invalidate } = prototype;
  prototype.invalidate = function invalidateUnlessLocal(this: Invalidating, message, code) {
    if (!IMPLICIT_RULES.has(code)) invalidate.call(this, message, code);
  };
}

interface Invalidating {
  invalidate(message: string, code?: unknown): void;
}

/** Says a refusal that is answered in JSON as `dialect` has it; undefined: as it is. */
export function speakProblem(ctx: Context, dialect: Dialect | undefined): void {
  if (dialect === undefined) return;
  const { body, status }: { readonly body: unknown; readonly status: number } = ctx;
  if (status < 400 || typeof body !== 'object' || body === null || !('error' in body)) return;
  const description = 'error_description' in body ? String(body.error_description) : undefined;
  const said = dialect.writeProblem(
    { status, error: String(body.error), description },
    {
      endpoint: ctx.path === ROUTES.token ? 'token' : 'other',
      parameters: toJson(sentIn(ctx)),
    },
  );
  ctx.status = said.status;
  ctx.body = { error: said.error, error_description: said.description };
}

/** The engine adds its own context to Koa's when its router has found a route. */
function sentIn(ctx: Context): object {
  const { oidc }: { readonly oidc?: { readonly body?: object } } = Object(ctx);
  return oidc?.body ?? {};
}
