import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import { CognitoException } from './exception.ts';
import { isDefaultKnown, urlProblem } from './oauth-config.ts';
import { OAUTH_FLOWS, STANDARD_SCOPES, type OAuthSettings } from './oauth.ts';
import type { ResourceServers } from './resource-servers.ts';

const urls = z.array(z.string().min(1).max(1024)).max(100).nullish();

/** What `CreateUserPoolClient` and `UpdateUserPoolClient` say of the hosted endpoints. */
export const oauthInput = {
  AllowedOAuthFlowsUserPoolClient: z.boolean().nullish(),
  AllowedOAuthFlows: z.array(z.enum(OAUTH_FLOWS)).max(3).nullish(),
  AllowedOAuthScopes: z.array(z.string().min(1).max(512)).max(50).nullish(),
  CallbackURLs: urls,
  DefaultRedirectURI: z.string().min(1).max(1024).nullish(),
  LogoutURLs: urls,
  SupportedIdentityProviders: z.array(z.string()).nullish(),
};
type OAuthInput = z.output<z.ZodObject<typeof oauthInput>>;

/**
 * What a client may do at the hosted endpoints, as the input has it.
 *
 * @throws {CognitoException}
 */
export function readOAuth(
  input: OAuthInput,
  { isDev }: { readonly isDev: boolean },
): OAuthSettings {
  const flows = input.AllowedOAuthFlows ?? [];
  if (flows.includes('client_credentials') && flows.length > 1)
    throw new CognitoException(
      'InvalidOAuthFlowException',
      'client_credentials flow can not be selected along with code flow or implicit flow.',
    );
  const other = input.SupportedIdentityProviders?.find((name) => name !== 'COGNITO');
  if (other !== undefined)
    throw new CognitoException(
      'InvalidParameterException',
      `The provider ${other} does not exist for User Pool: COGNITO is the only one here.`,
    );
  return {
    enabled: input.AllowedOAuthFlowsUserPoolClient === true,
    flows,
    scopes: input.AllowedOAuthScopes ?? [],
    callbackUrls: readUrls('CallbackURLs', input.CallbackURLs ?? [], isDev),
    defaultRedirectUri: readDefault(input),
    logoutUrls: readUrls('LogoutURLs', input.LogoutURLs ?? [], isDev),
  };
}

/** @throws {CognitoException} for a scope that no resource server of the pool has. */
export async function checkScopes(
  poolId: string,
  { scopes }: OAuthSettings,
  resourceServers: Pick<ResourceServers, 'ofPool'>,
): Promise<void> {
  const servers = await resourceServers.ofPool(poolId);
  const known = new Set(
    servers.flatMap(({ identifier, scopes: own }) =>
      own.map(({ name }) => `${identifier}/${name}`),
    ),
  );
  const unknown = scopes.find((scope) => !STANDARD_SCOPES.includes(scope) && !known.has(scope));
  if (unknown !== undefined)
    throw new CognitoException(
      'ScopeDoesNotExistException',
      `Resource server scope does not exist: ${unknown}`,
    );
}

/** The same as operators are told it. */
export function oauthView({
  enabled,
  flows,
  scopes,
  callbackUrls,
  defaultRedirectUri,
  logoutUrls,
}: OAuthSettings): JsonObject {
  return {
    AllowedOAuthFlowsUserPoolClient: enabled,
    SupportedIdentityProviders: ['COGNITO'],
    ...(flows.length > 0 && { AllowedOAuthFlows: flows }),
    ...(scopes.length > 0 && { AllowedOAuthScopes: scopes }),
    ...(callbackUrls.length > 0 && { CallbackURLs: callbackUrls }),
    ...(defaultRedirectUri !== undefined && { DefaultRedirectURI: defaultRedirectUri }),
    ...(logoutUrls.length > 0 && { LogoutURLs: logoutUrls }),
  };
}

function readDefault({ CallbackURLs, DefaultRedirectURI }: OAuthInput): string | undefined {
  const uri = DefaultRedirectURI ?? undefined;
  if (isDefaultKnown({ callbackUrls: CallbackURLs ?? [], defaultRedirectUri: uri })) return uri;
  throw new CognitoException(
    'InvalidParameterException',
    'DefaultRedirectURI must be one of CallbackURLs.',
  );
}

function readUrls(name: string, given: readonly string[], isDev: boolean): string[] {
  for (const url of given) {
    const problem = urlProblem(url, { isDev });
    if (problem !== undefined)
      throw new CognitoException('InvalidParameterException', `${name}: ${url}: ${problem}`);
  }
  return [...given];
}
