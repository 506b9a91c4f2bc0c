import { z } from 'zod';
import { duration, secret, sensitive } from '../config/values.ts';
import { oauthConfig } from './oauth-config.ts';
import { AUTH_FLOWS } from './pool.ts';

const CLIENT_ID = /^[\w+]{1,128}$/;
const SHORTEST_TOKEN_SECONDS = 300;
const DAY_SECONDS = 86_400;
const SHORTEST_WAIT_SECONDS = 180;
const LONGEST_WAIT_SECONDS = 900;
const LONGEST_GRACE_SECONDS = 60;

/** An application of a declared pool. */
export const declaredClient = z
  .strictObject({
    id: z
      .string()
      .regex(CLIENT_ID, { error: 'expected at most 128 letters, digits, + and _' })
      .describe('What the application has as its client id.'),
    name: z.string().min(1).max(128).default('client').describe('Its name.'),
    secret: secret().optional().describe('Its secret; left out: a public client.'),
    secretInClear: sensitive().optional().describe('The same in clear, for the dev profile only.'),
    authFlows: z
      .array(z.enum(AUTH_FLOWS))
      .default([...AUTH_FLOWS])
      .describe('Ways to sign in that it may use (`ExplicitAuthFlows`).'),
    accessTokenValidity: duration('1h').describe('How long access tokens live: 5m to 1d.'),
    idTokenValidity: duration('1h').describe('How long ID tokens live: 5m to 1d.'),
    refreshTokenValidity: duration('30d').describe(
      'How long refresh tokens live, at most `revocation.longestRecord`.',
    ),
    authSessionValidity: duration('3m').describe('How long a challenge waits: 3m to 15m.'),
    rotateRefreshTokens: z
      .boolean()
      .default(false)
      .describe('Each refresh gives a new refresh token; one that comes back ends the session.'),
    rotationGrace: duration('0s').describe(
      'How long the last one stays good then, for retries and other tabs: at most 60s.',
    ),
    preventUserExistenceErrors: z
      .boolean()
      .default(true)
      .describe('Strangers cannot tell an unknown user from a wrong password.'),
    oauth: oauthConfig.describe('The hosted endpoints: sign-in pages and OAuth 2.0.'),
  })
  .superRefine(({ secret: reference, secretInClear, ...client }, context) => {
    for (const name of ['accessTokenValidity', 'idTokenValidity'] as const)
      if (client[name] < SHORTEST_TOKEN_SECONDS || client[name] > DAY_SECONDS)
        context.addIssue({ code: 'custom', path: [name], message: 'must be from 5m to 1d' });
    if (
      client.authSessionValidity < SHORTEST_WAIT_SECONDS ||
      client.authSessionValidity > LONGEST_WAIT_SECONDS
    )
      context.addIssue({
        code: 'custom',
        path: ['authSessionValidity'],
        message: 'must be from 3m to 15m',
      });
    if (client.rotationGrace > LONGEST_GRACE_SECONDS)
      context.addIssue({ code: 'custom', path: ['rotationGrace'], message: 'must be at most 60s' });
    if (reference !== undefined && secretInClear !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['secretInClear'],
        message: 'must not stand beside secret: one of them is enough',
      });
  });
export type DeclaredPoolClient = z.output<typeof declaredClient>;
