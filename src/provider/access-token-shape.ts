import {
  Provider,
  type AccessToken,
  type ClientCredentials,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import type { Client, ResourceServer } from '../clients/clients.ts';
import type { JsonObject } from '../runtime/json.ts';
import { sectorOf } from '../subjects/sectors.ts';
import type { Subjects } from '../subjects/subjects.ts';
import type { AdviceDesk } from './advice-desk.ts';
import { CLAIM } from './access-token-claims.ts';
import type { AccountClaims } from './account-claims.ts';
import type { ProtocolSettings } from './config.ts';
import type { Audience } from './custom-claims.ts';
import type { Dialect } from './dialect.ts';
import { judgeOwnToken } from './dialect-targets.ts';
import type { EngineClients } from './engine-clients.ts';
import { sourceOf } from './grant-source.ts';
import { claimsOf } from './organization-engine.ts';
import type { Organizations } from './organizations.ts';
import type { Permitted } from './permitted.ts';
import type { RequestScopes } from './request-scope.ts';
import { asymmetric, formatFor, type Resources } from './resources.ts';
import type { Endpoints } from './routes.ts';
import type { TokenEncryption } from './token-encryption.ts';

type Token = AccessToken | ClientCredentials;

/** What access tokens are made of. */
export interface ShapeOptions {
  readonly settings: ProtocolSettings['tokens'];
  readonly endpoints: Endpoints;
  readonly engineClients: EngineClients;
  readonly resources: Resources;
  readonly permitted: Permitted;
  readonly accountClaims: AccountClaims;
  readonly scopes: RequestScopes;
  readonly subjects: Subjects;
  readonly tokenEncryption: TokenEncryption;
  readonly dialect?: Dialect | undefined;
  /** Where somebody outside has a say in what is issued. */
  readonly advice?: AdviceDesk | undefined;
  readonly organizations?: Organizations | undefined;
}

/**
 * Gives every access token of a generation its audience, scope and format just before it is kept or signed.
 * With `openid`, the token is for the API that was named and for our userinfo; without a named API, for
 * userinfo alone; without `openid`, for the API alone.
 */
export function installShape(provider: Provider, options: ShapeOptions): void {
  const saveAccessToken = provider.AccessToken.prototype.save;
  const saveClientCredentials = provider.ClientCredentials.prototype.save;
  Object.defineProperty(provider.AccessToken.prototype, 'save', {
    async value(this: AccessToken): Promise<string> {
      const { ctx } = Provider;
      if (ctx !== undefined) shapeForPerson(this, ctx.oidc.provider, identityOf(ctx), options);
      await keepPermitted(this, options);
      await takeScopeAdvice(this, options);
      return encrypted(this, await saveAccessToken.call(this), options);
    },
  });
  Object.defineProperty(provider.ClientCredentials.prototype, 'save', {
    async value(this: ClientCredentials): Promise<string> {
      judgeOwnToken(this, options);
      if (this.resourceServer === undefined) {
        // Scopes of no API are nobody's to grant.
        this.scope = undefined;
        nameUserinfo(this, provider, options);
      }
      await takeScopeAdvice(this, options);
      return encrypted(this, await saveClientCredentials.call(this), options);
    },
  });
}

/** Where the API asks for it; an opaque token tells nothing anyway. */
async function encrypted(
  token: Token,
  value: string,
  { resources, tokenEncryption }: ShapeOptions,
): Promise<string> {
  return token.format === 'jwt' ? tokenEncryption.encrypt(value, apiOf(token, resources)) : value;
}

/** Undefined: it is for none that is declared, but for our userinfo. */
function apiOf({ resourceServer }: Token, resources: Resources): ResourceServer | undefined {
  return resourceServer && resources.find(resourceServer.identifier());
}

/** Claims of ours beside those of RFC 9068: the handles by which the token can be taken back, and the installation's. */
export async function extraClaims(
  ctx: KoaContextWithOIDC | undefined,
  token: Token,
  options: ShapeOptions,
): Promise<JsonObject> {
  const { scopes, accountClaims, resources } = options;
  const account = accountClaims.accountOf(ctx?.oidc.account ?? scopes.current().account);
  const audience = audienceOf(token, resources);
  const own = account === undefined ? {} : await accountClaims.inAccessToken(account, audience);
  const advised = ctx && (await options.advice?.current())?.accessToken;
  const custom = { ...own, ...advised, ...(await claimsOf(ctx, options.organizations)) };
  if (token.format !== 'jwt') return { ...custom, ...scopes.current().exchanged };
  const mark = scopes.current().mark ?? '';
  if (token.kind !== 'AccessToken') return { ...custom, [CLAIM.mark]: mark };
  return {
    ...custom,
    ...(await handlesOf(token, options)),
    ...scopes.current().exchanged,
    [CLAIM.mark]: mark,
  };
}

function audienceOf(token: Token, resources: Resources): Audience {
  const api = apiOf(token, resources);
  return {
    clientId: token.clientId ?? '',
    scopes: new Set(token.scope?.split(' ')),
    api,
    isEncrypted: token.format === 'jwt' && api?.encryption !== undefined,
  };
}

async function handlesOf(token: AccessToken, options: ShapeOptions): Promise<JsonObject> {
  const { grantId, sessionUid, expiresWithSession, claims } = token;
  const asked = Object.keys(claims?.userinfo ?? {});
  return {
    [CLAIM.grant]: grantId,
    ...(expiresWithSession === true && sessionUid !== undefined
      ? { [CLAIM.session]: await sessionOf(token, sessionUid, options) }
      : {}),
    ...(asked.length === 0 ? {} : { [CLAIM.userinfo]: asked }),
  };
}

/** A session is known by another name in each sector. */
async function sessionOf(
  { client }: Token,
  sessionUid: string,
  { engineClients, subjects }: ShapeOptions,
): Promise<string> {
  const owner = client && engineClients.ownerOf(client);
  const sector = owner && sectorOf(owner);
  return sector === undefined ? sessionUid : await subjects.hide(sector, sessionUid);
}

/** What goes with a token for an API when `openid` is granted. */
interface Identity {
  /** OIDC scopes that were granted and asked for. */
  readonly scopes: readonly string[];
  readonly claims: AccessToken['claims'];
}

/** What `installShape` does to the token of a person, for one that is issued past the engine's requests. */
export function shapeForPerson(
  token: AccessToken,
  provider: Provider,
  { scopes, claims }: Identity,
  options: ShapeOptions,
): void {
  const { resourceServer: api } = token;
  if (api === undefined) {
    nameUserinfo(token, provider, options);
    return;
  }
  if (!scopes.includes('openid')) return;
  token.claims = claims;
  token.scope = [...new Set([...scopes, ...wordsOf(token.scope)])].join(' ');
  token.aud = [api.audience ?? api.identifier(), options.endpoints.userinfo];
}

function identityOf(ctx: KoaContextWithOIDC): Identity {
  return { scopes: grantedScopes(ctx), claims: sourceOf(ctx)?.claims };
}

/** OIDC scopes that were granted and asked for: with the code, or, fewer, with this refresh. */
function grantedScopes(ctx: KoaContextWithOIDC): readonly string[] {
  const { oidc } = ctx;
  const { RefreshToken, Grant: grant } = oidc.entities;
  const isNarrowed = RefreshToken !== undefined && oidc.params?.['scope'] !== undefined;
  const asked = isNarrowed ? oidc.requestParamScopes : sourceOf(ctx)?.scopes;
  return wordsOf(grant?.getOIDCScopeFiltered(asked ?? new Set()));
}

/** Where an API enforces permissions: of its scopes only those that a role of the person permits now. */
async function keepPermitted(
  token: AccessToken,
  { resources, permitted }: ShapeOptions,
): Promise<void> {
  const api = apiOf(token, resources);
  if (api?.enforcePermissions !== true) return;
  const kept = await permitted.keep(token.accountId, api.identifier, wordsOf(token.scope));
  token.scope = kept.length === 0 ? undefined : kept.join(' ');
}

/** After all that is granted, which is not an adviser's to judge. */
async function takeScopeAdvice(token: Token, { advice }: ShapeOptions): Promise<void> {
  if (advice === undefined) return;
  const { addedScopes, removedScopes } = await advice.current();
  const removed = new Set(removedScopes);
  const scopes = [...wordsOf(token.scope), ...addedScopes].filter((name) => !removed.has(name));
  token.scope = [...new Set(scopes)].join(' ') || undefined;
}

function wordsOf(scope = ''): readonly string[] {
  return scope.split(' ').filter(Boolean);
}

function nameUserinfo(token: Token, provider: Provider, options: ShapeOptions): void {
  const { endpoints, engineClients, settings } = options;
  const owner: Client | undefined = token.client && engineClients.ownerOf(token.client);
  if (owner === undefined) return;
  token.resourceServer = new provider.ResourceServer(endpoints.userinfo, {
    scope: '',
    audience: endpoints.userinfo,
    accessTokenFormat: formatFor(
      owner,
      options.dialect === undefined ? 'jwt' : 'opaque',
      settings.accessTokenFormat,
    ),
    jwt: { sign: { alg: asymmetric(settings.accessTokenAlgorithm) } },
  });
}
