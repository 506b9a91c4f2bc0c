import { z } from 'zod';
import { AccountExists, InvalidAccount, type Account } from '../../accounts/accounts.ts';
import type { FurtherGrant, GrantRequest } from '../../provider/further-grant.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { Json } from '../../runtime/json.ts';
import { authenticatedClient } from './api-client.ts';
import { problem } from './api-problem.ts';
import { endpointOf, type ApiCall, type ApiEndpoint } from './api-routes.ts';
import { letIn } from './let-in.ts';
import { CONNECTION_IS_OFF, GRANT } from './names.ts';
import {
  passwordlessConnections,
  type PasswordlessConnection,
} from './passwordless-connections.ts';
import { grantIsOff, missing, tooManyAttempts, unknownRealm } from './refusals.ts';
import type { Room } from './room.ts';

const ID_LENGTH = 24;

const start = z.object({
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  connection: z.string(),
  email: z.string().max(254).optional(),
  phone_number: z.string().max(100).optional(),
  send: z.enum(['code', 'link']).optional(),
});

/** `/passwordless/start`: a code to an address or a number. Nobody learns whose it is, or whether it is anybody's. */
export function createPasswordlessStart(room: Room): ApiEndpoint {
  const connections = passwordlessConnections(room);
  return endpointOf('/passwordless/start', start, async (given, call) => {
    const client = await authenticatedClient(given, room.clients);
    const connection = connections.get(given.connection);
    if (connection?.isOffered !== true)
      throw problem(400, 'bad.connection', 'Connection does not exist');
    if (!(await room.connection.isEnabledFor(client.id)))
      throw problem(400, 'bad.connection', CONNECTION_IS_OFF);
    const { field } = connection;
    const address = given[field];
    if (address === undefined)
      throw problem(400, `bad.${field}`, `Missing required property: ${field}`);
    if (!connection.isAddress(address))
      throw problem(400, `bad.${field}`, connection.unfit(address));
    await room.letterbox.admit(call.origin);
    const { client_name: named } = client.metadata;
    const clientName = typeof named === 'string' ? named : client.id;
    await sendCode({ address, clientId: client.id, clientName, connection }, call, room);
    return {
      _id: idOf(address, connection),
      [field]: address,
      [field === 'email' ? 'email_verified' : 'phone_verified']: false,
    } satisfies Json;
  });
}

/** The code that came for tokens. Where joining is open, whoever is new has an account by that. */
export function createOtpGrant(room: Room): FurtherGrant {
  const grantType = GRANT.passwordlessOtp;
  const connections = passwordlessConnections(room);
  const isOff = ![...connections.values()].some(({ isOffered }) => isOffered);
  return {
    grantType,
    parameters: ['username', 'otp', 'realm'],
    async prove(request) {
      const { username: address, otp: code, realm = '' } = request.parameters;
      if (isOff) throw grantIsOff(grantType);
      if (address === undefined) throw missing('username');
      if (code === undefined) throw missing('otp');
      const connection = connections.get(realm);
      if (connection?.isOffered !== true) throw unknownRealm();
      const account = await proven(request, { address, code, connection }, room);
      const { method } = connection;
      const proof = { method, accountId: account.id, at: room.clock.now() } as const;
      const { clientId, wish, mark } = request;
      return await letIn({ account, proofs: [proof], clientId, wish, mark }, room);
    },
  };
}

interface Addressed {
  readonly address: string;
  readonly clientId: string;
  readonly connection: PasswordlessConnection;
}

interface Asked extends Addressed {
  readonly clientName: string;
}

async function sendCode(asked: Asked, { origin, languages }: ApiCall, room: Room): Promise<void> {
  const { address, clientName, connection } = asked;
  const owner = await connection.findOwner(address);
  const flowId = flowOf(asked, room);
  const accountId = ownerId(owner, asked);
  const issued = await connection.codes.issue({ flowId, accountId, origin });
  if (issued.kind === 'throttled')
    throw problem(429, 'too_many_requests', 'Too many requests; try again later.');
  const isWanted = owner === undefined ? await mayJoin(asked, room) : mayCome(owner, connection);
  if (isWanted) connection.send({ address, owner, issued, clientName, languages, origin });
}

async function proven(
  { clientId, origin }: GrantRequest,
  { code, ...asked }: Omit<Addressed, 'clientId'> & { readonly code: string },
  room: Room,
): Promise<Account> {
  const { address, connection } = asked;
  const owner = await connection.findOwner(address);
  const outcome = await connection.codes.check({
    flowId: flowOf({ ...asked, clientId }, room),
    accountId: ownerId(owner, asked),
    code,
    origin,
    clientId,
    isOfNobody: owner === undefined,
  });
  if (outcome.kind === 'throttled') throw tooManyAttempts();
  if (outcome.kind === 'refused') throw connection.wrongCode();
  if (owner !== undefined && mayCome(owner, connection)) return owner;
  if (owner !== undefined || !(await mayJoin({ ...asked, clientId }, room)))
    throw connection.wrongCode();
  try {
    return await room.accounts.create(connection.newAccount(address), { by: 'self', origin });
  } catch (error) {
    // Somebody else took the address in this moment, or the installation wants more of an account.
    if (error instanceof AccountExists || error instanceof InvalidAccount)
      throw connection.wrongCode();
    throw error;
  }
}

function mayCome(owner: Account, { isShown }: PasswordlessConnection): boolean {
  return owner.state === 'active' && isShown(owner);
}

/** Whether whoever has no account makes one by the code. */
async function mayJoin({ address, clientId, connection }: Addressed, room: Room): Promise<boolean> {
  return connection.isOpenTo(address) && (await room.connection.isOpenFor(clientId));
}

type Place = Pick<Addressed, 'address' | 'connection'>;

/** Of nobody, but always of the same nobody, so that it is counted like anyone else. */
function ownerId(owner: Account | undefined, { address, connection }: Place): string {
  return owner?.id ?? `nobody:${sha256(connection.keyOf(address))}`;
}

function flowOf({ address, clientId, connection }: Addressed, { tenant }: Room): string {
  return `auth0 ${tenant.name} ${clientId} passwordless ${connection.keyOf(address)}`;
}

/** As long as Auth0's, and the same whether or not somebody has the address. */
function idOf(address: string, { keyOf }: PasswordlessConnection): string {
  return sha256(`passwordless ${keyOf(address)}`).slice(0, ID_LENGTH);
}
