import { openAccountNode, type AccountNode } from './account-node.ts';
import { freePort } from './ports.ts';
import { throughNode, type Way } from './relying-parties/through-node.ts';

/** What a sign-in gives. */
export interface Tokens {
  readonly AccessToken: string;
  readonly IdToken: string;
  readonly RefreshToken: string;
  readonly TokenType: string;
}

/** What an operation gives, as far as tests take it apart. */
interface Body {
  readonly AuthenticationResult: Tokens;
  readonly ChallengeName: string;
  readonly ChallengeParameters: Readonly<Record<string, string>> & { readonly SALT: string };
  readonly Session: string;
  readonly SecretCode: string;
  readonly Status: string;
  readonly Username: string;
  readonly UserStatus: string;
  readonly UserPool: { readonly Id: string; readonly Arn: string };
  readonly UserPoolClient: { readonly ClientId: string; readonly ClientSecret: string };
  readonly User: Body;
  readonly Users: readonly Body[];
  readonly Groups: readonly { readonly GroupName: string }[];
  readonly PaginationToken: string | undefined;
  readonly NextToken: string | undefined;
  readonly ManagedLoginVersion: number;
  readonly UserAttributes: readonly { readonly Name: string; readonly Value: string }[];
  readonly message: string;
}

/** What an operation answers. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  /** The name of a refusal. */
  readonly error: string | undefined;
}

/** A whole node with one pool, at whose API tests ask as SDKs do. */
export interface CognitoNode extends AccountNode {
  readonly endpoint: string;
  /** To this node, where several share the endpoint. */
  readonly way: Way;
  /** One operation, without a signature. */
  call(operation: string, input: object): Promise<Answered>;
}

export const POOL = 'us-east-1_Dev00001';
/** A public client, one with a secret, and one whose refresh tokens are good once. */
export const CLIENT = 'public1';
export const SECRET_CLIENT = 'confidential1';
export const ROTATING_CLIENT = 'rotating1';
export const SECRET = 'latchkey-dev-secret-not-for-production-0003';

export const CALLBACK = 'http://localhost:3000/callback';
export const SIGNED_OUT = 'http://localhost:3000/';
/** Of clients that people sign in to at the hosted pages. */
const OAUTH = { enabled: true, callbackUrls: [CALLBACK], logoutUrls: [SIGNED_OUT] };

/**
 * `pool` over a pool of everybody in the directory, where passwords need eight characters and nothing else. `endpoint`:
 * of another node, beside which this one stands.
 */
export async function openCognitoNode(
  pool: object = {},
  settings: Readonly<Record<string, unknown>> = {},
  signatures: object = { mode: 'accept' },
  shared?: string,
): Promise<CognitoNode> {
  const port = await freePort();
  const endpoint = shared ?? `http://127.0.0.1:${port}`;
  const way = throughNode(port);
  const node = await openAccountNode({
    cognito: {
      enabled: true,
      endpoint,
      listen: { port },
      perAddress: 1000,
      signatures,
      pools: [
        {
          id: POOL,
          people: true,
          passwordPolicy: {
            requireUppercase: false,
            requireLowercase: false,
            requireNumbers: false,
            requireSymbols: false,
          },
          attributes: [{ name: 'team' }],
          clients: [
            { id: CLIENT, preventUserExistenceErrors: false, oauth: OAUTH },
            { id: SECRET_CLIENT, secretInClear: SECRET, oauth: OAUTH },
            { id: ROTATING_CLIENT, rotateRefreshTokens: true },
          ],
          ...pool,
        },
      ],
    },
    ...settings,
  });
  return {
    ...node,
    endpoint,
    way,
    call: (operation, input) => call({ endpoint, way }, operation, input),
    async close() {
      await way.close();
      await node.close();
    },
  };
}

async function call(
  { endpoint, way }: Pick<CognitoNode, 'endpoint' | 'way'>,
  operation: string,
  input: object,
): Promise<Answered> {
  const answer = await way.fetch(endpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}`,
    },
    body: JSON.stringify(input),
  });
  const error = answer.headers.get('x-amzn-errortype') ?? undefined;
  return { status: answer.status, headers: answer.headers, body: await bodyOf(answer), error };
}

async function bodyOf(answer: Response): Promise<Body> {
  const body: Body = JSON.parse(await answer.text());
  return body;
}
