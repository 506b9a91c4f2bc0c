import type { KoaContextWithOIDC, Session } from 'oidc-provider';
import type { JsonObject } from '../runtime/json.ts';
import type { AdvisedPerson, AdviceSought } from './advice.ts';
import { sourceOf } from './grant-source.ts';
import { identifierOf } from './resources.ts';
import { toJson } from './store/payloads.ts';

/** Parameters that prove something, or are good for something. */
const SECRET = /secret|password|token|code|assertion|otp|proof/;

/** What the request of `ctx` is about to bring. */
export function soughtIn(ctx: KoaContextWithOIDC): Omit<AdviceSought, 'origin'> {
  const { oidc, method } = ctx;
  const isOfClient = oidc.params?.['grant_type'] === 'client_credentials';
  return {
    clientId: oidc.client?.clientId ?? '',
    person: isOfClient ? undefined : personIn(ctx),
    api: apiIn(ctx),
    scopes: [...scopesIn(ctx)],
    method,
    parameters: openParameters(oidc.params ?? {}),
  };
}

type Source = Partial<AdvisedPerson>;

function personIn(ctx: KoaContextWithOIDC): AdvisedPerson {
  const { session, account } = ctx.oidc;
  const source = sourceOf(ctx);
  if (source === undefined && session !== undefined) return personOf(session, ctx);
  const { accountId = '', sessionUid, amr = [], authTime }: Source = source ?? account ?? {};
  return { accountId, sessionUid, amr, authTime };
}

/** Whoever is signed in at the browser. */
function personOf(session: Session, { oidc }: KoaContextWithOIDC): AdvisedPerson {
  const { accountId = '', uid } = session;
  return {
    accountId,
    sessionUid: uid,
    amr: oidc.amr ?? [],
    authTime: session.authTime(),
  };
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
