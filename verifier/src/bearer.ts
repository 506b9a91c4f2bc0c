import type { AccessTokenClaims } from './claims.ts';
import { ScopeMissing, TokenMissing, VerificationError } from './errors.ts';
import type { Verifier } from './verifier.ts';

/** What a route asks of a token beyond being good. */
export interface Requirements {
  /** All of these. */
  readonly scopes?: readonly string[] | undefined;
}

/** An answer to a request that is not let through, in no framework's form. */
export interface Refusal {
  readonly status: 401 | 403 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: string };
}

const BEARER = /^Bearer +(?<token>[\w.~+/-]+=*) *$/i;
const RETRY_AFTER_SECONDS = '1';

/**
 * The claims of the token in an `Authorization` header (RFC 6750 section 2.1).
 *
 * @throws {VerificationError} when the request is not to be let through.
 */
export async function authorize(
  verifier: Verifier,
  authorization: string | undefined,
  { scopes = [] }: Requirements = {},
): Promise<AccessTokenClaims> {
  const token = BEARER.exec(authorization ?? '')?.groups?.['token'];
  if (token === undefined) throw new TokenMissing('a bearer token is required');
  const claims = await verifier.verify(token);
  if (!scopes.every((scope) => claims.scopes.includes(scope))) throw new ScopeMissing(scopes);
  return claims;
}

/** The answer that an error stands for (RFC 6750 section 3). Rethrows what is not a VerificationError. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof VerificationError)) throw error;
  const { status } = error;
  if (status === 503) {
    const headers = { 'retry-after': RETRY_AFTER_SECONDS, 'cache-control': 'no-store' };
    return { status, headers, body: { error: 'temporarily_unavailable' } };
  }
  const headers = { 'www-authenticate': challengeOf(error), 'cache-control': 'no-store' };
  return { status, headers, body: { error: error.error ?? 'unauthorized' } };
}

/** Without the reason: whoever has a token that is refused learns no more than that. */
function challengeOf(error: VerificationError): string {
  const parameters = [
    ...(error.error === undefined ? [] : [`error="${error.error}"`]),
    ...(error instanceof ScopeMissing ? [`scope="${error.scope}"`] : []),
  ];
  return parameters.length === 0 ? 'Bearer' : `Bearer ${parameters.join(', ')}`;
}
