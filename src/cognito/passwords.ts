import { z } from 'zod';
import type { Origin } from '../runtime/origin.ts';
import { CognitoException, expiredCode, incorrectCredentials, limitExceeded } from './exception.ts';
import { migrateUser } from './migrate-user.ts';
import { checkNewPassword, setNewPassword } from './new-password.ts';
import { operation, type Operation } from './operation.ts';
import { userNotFound } from './password-auth.ts';
import type { ClientOfPool } from './pools.ts';
import type { Room } from './room.ts';
import { checkRecovers, recoveryAddress } from './recovery.ts';
import { checkSecretHash } from './secret-hash.ts';
import { clientMetadata } from './triggers/event-parts.ts';
import { occasionOf } from './triggers/message-trigger.ts';
import { callPostConfirmation } from './triggers/sign-up-triggers.ts';
import { setStatus } from './sign-up.ts';
import { directoryLogin, type PoolUser } from './users.ts';

const ofClient = z.object({
  ClientId: z.string(),
  Username: z.string().min(1).max(128),
  SecretHash: z.string().nullish(),
  ClientMetadata: clientMetadata,
});

/** `ForgotPassword`: a code to the address that was verified. Nobody learns by it who has an account, unless the client wants that told. */
export function forgotPassword(room: Room): Operation {
  return operation(ofClient, async ({ ClientId, Username, SecretHash, ...given }, origin) => {
    const { pool, client } = await room.pools.client(ClientId);
    checkSecretHash(client, SecretHash ?? undefined, [Username]);
    checkRecovers(pool);
    await room.letters.admit(origin);
    const source = 'UserMigration_ForgotPassword';
    const stranger = {
      pool,
      client,
      typed: Username,
      password: undefined,
      origin,
      source,
    } as const;
    const user =
      (await room.users.find(pool, Username)) ??
      (await migrateUser({ ...stranger, clientMetadata: given.ClientMetadata }, room));
    const address = user && (await recoveryAddress(user, room));
    if (user !== undefined && address !== undefined) {
      const occasion = occasionOf('ForgotPassword', client, given);
      const isSecret = client.preventUserExistenceErrors;
      const ask = { user, address, origin, occasion, isSecret, purpose: 'reset' } as const;
      return { CodeDeliveryDetails: await room.letters.send(ask) };
    }
    if (!client.preventUserExistenceErrors)
      throw user === undefined ? userNotFound() : noVerifiedAddress();
    return { CodeDeliveryDetails: await room.letters.pretend({ pool, typed: Username, origin }) };
  });
}

/** `ConfirmForgotPassword`: the new password, for the code from the letter. Ends every session. */
export function confirmForgotPassword(room: Room): Operation {
  const input = ofClient.extend({
    ConfirmationCode: z.string().min(1).max(2048),
    Password: z.string().min(1).max(1024),
  });
  return operation(input, async (given, origin) => {
    const { pool, client } = await room.pools.client(given.ClientId);
    checkSecretHash(client, given.SecretHash ?? undefined, [given.Username]);
    const code = { code: given.ConfirmationCode, clientId: client.id, origin };
    const tellsExpiry = !client.preventUserExistenceErrors;
    const { user, address } = await whoResets({ pool, client, given, code }, room);
    const ask = { user, address, purpose: 'reset', tellsExpiry, ...code } as const;
    const change = { user, password: given.Password, actor: { by: 'self', origin } };
    await setNewPassword(change, room, () => room.letters.check(ask));
    if (user.row.status === 'RESET_REQUIRED') await setStatus(user, 'CONFIRMED', room);
    await callPostConfirmation(
      {
        source: 'PostConfirmation_ConfirmForgotPassword',
        user,
        clientId: client.id,
        clientMetadata: given.ClientMetadata,
      },
      room.triggers,
    );
    return {};
  });
}

/** @throws {CognitoException} for a name that no code can have gone to, as for a wrong code where that is hidden. */
async function whoResets(
  {
    pool,
    client,
    given,
    code,
  }: ClientOfPool & {
    readonly given: { readonly Username: string; readonly Password: string };
    readonly code: { readonly code: string; readonly clientId: string; readonly origin: Origin };
  },
  room: Room,
): Promise<{ readonly user: PoolUser; readonly address: string }> {
  const user = await room.users.find(pool, given.Username);
  const address = user && (await recoveryAddress(user, room));
  if (user !== undefined && address !== undefined) return { user, address };
  if (!client.preventUserExistenceErrors) throw user === undefined ? userNotFound() : expiredCode();
  // What is wrong with the password would otherwise be told of users alone.
  await checkNewPassword(given.Password, { pool, owner: user?.account }, room);
  throw await room.letters.refusalFor({ pool, typed: given.Username, ...code });
}

/** `ChangePassword`: for the old one. Ends every other session. */
export function changePassword(room: Room): Operation {
  const input = z.object({
    AccessToken: z.string(),
    PreviousPassword: z.string().max(1024),
    ProposedPassword: z.string().min(1).max(1024),
  });
  return operation(input, async (given, origin) => {
    const { user, client, session } = await room.accessTokens.bearer(given.AccessToken);
    const outcome = await room.accounts.verifyPassword({
      login: directoryLogin(user.account),
      password: given.PreviousPassword,
      origin,
      clientId: client.id,
    });
    if (outcome.kind === 'throttled') throw limitExceeded();
    if (outcome.kind !== 'verified' || outcome.account.id !== user.account.id)
      throw incorrectCredentials();
    const actor = { by: 'self', origin };
    await setNewPassword({ user, password: given.ProposedPassword, actor }, room);
    await room.sessions.renew(session, room.revocation.stamp());
    return {};
  });
}

/** There is nowhere to send a code to. */
export function noVerifiedAddress(): CognitoException {
  return new CognitoException(
    'InvalidParameterException',
    'Cannot reset password for the user as there is no registered/verified email or phone_number',
  );
}
