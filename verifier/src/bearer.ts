import type { AccessTokenClaims } from './claims.ts';
import {
  AccessDenied,
  ProofInvalid,
  ScopeMissing,
  TokenMissing,
  VerificationError,
} from './errors.ts';
import type { Presentation, TokenRequest } from './presentation.ts';
import type { Verifier } from './verifier.ts';

/** What a route asks of a token beyond being good. All of it. */
export interface Requirements {
  readonly scopes?: readonly string[] | undefined;
  /** In the claim `roles` (RFC 9068 section 2.2.3.1). */
  readonly roles?: readonly string[] | undefined;
  /** In the claim `permissions`. */
  readonly permissions?: readonly string[] | undefined;
  /** Only tokens that are bound to a key (DPoP or mTLS), and so of no use to a thief. */
  readonly isBound?: boolean | undefined;
}

/** An answer to a request that is not let through, in no framework's form. */
export interface Refusal {
  readonly status: 401 | 403 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: string };
}

/** What becomes of a request. */
export type Admission =
  | { readonly kind: 'admitted'; readonly claims: AccessTokenClaims }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const AUTHORIZATION = /^(?<scheme>Bearer|DPoP) +(?<token>[\w.~+/-]+=*) *$/i;
const RETRY_AFTER_SECONDS = '1';

/** Lets a request in by its token, or gives the answer to it. What all adapters are made of. */
export async function admit(
  verifier: Verifier,
  request: TokenRequest,
  requirements?: Requirements,
): Promise<Admission> {
  try {
    return { kind: 'admitted', claims: await authorize(verifier, request, requirements) };
  } catch (error) {
    return { kind: 'refused', refusal: refusalOf(error, verifier, request, requirements) };
  }
}

/**
 * The claims of the token in the `Authorization` header (RFC 6750 section 2.1, RFC 9449 section 7.1).
 *
 * @throws {VerificationError} when the request is not to be let through.
 */
export async function authorize(
  verifier: Verifier,
  request: TokenRequest,
  requirements: Requirements = {},
): Promise<AccessTokenClaims> {
  const { scheme, token } = AUTHORIZATION.exec(request.header('authorization') ?? '')?.groups ?? {};
  if (token === undefined) throw new TokenMissing('a token is required');
  const claims = await verifier.verify(token, { scheme: schemeOf(scheme), request });
  assertAllowed(claims, requirements);
  return claims;
}

function assertAllowed(claims: AccessTokenClaims, requirements: Requirements): void {
  const { scopes = [], roles = [], permissions = [], isBound = false } = requirements;
  if (isBound && claims.payload['cnf'] === undefined) {
    throw new ProofInvalid('the token is not bound to a key');
  }
  if (!scopes.every((scope) => claims.scopes.includes(scope))) throw new ScopeMissing(scopes);
  if (!roles.every((role) => claims.roles.includes(role))) {
    throw new AccessDenied('the token lacks a role');
  }
  if (!permissions.every((permission) => claims.permissions.includes(permission))) {
    throw new AccessDenied('the token lacks a permission');
  }
}

/**
 * The answer that an error stands for (RFC 6750 section 3); whoever came without a token is told the scopes of
 * `requirements`, if the API has metadata. Rethrows what is not a VerificationError.
 */
export function refusalOf(
  error: unknown,
  verifier: Verifier,
  request: TokenRequest,
  requirements: Requirements = {},
): Refusal {
  if (!(error instanceof VerificationError)) throw error;
  const { status } = error;
  if (status === 503) {
    const headers = { 'retry-after': RETRY_AFTER_SECONDS, 'cache-control': 'no-store' };
    return { status, headers, body: { error: 'temporarily_unavailable' } };
  }
  const challenge = challengeOf(error, verifier, { ...requirements, request });
  const headers = { 'www-authenticate': challenge, 'cache-control': 'no-store' };
  return { status, headers, body: { error: error.error ?? 'unauthorized' } };
}

/** A refusal in the form of the fetch standard. */
export function responseOf({ status, headers, body }: Refusal): Response {
  return Response.json(body, { status, headers });
}

/** Without the reason: whoever has a token that is refused learns no more than that. */
function challengeOf(
  error: VerificationError,
  verifier: Verifier,
  { request, scopes = [] }: Requirements & { readonly request: TokenRequest },
): string {
  const scheme = /^DPoP /i.test(request.header('authorization') ?? '') ? 'DPoP' : 'Bearer';
  const { resource } = verifier;
  const scope = scopeOf(error, resource ? scopes : []);
  const parameters = [
    error.error && `error="${error.error}"`,
    scope && `scope="${scope}"`,
    // Where a client that knows only this API learns whom to ask for a token (RFC 9728 section 5.1).
    resource && `resource_metadata="${resource.metadataUrl}"`,
    scheme === 'DPoP' && `algs="${verifier.algorithms.join(' ')}"`,
  ].filter(Boolean);
  return parameters.length === 0 ? scheme : `${scheme} ${parameters.join(', ')}`;
}

/** What a token has to be for; of an API that wants to be found, `scopes` are told to whoever has none. */
function scopeOf(error: VerificationError, scopes: readonly string[]): string {
  if (error instanceof ScopeMissing) return error.scope;
  return error.error === undefined ? scopes.join(' ') : '';
}

function schemeOf(text: string | undefined): Presentation['scheme'] {
  return text?.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer';
}
