import * as client from 'openid-client';
import type { Person, Stop, UserAgent } from './user-agent.ts';

export type Tokens = Awaited<ReturnType<typeof client.authorizationCodeGrant>>;

/** An authorization request, and what its answer is held against. */
export interface Request {
  readonly url: URL;
  readonly checks: client.AuthorizationCodeGrantChecks;
}

/** An app that uses openid-client as its documentation shows. */
export interface OpenidClient {
  readonly configuration: client.Configuration;
  /** With PKCE, state and nonce; `parameters` are added, `undefined` leaves one out. */
  request(parameters?: Parameters): Promise<Request>;
  /** From the authorization request to where the answer leads. */
  authorize(agent: UserAgent, parameters?: Parameters, person?: Person): Promise<Answer>;
  /** All the way to the tokens. */
  signIn(agent: UserAgent, parameters?: Parameters, person?: Person): Promise<Tokens>;
  redeem(answer: Answer): Promise<Tokens>;
}

export type Parameters = Readonly<Record<string, string | undefined>>;

export interface Answer extends Request, Stop {}

export interface OpenidClientOptions {
  readonly issuer: string;
  readonly id: string;
  readonly redirectUri: string;
  readonly authentication: client.ClientAuth;
  readonly metadata?: Partial<client.ClientMetadata>;
  readonly fetch?: typeof fetch;
}

/** Discovers the issuer. */
export async function createOpenidClient(options: OpenidClientOptions): Promise<OpenidClient> {
  const configuration = await client.discovery(
    new URL(options.issuer),
    options.id,
    options.metadata ?? {},
    options.authentication,
    {
      execute: options.issuer.startsWith('http:') ? [client.allowInsecureRequests] : [],
      ...(options.fetch && { [client.customFetch]: options.fetch }),
    },
  );
  return createRelyingParty(configuration, options.redirectUri);
}

/** The app of a configuration that is there, of a client that registered itself. */
export function createRelyingParty(
  configuration: client.Configuration,
  redirectUri: string,
): OpenidClient {
  const request: OpenidClient['request'] = async (parameters = {}) => {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedState = client.randomState();
    const expectedNonce = client.randomNonce();
    const asked = definedOnly({
      redirect_uri: redirectUri,
      scope: 'openid profile email offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
      ...parameters,
    });
    const checks = {
      expectedState,
      expectedNonce,
      ...('code_challenge' in asked && { pkceCodeVerifier }),
    };
    return { url: client.buildAuthorizationUrl(configuration, asked), checks };
  };
  const authorize: OpenidClient['authorize'] = async (agent, parameters, person) => {
    const { url, checks } = await request(parameters);
    const stop = await agent.authorize(url, person);
    if (stop.status !== 0) throw new Error(`not led back to the app but to a page:\n${stop.html}`);
    return { ...stop, checks };
  };
  const redeem: OpenidClient['redeem'] = ({ url, checks }) =>
    client.authorizationCodeGrant(configuration, url, checks);
  return {
    configuration,
    request,
    authorize,
    redeem,
    signIn: async (agent, parameters, person) => redeem(await authorize(agent, parameters, person)),
  };
}

function definedOnly(parameters: Parameters): Record<string, string> {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Record<string, string>;
}
