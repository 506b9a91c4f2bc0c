import type Provider from 'oidc-provider';
import type { Accounts } from '../../accounts/accounts.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Revocation } from '../../revocation/revocation.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Origin } from '../../runtime/origin.ts';
import { ACR } from '../acr.ts';
import { detailsIn } from '../authorization-details/authorization-details.ts';
import type { ProtocolSettings } from '../config.ts';
import type { Consents } from '../consent-queries.ts';
import type { BackchannelAnswer, BackchannelRequests, BrowserSession } from '../contract.ts';
import { addAllowed } from '../existing-grant.ts';
import { asksForMultiple } from '../interaction-view.ts';
import type { RequestScopes } from '../request-scope.ts';
import { text } from '../store/payloads.ts';
import { createFindWaiting, type FindWaitingOptions, type FoundRequest } from './find-waiting.ts';
import type { Ping } from './ping.ts';

interface WaitingRequestsOptions extends FindWaitingOptions {
  readonly provider: () => Provider;
  readonly scopes: RequestScopes;
  readonly revocation: Revocation;
  readonly accounts: Pick<Accounts, 'find'>;
  readonly consents: Consents;
  readonly settings: Pick<ProtocolSettings, 'authentication'>;
  readonly audit: Audit;
  readonly ping: Ping;
}

/** What waits for people, and what they say to it: once, by one swap. */
export function createWaitingRequests(options: WaitingRequestsOptions): BackchannelRequests {
  const { scopes, audit, ping } = options;
  const findWaiting = createFindWaiting(options);

  async function answer(
    { session, id, isApproved }: Parameters<BackchannelRequests['answer']>[1],
    origin: Origin,
  ): Promise<BackchannelAnswer> {
    const { accountId } = session;
    const found = (await findWaiting(accountId)).find(({ request }) => request.id === id);
    if (found === undefined) return 'gone';
    const outcome = await (isApproved ? approve(found, session, options) : refuse(found, options));
    if (outcome !== 'done') return outcome;
    await audit.record({
      type: isApproved ? 'ciba.approved' : 'ciba.refused',
      origin,
      accountId,
      clientId: found.client.id,
    });
    const sealed = text(found.value, 'ping');
    // Nobody waits for the client. It ends by itself, or with the node.
    if (sealed !== undefined) void ping(found.client, sealed).catch(() => undefined);
    return outcome;
  }

  return {
    list: async (accountId) =>
      (await findWaiting(accountId))
        .map(({ request }) => request)
        .toSorted((one, other) => other.askedAt - one.askedAt),
    answer(ctx, what) {
      const { origin = { address: 'unknown' } }: { readonly origin?: Origin } = ctx.state;
      scopes.open(ctx.req, origin);
      return scopes.within(ctx.req, () => answer(what, origin));
    },
  };
}

async function approve(
  found: FoundRequest,
  session: BrowserSession,
  options: WaitingRequestsOptions,
): Promise<BackchannelAnswer> {
  // Before the person is looked at: what is revoked from here on is newer than the answer.
  const mark = options.revocation.stamp();
  const { accountId } = session;
  if ((await options.accounts.find(accountId))?.state !== 'active') return 'gone';
  if (isShort(found, session, options)) return 'more-proof';
  const { client, allowed, params } = found;
  const grant = new (options.provider().Grant)({ accountId, clientId: client.id });
  addAllowed(grant, allowed);
  const grantId = await grant.save();
  const rar = detailsIn(text(params, 'authorization_details'));
  const said = { grantId, ...proofOf(session), ...(rar.length > 0 && { rar: [...rar] }) };
  if (!(await write(found, { said, mark }, options))) {
    await grant.destroy();
    return 'gone';
  }
  await options.consents.remember(accountId, client.id, allowed);
  return 'done';
}

async function refuse(
  found: FoundRequest,
  options: WaitingRequestsOptions,
): Promise<BackchannelAnswer> {
  const said = { error: 'access_denied', errorDescription: 'End-User refused the request' };
  const mark = text(found.value, 'mark') ?? '';
  return (await write(found, { said, mark }, options)) ? 'done' : 'gone';
}

/** False: somebody else has answered. */
async function write(
  { key, entry, value, payload, request }: FoundRequest,
  { said, mark }: { readonly said: JsonObject; readonly mark: string },
  { state, clock }: WaitingRequestsOptions,
): Promise<boolean> {
  const ttlSeconds = Math.max(1, request.expiresAt - clock.now());
  const answered = { ...value, payload: { ...payload, ...said }, mark };
  const life = { ttlSeconds, durable: true, essential: true, once: true };
  return (await state.swap(key, entry.version, answered, life)) !== undefined;
}

/** Whether client or request ask for more than this session has proven. */
function isShort(
  { client, params }: FoundRequest,
  { isMultiFactor }: BrowserSession,
  { settings }: WaitingRequestsOptions,
): boolean {
  const { secondFactor = settings.authentication.secondFactor } = client.policy;
  const wanted = text(params, 'acr_values')?.split(' ') ?? [];
  return !isMultiFactor && (secondFactor === 'required' || asksForMultiple(wanted));
}

/** What the ID token says of how they signed in to answer. */
function proofOf({ isMultiFactor, amr, authTime }: BrowserSession): JsonObject {
  return { acr: isMultiFactor ? ACR.multiple : ACR.single, amr: [...amr], authTime };
}
