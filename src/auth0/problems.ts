import type { Refused, SpokenProblem } from '../provider/dialect.ts';

type Writer = (parameters: Refused['parameters'], problem: SpokenProblem) => SpokenProblem;

const DENIED = (description: string, status: number): SpokenProblem => ({
  status,
  error: 'access_denied',
  description,
});

/** By our error at the token endpoint. Applications of Auth0's look for some of these very texts. */
const AT_TOKEN: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  [
    'invalid_grant',
    ({ grant_type: grantType }) => ({
      status: 403,
      error: 'invalid_grant',
      description:
        grantType === 'refresh_token'
          ? 'Unknown or invalid refresh token.'
          : 'Invalid authorization code',
    }),
  ],
  // RFC 8628 section 3.5, which has 400 for them.
  ...['authorization_pending', 'slow_down', 'expired_token', 'access_denied'].map(
    (error): readonly [string, Writer] => [
      error,
      (_parameters, { description }) => ({ status: 403, error, description }),
    ],
  ),
  ['invalid_client', () => DENIED('Unauthorized', 401)],
  ['invalid_target', ({ audience }) => DENIED(`Service not found: ${said(audience)}`, 403)],
  [
    'unauthorized_client',
    ({ grant_type: grantType }) => ({
      status: 403,
      error: 'unauthorized_client',
      description: `Grant type '${said(grantType)}' not allowed for the client.`,
    }),
  ],
  [
    'unsupported_grant_type',
    ({ grant_type: grantType }) => ({
      status: 403,
      error: 'unsupported_grant_type',
      description: `Unsupported grant type: ${said(grantType)}`,
    }),
  ],
]);

/** A refusal as Auth0 words it. */
export function auth0Problem(
  problem: SpokenProblem,
  { endpoint, parameters }: Refused,
): SpokenProblem {
  if (endpoint === 'token') return AT_TOKEN.get(errorOf(problem))?.(parameters, problem) ?? problem;
  return problem.error === 'invalid_client' ? DENIED('Unauthorized', 401) : problem;
}

/** RFC 6749 section 5.2 has a word for it that the engine does not use. */
function errorOf({ error, description }: SpokenProblem): string {
  const isOfGrant = description === 'requested grant type is not allowed for this client';
  return isOfGrant ? 'unauthorized_client' : error;
}

function said(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 200) : '';
}
