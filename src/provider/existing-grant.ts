import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import type { Clock } from '../runtime/clock.ts';
import { sha256 } from '../runtime/digest.ts';
import { randomId } from '../runtime/random.ts';
import { intersection, isNothing, NOTHING } from './allowed.ts';
import type { Allowed, Consents } from './consent-queries.ts';
import type { EngineClients } from './engine-clients.ts';
import { missingByApi } from './missing-scopes.ts';
import { dropScope } from './offline-access.ts';
import type { Permitted } from './permitted.ts';
import { identifierOf, indicatorOf } from './resources.ts';
import type { Grants } from './store/grants.ts';
import type { Lifetimes } from './lifetimes.ts';
import { joinedIn, organizationOf, ORGANIZATION } from './organization-engine.ts';
import type { Organizations } from './organizations.ts';
import type { RequestScopes } from './request-scope.ts';

/** What decides about consent that was given before. */
export interface ExistingGrantOptions {
  readonly grants: Grants;
  readonly consents: Consents;
  readonly permitted: Permitted;
  readonly engineClients: EngineClients;
  readonly lifetimes: Lifetimes;
  readonly clock: Clock;
  readonly organizations?: Organizations | undefined;
  readonly scopes: Pick<RequestScopes, 'of'>;
}

/**
 * The grant under which a request goes on: of this session, with what the person allowed earlier, in this
 * or another session, and what the installation allows its own apps. Only what the request asks for is added. What is
 * asked in the name of an organization has a grant of its own.
 */
export async function loadExistingGrant(
  ctx: KoaContextWithOIDC,
  options: ExistingGrantOptions,
): Promise<Grant | undefined> {
  const organization = (
    await joinedIn(ctx, options.organizations, options.scopes.of(ctx.req).origin)
  )?.id;
  const kept = await grantOfSession(ctx, organization);
  // A page asks for everything anyway, and writes what is allowed there.
  if (ctx.oidc.promptPending('consent')) return kept;
  const { accountId } = ctx.oidc.account ?? {};
  const missing = await options.permitted.among(accountId, missingFrom(ctx, kept));
  const allowed = isNothing(missing) ? missing : await allowedBefore(ctx, missing, options);
  const isShort = kept !== undefined && needsRenewal(ctx, kept, options);
  const grant =
    isNothing(allowed) && !isShort
      ? kept
      : await extend(ctx, { kept, allowed, organization }, options);
  ignoreOfflineAccess(ctx, grant);
  return grant;
}

/**
 * The id of a grant to be made: one for each session and client, so that two tabs that begin at once share
 * it, until it has ended.
 */
export async function newGrantId(
  sessionUid: string,
  clientId: string,
  grants: Grants,
): Promise<string> {
  const id = grantIdOf(sessionUid, clientId);
  return (await grants.isEnded(id)) ? randomId(16, 'grant after its end') : id;
}

function grantIdOf(sessionUid: string, clientId: string): string {
  return sha256(`${sessionUid} ${clientId}`);
}

/** Adds to a grant what a person allowed. */
export function addAllowed(grant: Grant, { scopes, claims, resources }: Allowed): void {
  if (scopes.length > 0) grant.addOIDCScope([...scopes]);
  if (claims.length > 0) grant.addOIDCClaims([...claims]);
  for (const [identifier, names] of Object.entries(resources)) {
    if (names.length > 0) grant.addResourceScope(indicatorOf(identifier), [...names]);
  }
}

async function grantOfSession(
  { oidc }: KoaContextWithOIDC,
  organization: string | undefined,
): Promise<Grant | undefined> {
  const { provider, account, client, session, result } = oidc;
  if (client === undefined || session === undefined) return undefined;
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const grant = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const isTheirs = isGrantOf(grant, client.clientId, account?.accountId);
  return isTheirs && organizationOf(grant) === organization ? grant : undefined;
}

function isGrantOf(
  grant: Grant | undefined,
  clientId: string,
  accountId: string | undefined,
): boolean {
  return grant?.clientId === clientId && grant.accountId === accountId;
}

function missingFrom(ctx: KoaContextWithOIDC, grant: Grant | undefined): Allowed {
  const { requestParamOIDCScopes, requestParamClaims } = ctx.oidc;
  const without = (names: Iterable<string>, known: readonly string[]): readonly string[] => {
    const seen = new Set(known);
    return [...names].filter((name) => !seen.has(name));
  };
  const resources = Object.entries(missingByApi(ctx, grant));
  return {
    scopes: without(requestParamOIDCScopes, grant?.getOIDCScopeEncountered().split(' ') ?? []),
    claims: without(requestParamClaims, grant?.getOIDCClaimsEncountered() ?? []),
    resources: Object.fromEntries(
      resources.map(([indicator, names]) => [identifierOf(indicator), names]),
    ),
  };
}

async function allowedBefore(
  ctx: KoaContextWithOIDC,
  missing: Allowed,
  { engineClients, consents }: ExistingGrantOptions,
): Promise<Allowed> {
  const { client, account } = ctx.oidc;
  const owner = client && engineClients.ownerOf(client);
  if (owner?.policy.firstParty === true) return missing;
  const remembered = owner && account && (await consents.find(account.accountId, owner.id));
  return intersection(missing, remembered ?? NOTHING);
}

async function extend(
  ctx: KoaContextWithOIDC,
  {
    kept,
    allowed,
    organization,
  }: {
    readonly kept: Grant | undefined;
    readonly allowed: Allowed;
    readonly organization: string | undefined;
  },
  { grants }: ExistingGrantOptions,
): Promise<Grant> {
  const { provider, client, account, session } = ctx.oidc;
  const clientId = client?.clientId ?? '';
  const grant = kept ?? new provider.Grant({ accountId: account?.accountId, clientId });
  if (kept === undefined) {
    const holder = organization === undefined ? clientId : `${clientId} ${organization}`;
    grant.jti = await idFor(session, holder, grants);
    if (organization !== undefined) Object.assign(grant, { [ORGANIZATION]: organization });
  }
  addAllowed(grant, allowed);
  // Counted from now on, so that what is issued next does not outlive it.
  grant.exp = undefined;
  await grant.save();
  return grant;
}

async function idFor(
  session: KoaContextWithOIDC['oidc']['session'],
  holder: string,
  grants: Grants,
): Promise<string> {
  const uid = session?.uid ?? '';
  if (!isNew(session)) return await newGrantId(uid, holder, grants);
  const id = grantIdOf(uid, holder);
  grants.isNew(id);
  return id;
}

/** Begun by this request: nobody else has heard of its uid. */
function isNew(session: object | undefined): boolean {
  return session !== undefined && 'new' in session && session.new === true;
}

function needsRenewal(
  { oidc: { client } }: KoaContextWithOIDC,
  { exp }: Grant,
  { lifetimes, clock }: ExistingGrantOptions,
): boolean {
  if (client === undefined || exp === undefined) return false;
  return exp - clock.now() < lifetimes.grantNeeded(client);
}

/** A page cannot ask now, so what was not allowed before is as if it had not been asked (OpenID Connect Core section 11). */
function ignoreOfflineAccess(ctx: KoaContextWithOIDC, grant: Grant | undefined): void {
  const isGranted = grant?.getOIDCScope().split(' ').includes('offline_access') === true;
  if (ctx.oidc.prompts.has('none') && !isGranted) dropScope(ctx, 'offline_access');
}
