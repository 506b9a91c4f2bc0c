import type { OwnWish, Refused, SpokenProblem, Told } from '../provider/dialect.ts';

type Writer = (parameters: Refused['parameters'], problem: SpokenProblem) => SpokenProblem;

const DENIED = (description: string, status: number): SpokenProblem => ({
  status,
  error: 'access_denied',
  description,
});

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
/** So the engine says that it reads nothing else; tenants read JSON, too. */
const FORMS_ALONE = 'only application/x-www-form-urlencoded';

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
  ['invalid_target', ({ audience }) => ({ ...unknownApi(said(audience)), status: 403 })],
  ['unauthorized_client', ({ grant_type: grantType }) => notAllowed(said(grantType))],
  [
    'unsupported_grant_type',
    ({ grant_type: grantType }) => ({
      status: 403,
      error: 'unsupported_grant_type',
      description: `Unsupported grant type: ${said(grantType)}`,
    }),
  ],
]);

/** Of whoever may not sign in. A library of Auth0's looks for this very text, and forgets who was signed in. */
export const BLOCKED = { status: 403, error: 'invalid_grant', description: 'user is blocked' };

/** A refusal as Auth0 words it. */
export function auth0Problem(
  problem: SpokenProblem,
  { endpoint, parameters }: Refused,
): SpokenProblem {
  const error = errorOf(problem);
  if (problem.description?.startsWith(FORMS_ALONE) === true)
    return { ...problem, description: 'The body must be a form, or an object in JSON.' };
  if (endpoint === 'token') return AT_TOKEN.get(error)?.(parameters, problem) ?? problem;
  if (error === 'unauthorized_client') return notAllowed(DEVICE_CODE);
  return error === 'invalid_client' ? DENIED('Unauthorized', 401) : problem;
}

/** Of an API that the tenant does not have. */
export function unknownApi(identifier: string): Told {
  return { error: 'access_denied', description: `Service not found: ${identifier}` };
}

/** Of one that it has, and the client may not ask for. */
export function apiOfOthers(identifier: string): Told {
  const description = `Client is not authorized to access "${identifier}". You need to create a "client-grant" associated to this API.`;
  return { error: 'access_denied', description };
}

/** What is held against a token of an application's own. */
export function auth0OwnProblem({ hasApi, notGranted }: OwnWish): Told | undefined {
  if (!hasApi)
    return {
      error: 'access_denied',
      description:
        'No audience parameter was provided, and no default audience has been configured.',
    };
  return notGranted.length === 0
    ? undefined
    : {
        error: 'access_denied',
        description: `Client has not been granted scopes: ${notGranted.join(', ')}`,
      };
}

/** Words of the engine for which RFC 6749 section 5.2, or Auth0, has another error. */
function errorOf({ error, description = '' }: SpokenProblem): string {
  if (/^(?:requested grant type|\S+:device_code) is not allowed for this client$/.test(description))
    return 'unauthorized_client';
  return description === 'no client authentication mechanism provided' ? 'invalid_client' : error;
}

function notAllowed(grantType: string): SpokenProblem {
  return {
    status: 403,
    error: 'unauthorized_client',
    description: `Grant type '${grantType}' not allowed for the client.`,
  };
}

function said(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 200) : '';
}
