import type { IncomingMessage } from 'node:http';
import {
  errors,
  type AccessToken,
  type Account as EngineAccount,
  type Client as EngineClient,
  type ClientCredentials,
  type Provider,
  type ResourceServer as EngineApi,
} from 'oidc-provider';
import type { Audit } from '../audit/audit.ts';
import { shapeForPerson, type ShapeOptions } from './access-token-shape.ts';
import type { Admission } from './admission.ts';
import { MintingRefused, type Minting, type MintingOrder } from './minting-order.ts';
import { noteIssued } from './issued.ts';
import type { Lifetimes } from './lifetimes.ts';
import type { ProtocolMetrics } from './metrics.ts';
import { indicatorOf } from './resources.ts';
import { ROUTES } from './routes.ts';

interface MintingOptions extends ShapeOptions {
  readonly admission: Admission;
  readonly audit: Audit;
  readonly lifetimes: Lifetimes;
  readonly metrics: ProtocolMetrics | undefined;
  /** The generation of the moment. */
  readonly provider: () => Provider;
}

/** What an order names, found. */
interface Ground {
  readonly client: EngineClient;
  /** Undefined: the token is the client's own. */
  readonly account: EngineAccount | undefined;
  readonly indicator: string | undefined;
  readonly api: EngineApi | undefined;
  readonly scopes: readonly string[];
}

/** Tokens without a sign-in, made by the engine's own models under a grant of their own: revocable like any. */
export function createMinting(options: MintingOptions): Minting {
  const { scopes, admission } = options;

  async function mint(order: MintingOrder): ReturnType<Minting['mint']> {
    const scope = scopes.current();
    scope.mark = await admission.markFor(ROUTES.token);
    scope.exchanged = order.claims;
    const provider = options.provider();
    const ground = await groundOf(order, provider, options);
    const { client, account } = Object.assign(scope, ground);
    const token =
      account === undefined
        ? ownToken(ground, provider)
        : await personToken(ground, account, provider, options);
    const expiresIn = order.expiresInSeconds ?? options.lifetimes.accessToken(token, client);
    // The engine reads it, and its types cannot say so.
    Object.assign(token, { expiresIn });
    const value = await token.save();
    const { clientId } = client;
    const issued = { origin: scope.origin, accountId: account?.accountId, clientId, token };
    noteIssued({ ...issued, grantType: 'dev_tokens' }, options);
    return { value, expiresIn, scope: token.scope };
  }

  return { mint: (request: IncomingMessage, order) => scopes.within(request, () => mint(order)) };
}

async function groundOf(
  { accountId, clientId, api: identifier, scopes }: MintingOrder,
  provider: Provider,
  { accountClaims, resources }: MintingOptions,
): Promise<Ground> {
  const client = await provider.Client.find(clientId);
  if (client === undefined) throw new MintingRefused(`No client has the id ${clientId}.`);
  const account = accountId === undefined ? undefined : await accountClaims.findAccount(accountId);
  if (accountId !== undefined && account === undefined)
    throw new MintingRefused('The account is locked or gone.');
  if (identifier === undefined)
    return { client, account, indicator: undefined, api: undefined, scopes: scopes ?? ['openid'] };
  const indicator = indicatorOf(identifier);
  const api = apiFor({ indicator, client, account }, resources);
  const offered = api.scope?.split(' ').filter(Boolean) ?? [];
  return { client, account, indicator, api, scopes: within(scopes ?? offered, offered) };
}

function apiFor(
  {
    indicator,
    client,
    account,
  }: Pick<Ground, 'client' | 'account'> & { readonly indicator: string },
  resources: MintingOptions['resources'],
): EngineApi {
  try {
    return resources.forClient(indicator, client, account === undefined ? 'itself' : 'people');
  } catch (cause) {
    if (!(cause instanceof errors.InvalidTarget)) throw cause;
    const words = `No API ${indicator} is there for ${client.clientId}: see apis, and clients[].apis.`;
    throw new MintingRefused(words, { cause });
  }
}

/** A token that no request could bring about would test nothing. */
function within(scopes: readonly string[], offered: readonly string[]): readonly string[] {
  const unknown = scopes.filter((name) => !offered.includes(name));
  if (unknown.length === 0) return scopes;
  throw new MintingRefused(
    `The client cannot have ${unknown.join(' ')} of this API; it may have: ${offered.join(' ')}.`,
  );
}

function ownToken(
  { client, indicator, api, scopes }: Ground,
  provider: Provider,
): ClientCredentials {
  const token = new provider.ClientCredentials({ client, scope: scopes.join(' ') || undefined });
  if (api !== undefined) token.resourceServer = new provider.ResourceServer(indicator ?? '', api);
  return token;
}

async function personToken(
  { client, indicator, api, scopes }: Ground,
  { accountId }: EngineAccount,
  provider: Provider,
  options: MintingOptions,
): Promise<AccessToken> {
  const scope = scopes.join(' ');
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  if (indicator === undefined) grant.addOIDCScope(scope);
  else grant.addResourceScope(indicator, scope);
  const grantId = await grant.save();
  const token = new provider.AccessToken({ accountId, client, grantId, gty: 'dev_tokens', scope });
  if (api !== undefined) token.resourceServer = new provider.ResourceServer(indicator ?? '', api);
  shapeForPerson(token, provider, { scopes: [], claims: undefined }, options);
  return token;
}
