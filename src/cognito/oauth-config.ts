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
    logoutUrls: z
      .array(z.string().min(1).max(1024))
      .default([])
      .describe('Where people may be sent after sign-out, byte for byte.'),
  })
  .prefault({});

/** What URLs of a declared client may not be, by paths from its section. */
export function oauthProblems(
  declared: OAuthSettings,
  rules: { readonly isDev: boolean },
): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  return (['callbackUrls', 'logoutUrls'] as const).flatMap((name) =>
    declared[name].flatMap((url, index) => {
      const message = urlProblem(url, rules);
      return message === undefined ? [] : [{ path: [name, index], message }];
    }),
  );
}

/** Why people cannot be sent to `url`; undefined: they can. Schemes of apps stand beside those of the web. */
export function urlProblem(
  url: string,
  { isDev }: { readonly isDev: boolean },
): string | undefined {
  return redirectUriProblem(url, { isDev, isNative: !/^https?:/i.test(url) });
}
