import { z } from 'zod';
import { redirectUriProblem } from '../clients/redirect-uri.ts';
import { OAUTH_FLOWS, STANDARD_SCOPES, type OAuthSettings } from './oauth.ts';

/** The hosted endpoints as a client is declared for them. */
export const oauthConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Whether it may use the hosted endpoints (`AllowedOAuthFlowsUserPoolClient`).'),
    flows: z
      .array(z.enum(OAUTH_FLOWS))
      .default(['code'])
      .describe(
        'code, or client_credentials for a client with a secret; implicit is known, and refused.',
      ),
    scopes: z
      .array(z.string().min(1).max(512))
      .default([...STANDARD_SCOPES])
      .describe(
        'Scopes that it may ask for; those of resource servers are written `IDENTIFIER/SCOPE`.',
      ),
    callbackUrls: z
      .array(z.string().min(1).max(1024))
      .default([])
      .describe('Where people may be sent after sign-in, byte for byte.'),
    defaultRedirectUri: z
      .string()
      .optional()
      .describe(
        'The one of these for requests that name none (`DefaultRedirectURI`); left out: they are refused.',
      ),
    logoutUrls: z
      .array(z.string().min(1).max(1024))
      .default([])
      .describe('Where people may be sent after sign-out, byte for byte.'),
  })
  .prefault({});

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What URLs of a declared client may not be, by paths from its section. */
export function oauthProblems(
  declared: OAuthSettings,
  rules: { readonly isDev: boolean },
): readonly Problem[] {
  const ofUrls = (['callbackUrls', 'logoutUrls'] as const).flatMap((name) =>
    declared[name].flatMap((url, index) => {
      const message = urlProblem(url, rules);
      return message === undefined ? [] : [{ path: [name, index], message }];
    }),
  );
  return isDefaultKnown(declared)
    ? ofUrls
    : [...ofUrls, { path: ['defaultRedirectUri'], message: 'must be one of callbackUrls' }];
}

/** Whether requests that name no redirect URI lead to one that is registered, if anywhere. */
export function isDefaultKnown({
  callbackUrls,
  defaultRedirectUri: uri,
}: Pick<OAuthSettings, 'callbackUrls' | 'defaultRedirectUri'>): boolean {
  return uri === undefined || callbackUrls.includes(uri);
}

/** Why people cannot be sent to `url`; undefined: they can. Schemes of apps stand beside those of the web. */
export function urlProblem(
  url: string,
  { isDev }: { readonly isDev: boolean },
): string | undefined {
  return redirectUriProblem(url, { isDev, isNative: !/^https?:/i.test(url) });
}
