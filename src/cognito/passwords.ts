import { z } from 'zod';
import { deliveryTo } from './code-letters.ts';
import { CognitoException, incorrectCredentials } from './exception.ts';
import { migrateUser } from './migrate-user.ts';
import { setNewPassword } from './new-password.ts';
import { operation, type Operation } from './operation.ts';
import { userNotFound } from './password-auth.ts';
import type { Room } from './room.ts';
import { checkSecretHash } from './secret-hash.ts';
import { clientMetadata } from './triggers/event-parts.ts';
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
    if (user === undefined && !client.preventUserExistenceErrors) throw userNotFound();
    const address = user && verifiedAddress(user);
    if (user === undefined || address === undefined)
      return { CodeDeliveryDetails: deliveryTo(Username) };
    const ask = { user, address, origin, purpose: 'reset-code' } as const;
    return { CodeDeliveryDetails: await room.letters.send(ask) };
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
    const user = await room.users.find(pool, given.Username);
    const address = user && verifiedAddress(user);
    if (user === undefined && !client.preventUserExistenceErrors) throw userNotFound();
    if (user === undefined || address === undefined)
      throw new CognitoException(
        'ExpiredCodeException',
        'Invalid code provided, please request a code again.',
      );
    const ask = { user, address, origin, purpose: 'reset-code' } as const;
    const code = { code: given.ConfirmationCode, clientId: client.id };
    const change = { user, password: given.Password, actor: { by: 'self', origin } };
    await setNewPassword(change, room, () => room.letters.check({ ...ask, ...code }));
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
    if (outcome.kind === 'throttled')
      throw new CognitoException('LimitExceededException', 'Attempt limit exceeded');
    if (outcome.kind !== 'verified' || outcome.account.id !== user.account.id)
      throw incorrectCredentials();
    const actor = { by: 'self', origin };
    await setNewPassword({ user, password: given.ProposedPassword, actor }, room);
    await room.sessions.renew(session, room.revocation.stamp());
    return {};
  });
}

function verifiedAddress({ account }: PoolUser): string | undefined {
  return account.state === 'active' && account.emailVerified ? account.email : undefined;
}
