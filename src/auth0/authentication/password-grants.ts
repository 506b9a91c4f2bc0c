import type { PasswordOutcome } from '../../accounts/accounts.ts';
import type { FurtherGrant, GrantRequest, ProvenPerson } from '../../provider/further-grant.ts';
import { letIn } from './let-in.ts';
import { DATABASE, GRANT } from './names.ts';
import {
  grantIsOff,
  missing,
  tooBusy,
  tooManyAttempts,
  unknownRealm,
  wrongPassword,
} from './refusals.ts';
import type { Room } from './room.ts';

/** A name and a password for tokens (RFC 6749 section 4.3), and the same with the directory that is meant. */
export function createPasswordGrants(room: Room): readonly FurtherGrant[] {
  return [GRANT.password, GRANT.passwordRealm].map((grantType) => ({
    grantType,
    parameters: ['username', 'password', 'realm'],
    prove: (request) => prove(request, grantType, room),
  }));
}

/** By the way of every sign-in of the house: counted, and of one cost. */
async function prove(
  { clientId, parameters, wish, origin, mark }: GrantRequest,
  grantType: string,
  room: Room,
): Promise<ProvenPerson> {
  const { username, password, realm } = parameters;
  if (!room.authentication.password) throw grantIsOff(grantType);
  if (username === undefined) throw missing('username');
  if (password === undefined) throw missing('password');
  if (realm === undefined && grantType === GRANT.passwordRealm) throw missing('realm');
  if (realm !== undefined && realm !== DATABASE) throw unknownRealm();
  const outcome = await room.accounts.verifyPassword({
    login: username,
    password,
    origin,
    clientId,
  });
  if (outcome.kind !== 'verified') throw refusalOf(outcome.kind);
  const { account } = outcome;
  const proof = { method: 'password', accountId: account.id, at: room.clock.now() } as const;
  return await letIn({ account, proofs: [proof], clientId, wish, mark }, room);
}

function refusalOf(kind: Exclude<PasswordOutcome['kind'], 'verified'>): Error {
  if (kind === 'throttled') return tooManyAttempts();
  return kind === 'busy' ? tooBusy() : wrongPassword();
}
