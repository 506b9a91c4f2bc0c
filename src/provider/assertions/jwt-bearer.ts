import {
  errors,
  type Account as EngineAccount,
  type TokenEndpointGrantContext,
} from 'oidc-provider';
import type { Accounts } from '../../accounts/accounts.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { InstallOptions } from '../features/feature.ts';
import type { TrustedIssuer } from '../features/jwt-bearer.ts';
import { answerWithToken, targetOf } from '../own-token.ts';
import { readPossession } from '../possession.ts';
import { ROUTES } from '../routes.ts';
import { IssuerKeysUnavailable, type IssuerKeys } from './issuer-keys.ts';
import { createReadAssertion, type Assertion, type ReadAssertion } from './read-assertion.ts';

type Context = TokenEndpointGrantContext;

interface JwtBearerOptions extends InstallOptions {
  readonly accounts: Pick<Accounts, 'findByLogin'>;
  readonly issuers: readonly TrustedIssuer[];
  readonly issuerKeys: IssuerKeys;
  readonly logger: Logger;
  readonly url: (path: string) => string;
}

/**
 * The token endpoint for RFC 7523 section 2.1: an assertion of an issuer that is trusted, about a person who is here
 * already, for an access token. Each is taken once.
 */
export function createJwtBearer(options: JwtBearerOptions): (ctx: Context) => Promise<void> {
  const { url, audit, scopes } = options;
  const audiences = [url(''), url(ROUTES.token)];
  const readAssertion = createReadAssertion({ ...options, audiences });

  return async (ctx) => {
    const { client, params } = ctx.oidc;
    const possession = await readPossession(ctx, options);
    const assertion = await readOrRefuse(params['assertion'], readAssertion, options);
    const { issuer } = assertion;
    if (!issuer.clients.includes(client.clientId))
      throw new errors.UnauthorizedClient('the client may not hand in assertions of this issuer');
    const account = await accountOf(assertion, options);
    if (account === undefined) throw refusal('the person is not here');
    const target = targetOf(ctx, new Map(Object.entries(issuer.apis)), options);
    await possession.use();
    // The last that can be refused: from here on the assertion is used up.
    if (!(await isFirst(assertion, options))) throw refusal('the assertion was used before');
    await answerWithToken(ctx, { account, target, possession, gty: 'jwt_bearer' }, options);
    audit.note({
      type: 'assertion.redeemed',
      origin: scopes.current().origin,
      accountId: account.accountId,
      clientId: client.clientId,
      assertionIssuer: issuer.issuer,
      audience: target.identifier,
    });
  };
}

/** What was wrong is told to the log of the engine alone. */
function refusal(detail: string): Error {
  return new errors.InvalidGrant(detail);
}

async function readOrRefuse(
  value: unknown,
  readAssertion: ReadAssertion,
  { logger }: JwtBearerOptions,
): Promise<Assertion> {
  if (typeof value !== 'string') throw new errors.InvalidRequest('assertion is missing');
  try {
    const assertion = await readAssertion(value);
    if (assertion === undefined) throw refusal('the assertion is not good');
    return assertion;
  } catch (error) {
    if (!(error instanceof IssuerKeysUnavailable)) throw error;
    logger.warn({ event: 'assertion.keys_unavailable', error }, error.message);
    throw new errors.TemporarilyUnavailable('the keys of the issuer cannot be had now');
  }
}

/** Whoever is not there is not made, and whoever may not be let in is not found. */
async function accountOf(
  { issuer, subject, email }: Assertion,
  { accounts, accountClaims }: JwtBearerOptions,
): Promise<EngineAccount | undefined> {
  if (issuer.subject === 'account') return accountClaims.findAccount(subject);
  const found = email?.includes('@') === true ? await accounts.findByLogin(email) : undefined;
  return found?.emailVerified === true ? accountClaims.findAccount(found.id) : undefined;
}

async function isFirst(
  { issuer, jti, madeAt, rememberUntil }: Assertion,
  { state, clock }: JwtBearerOptions,
): Promise<boolean> {
  const key = `Assertion:${sha256(`${issuer.issuer} ${jti}`)}`;
  const ttlSeconds = Math.max(1, Math.ceil(rememberUntil - clock.now()));
  const options = { ttlSeconds, durable: true, essential: true, madeAt };
  return (await state.swap(key, undefined, { kind: 'Assertion' }, options)) !== undefined;
}
