import { z } from 'zod';
import { AccountExists, InvalidAccount, type Account } from '../../accounts/accounts.ts';
import { foldEmail } from '../../accounts/login.ts';
import { pageUrl } from '../../http/page-url.ts';
import { isMailbox } from '../../mail/mailbox.ts';
import type { FurtherGrant, GrantRequest } from '../../provider/further-grant.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { Json } from '../../runtime/json.ts';
import { authenticatedClient } from './api-client.ts';
import { problem } from './api-problem.ts';
import { endpointOf, type ApiCall, type ApiEndpoint } from './api-routes.ts';
import { letIn } from './let-in.ts';
import { CONNECTION_IS_OFF, EMAIL, GRANT } from './names.ts';
import { grantIsOff, missing, tooManyAttempts, unknownRealm, wrongEmailCode } from './refusals.ts';
import type { Room } from './room.ts';

const MINUTE = 60;
const ID_LENGTH = 24;

const start = z.object({
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  connection: z.string(),
  email: z.string().max(254).optional(),
  send: z.enum(['code', 'link']).optional(),
});

/** `/passwordless/start`: a code to an address. Nobody learns whose it is, or whether it is anybody's. */
export function createPasswordlessStart(room: Room): ApiEndpoint {
  return endpointOf('/passwordless/start', start, async (given, call) => {
    const client = await authenticatedClient(given, room.clients);
    // There is nobody here who sends text messages.
    if (given.connection !== EMAIL || !room.authentication.emailCode)
      throw problem(400, 'bad.connection', 'Connection does not exist');
    if (!(await room.connection.isEnabledFor(client.id)))
      throw problem(400, 'bad.connection', CONNECTION_IS_OFF);
    const { email = '' } = given;
    if (!isMailbox(email)) throw problem(400, 'bad.email', 'email is not valid');
    await room.letterbox.admit(call.origin);
    const { client_name: named } = client.metadata;
    const name = typeof named === 'string' ? named : client.id;
    await sendCode({ email, clientId: client.id, name }, call, room);
    return { _id: idOf(email), email, email_verified: false } satisfies Json;
  });
}

/** The code from the letter for tokens. Where joining is open, whoever is new has an account by that. */
export function createOtpGrant(room: Room): FurtherGrant {
  const grantType = GRANT.passwordlessOtp;
  return {
    grantType,
    parameters: ['username', 'otp', 'realm'],
    async prove(request) {
      const { username: email, otp: code, realm } = request.parameters;
      if (!room.authentication.emailCode) throw grantIsOff(grantType);
      if (email === undefined) throw missing('username');
      if (code === undefined) throw missing('otp');
      if (realm !== EMAIL) throw unknownRealm();
      const account = await proven(request, { email, code }, room);
      const proof = { method: 'email-code', accountId: account.id, at: room.clock.now() } as const;
      const { clientId, wish, mark } = request;
      return await letIn({ account, proofs: [proof], clientId, wish, mark }, room);
    },
  };
}

interface Asked {
  readonly email: string;
  readonly clientId: string;
  /** Of the application. */
  readonly name: string;
}

async function sendCode(asked: Asked, { origin, languages }: ApiCall, room: Room): Promise<void> {
  const { accounts, factors, letterbox, tenant } = room;
  const { email, name: clientName } = asked;
  const owner = await accounts.findByLogin(email);
  const flowId = flowOf(asked, room);
  const accountId = ownerId(owner, email);
  const issued = await factors.emailCodes.issue({ flowId, accountId, origin });
  if (issued.kind === 'throttled')
    throw problem(429, 'too_many_requests', 'Too many requests; try again later.');
  const isWanted = owner === undefined ? await mayJoin(asked, room) : mayCome(owner);
  if (!isWanted) return;
  const data = {
    code: issued.code,
    url: pageUrl(tenant.issuer, `/sign-in-code/${issued.linkToken}`),
    minutes: Math.round(issued.lifetimeSeconds / MINUTE),
    clientName,
  };
  letterbox.post({ to: owner?.email ?? email, name: 'sign-in-code', data, languages }, origin);
}

async function proven(
  { clientId, origin }: GrantRequest,
  { email, code }: { readonly email: string; readonly code: string },
  room: Room,
): Promise<Account> {
  const { accounts, factors } = room;
  const owner = await accounts.findByLogin(email);
  const outcome = await factors.emailCodes.check({
    flowId: flowOf({ email, clientId }, room),
    accountId: ownerId(owner, email),
    code,
    origin,
    clientId,
    isOfNobody: owner === undefined,
  });
  if (outcome.kind === 'throttled') throw tooManyAttempts();
  if (outcome.kind === 'refused') throw wrongEmailCode();
  if (owner !== undefined && mayCome(owner)) return owner;
  if (owner !== undefined || !(await mayJoin({ email, clientId }, room))) throw wrongEmailCode();
  try {
    return await accounts.create({ email, emailVerified: true }, { by: 'self', origin });
  } catch (error) {
    // Somebody else took the address in this moment, or the installation wants more of an account.
    if (error instanceof AccountExists || error instanceof InvalidAccount) throw wrongEmailCode();
    throw error;
  }
}

/** An address that nobody has verified lets nobody in: whoever made the account need not be who reads its mail. */
function mayCome({ state, emailVerified }: Account): boolean {
  return state === 'active' && emailVerified;
}

/** Whether whoever has no account makes one by the code. */
async function mayJoin(
  { email, clientId }: Pick<Asked, 'email' | 'clientId'>,
  { connection, registration }: Room,
): Promise<boolean> {
  return registration.isOpenTo(email) && (await connection.isOpenFor(clientId));
}

/** Of nobody, but always of the same nobody, so that it is counted like anyone else. */
function ownerId(owner: Account | undefined, email: string): string {
  return owner?.id ?? `nobody:${sha256(folded(email))}`;
}

function flowOf({ email, clientId }: Pick<Asked, 'email' | 'clientId'>, { tenant }: Room): string {
  return `auth0 ${tenant.name} ${clientId} passwordless ${folded(email)}`;
}

/** As long as Auth0's, and the same whether or not somebody has the address. */
function idOf(email: string): string {
  return sha256(`passwordless ${folded(email)}`).slice(0, ID_LENGTH);
}

function folded(email: string): string {
  return foldEmail(email) ?? email.toLowerCase();
}
