import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import type { Dialect } from './dialect.ts';
import type { GrantRefusal } from './further-grant.ts';
import { ROUTES } from './routes.ts';
import { toJson } from './store/payloads.ts';

/** What the engine holds against `http` redirect URIs of clients that are answered ID tokens. */
const IMPLICIT_RULES: ReadonlySet<unknown> = new Set([
  'implicit-force-https',
  'implicit-forbid-localhost',
]);

/** What the engine says of devices with pairwise subjects and no keys: it would find their sector by their keys alone. */
const OF_DEVICES = /^(?:pairwise \S+ clients must utilize|jwks_uri is mandatory property$)/;

/**
 * What a dialect changes of the engine itself. Every ID token names its session; devices, whose sector is known here,
 * need no keys; and clients may have ID tokens at `http` redirect URIs, which are of this machine: no others are taken.
 */
export function installDialect(provider: Provider): void {
  const { Client } = provider;
  Object.defineProperty(Client.prototype, 'includeSid', { value: () => true });
  // The engine's types do not name its schema.
  const { Schema }: { readonly Schema?: { readonly prototype: Invalidating } } = Object(Client);
  if (Schema === undefined) throw new TypeError('the engine has no schema of clients');
  const { prototype } = Schema;
  const { invalidate } = prototype;
  prototype.invalidate = function invalidateUnlessFine(this: Invalidating, message, code) {
    const isFine = OF_DEVICES.test(message) || IMPLICIT_RULES.has(code);
    if (!isFine) invalidate.call(this, message, code);
  };
}

interface Invalidating {
  invalidate(message: string, code?: unknown): void;
}

/** Says a refusal that is answered in JSON as `refusal`, else as `dialect` has it; with neither: as it is. */
export function speakProblem(
  ctx: Context,
  refusal: GrantRefusal | undefined,
  dialect: Dialect | undefined,
): void {
  const { body, status }: { readonly body: unknown; readonly status: number } = ctx;
  if (status < 400 || typeof body !== 'object' || body === null || !('error' in body)) return;
  if (refusal !== undefined) {
    ctx.status = refusal.status;
    const { error, description, members } = refusal;
    ctx.body = { error, error_description: description, ...members };
    return;
  }
  if (dialect === undefined) return;
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

/** Names whoever answers in an answer by redirect (RFC 9207 section 2), as `dialect` has it for the client. */
export function speakIssuer(ctx: Context, dialect: Dialect | undefined): void {
  const { oidc }: { readonly oidc?: { readonly client?: { readonly clientId: string } } } =
    Object(ctx);
  const issuer = dialect?.issuerFor?.(oidc?.client?.clientId ?? '');
  const to = URL.parse(ctx.response.get('Location'));
  if (issuer === undefined || to === null) return;
  const inFragment = new URLSearchParams(to.hash.slice(1));
  if (to.searchParams.has('iss')) to.searchParams.set('iss', issuer);
  else if (inFragment.has('iss')) {
    inFragment.set('iss', issuer);
    to.hash = inFragment.toString();
  } else return;
  ctx.set('Location', to.href);
}

/** The engine adds its own context to Koa's when its router has found a route. */
function sentIn(ctx: Context): object {
  const { oidc }: { readonly oidc?: { readonly body?: object } } = Object(ctx);
  return oidc?.body ?? {};
}
