import type { KoaContextWithOIDC, Session } from 'oidc-provider';
import type { JsonObject } from '../runtime/json.ts';
import type { AdvisedPerson, AdviceSought } from './advice.ts';
import type { ProvenPerson } from './further-grant.ts';
import { sourceOf } from './grant-source.ts';
import { organizationOf } from './organization-engine.ts';
import type { RequestScope } from './request-scope.ts';
import { identifierOf } from './resources.ts';
import { toJson } from './store/payloads.ts';

/** Parameters that prove something, or are good for something. */
const SECRET = /secret|password|token|code|assertion|otp|proof/;

/** What the request of `ctx` is about to bring. */
export function soughtIn(
  ctx: KoaContextWithOIDC,
  { origin, proven }: Pick<RequestScope, 'origin' | 'proven'>,
): AdviceSought {
  const { oidc, method } = ctx;
  const isOfClient = oidc.params?.['grant_type'] === 'client_credentials';
  return {
    clientId: oidc.client?.clientId ?? '',
    person: isOfClient ? undefined : personIn(ctx, proven),
    api: apiIn(ctx),
    scopes: [...scopesIn(ctx)],
    method,
    parameters: openParameters(oidc.params ?? {}),
    origin,
  };
}

type Source = Partial<AdvisedPerson>;

function personIn(ctx: KoaContextWithOIDC, proven: ProvenPerson | undefined): AdvisedPerson {
  const { session, account } = ctx.oidc;
  const source = sourceOf(ctx);
  if (source === undefined && session !== undefined) return personOf(session, ctx);
  const {
    accountId = '',
    sessionUid,
    amr = [],
    authTime,
  }: Source = source ?? proven ?? account ?? {};
  return { accountId, sessionUid, amr, authTime, organization: organizationIn(ctx) };
}

/** Whoever is signed in at the browser. */
function personOf(session: Session, ctx: KoaContextWithOIDC): AdvisedPerson {
  const { accountId = '', uid } = session;
  return {
    accountId,
    sessionUid: uid,
    amr: ctx.oidc.amr ?? [],
    authTime: session.authTime(),
    organization: organizationIn(ctx),
  };
}

function organizationIn({ oidc }: KoaContextWithOIDC): string | undefined {
  return organizationOf(oidc.entities.Grant);
}

function apiIn(ctx: KoaContextWithOIDC): string | undefined {
  const { params, resourceServers } = ctx.oidc;
  const named = [params?.['resource'], sourceOf(ctx)?.resource, Object.keys(resourceServers ?? {})];
  const indicator = named.flat().find((one) => typeof one === 'string');
  return indicator === undefined ? undefined : identifierOf(indicator);
}

function scopesIn(ctx: KoaContextWithOIDC): Iterable<string> {
  const { oidc } = ctx;
  const asked = oidc.requestParamScopes;
  return asked.size > 0 ? asked : (sourceOf(ctx)?.scopes ?? []);
}

function openParameters(parameters: object): JsonObject {
  return Object.fromEntries(
    Object.entries(toJson(parameters)).filter(([name]) => !SECRET.test(name)),
  );
}
