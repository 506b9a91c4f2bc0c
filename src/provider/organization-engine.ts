import { errors, type Grant, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import type { Invited, Organization, Organizations, OrganizationUsage } from './organizations.ts';

type IssueContext = Parameters<InstanceType<Provider['IdToken']>['issue']>[0];

/** The parameter of an authorization request that names an organization. */
export const ORGANIZATION = 'organization';
/** The parameter by which whoever was invited to it shows that. */
export const INVITATION = 'invitation';

/** Grants keep in whose name they were made; ID tokens say it. Access tokens do by their extra claims. */
export function installOrganizations(provider: Provider, organizations: Organizations): void {
  const { IN_PAYLOAD: known }: { readonly IN_PAYLOAD: readonly string[] } = Object(provider.Grant);
  Object.defineProperty(provider.Grant, 'IN_PAYLOAD', { value: [...known, ORGANIZATION] });
  const { issue } = provider.IdToken.prototype;
  Object.defineProperty(provider.IdToken.prototype, 'issue', {
    async value(this: InstanceType<Provider['IdToken']>, context: IssueContext): Promise<string> {
      const claims = context.use === 'idtoken' ? await claimsOf(this.ctx, organizations) : {};
      for (const [name, value] of Object.entries(claims)) this.set(name, value);
      return await issue.call(this, context);
    },
  });
}

/**
 * The organization in whose name the request under way is.
 *
 * @throws {errors.InvalidRequest} when there is none of that name, the client must name one, or may not.
 */
export async function namedIn(
  { oidc }: KoaContextWithOIDC,
  organizations: Organizations | undefined,
): Promise<Organization | undefined> {
  if (organizations === undefined) return undefined;
  const named = oidc.params?.[ORGANIZATION];
  const isNamed = typeof named === 'string' && named !== '';
  refuseUnfit(await organizations.usageOf(oidc.client?.clientId ?? ''), isNamed);
  if (!isNamed) return undefined;
  const found = await organizations.find(named);
  if (found === undefined) throw new errors.InvalidRequest(`parameter ${ORGANIZATION} is invalid`);
  return found;
}

/**
 * The id of the organization in whose name the engine's request under way is, by its grant, or by what it names; outside
 * of one, of the organization that is `named`. Undefined: in nobody's.
 */
export async function organizationUnderWay(
  ctx: KoaContextWithOIDC | undefined,
  organizations: Organizations | undefined,
  named: string | undefined,
): Promise<string | undefined> {
  if (organizations === undefined) return undefined;
  const { entities, params } = ctx?.oidc ?? {};
  if (entities?.Grant !== undefined) return organizationOf(entities.Grant);
  const found = await find(named ?? params?.[ORGANIZATION], organizations);
  return found?.id;
}

async function find(
  named: unknown,
  organizations: Organizations,
): Promise<Organization | undefined> {
  return typeof named === 'string' && named !== '' ? await organizations.find(named) : undefined;
}

/** In the words of Auth0. */
function refuseUnfit(usage: OrganizationUsage, isNamed: boolean): void {
  if (usage === 'deny' && isNamed)
    throw new errors.InvalidRequest(`parameter ${ORGANIZATION} is not allowed for this client`);
  if (usage === 'require' && !isNamed)
    throw new errors.InvalidRequest(`parameter ${ORGANIZATION} is required for this client`);
}

/**
 * The same, of which whoever is signed in is a member, or becomes one by the invitation that they bring. Who is about to
 * sign in is judged after that.
 *
 * @throws {errors.AccessDenied} for anybody else.
 */
export async function joinedIn(
  ctx: KoaContextWithOIDC,
  organizations: Organizations | undefined,
  origin: Origin,
): Promise<Organization | undefined> {
  const found = await namedIn(ctx, organizations);
  const { account } = ctx.oidc;
  if (organizations === undefined || found === undefined) return undefined;
  if (account === undefined || ctx.oidc.promptPending('login')) return found;
  if (await organizations.isMember(found.id, account.accountId)) return found;
  const invited = invitedIn(ctx, {
    organizationId: found.id,
    accountId: account.accountId,
    origin,
  });
  if (invited !== undefined && (await organizations.accept(invited))) return found;
  throw new errors.AccessDenied(`user is not part of the ${found.id} organization`);
}

/** Undefined: the request brings no invitation. */
function invitedIn(
  { oidc }: KoaContextWithOIDC,
  who: Pick<Invited, 'organizationId' | 'accountId' | 'origin'>,
): Invited | undefined {
  const ticket = oidc.params?.[INVITATION];
  if (typeof ticket !== 'string' || oidc.client === undefined) return undefined;
  return { ...who, ticket, clientId: oidc.client.clientId };
}

/** In whose name it was made; undefined: in nobody's. */
export function organizationOf(grant: Grant | undefined): string | undefined {
  const { organization }: { readonly organization?: unknown } = Object(grant);
  return typeof organization === 'string' ? organization : undefined;
}

/**
 * What the tokens of the request under way say of the organization of their grant.
 *
 * @throws {errors.InvalidGrant} when it is gone, or the person is no member any more.
 */
export async function claimsOf(
  ctx: KoaContextWithOIDC | undefined,
  organizations: Organizations | undefined,
): Promise<JsonObject> {
  const { Grant: grant } = ctx?.oidc.entities ?? {};
  const id = organizationOf(grant);
  if (organizations === undefined || id === undefined) return {};
  const [found, isMember] = await Promise.all([
    organizations.find(id),
    organizations.isMember(id, grant?.accountId ?? ''),
  ]);
  if (found === undefined || !isMember)
    throw new errors.InvalidGrant('the person is no member of the organization any more');
  return found.claims;
}
