import { z } from 'zod';
import { equalSecrets } from '../runtime/digest.ts';
import { attributeList, mayRead } from './attributes.ts';
import { CognitoException } from './exception.ts';
import { mfaView } from './mfa.ts';
import { operation, type Operation } from './operation.ts';
import type { Room } from './room.ts';

/** Access and ID tokens, which end with the session of their refresh token. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const byToken = z.object({ AccessToken: z.string() });

/** `GetUser`: what the user of an access token is. */
export function getUser(room: Room): Operation {
  return operation(byToken, async ({ AccessToken }) => {
    const { user, client } = await room.accessTokens.bearer(AccessToken);
    return {
      Username: user.row.username,
      UserAttributes: attributeList(user)
        .filter(({ Name }) => mayRead(client, Name))
        .map((one) => ({ ...one })),
      ...(await mfaView(user, room.factors)),
    };
  });
}

/** `GlobalSignOut`: ends every session of the user in this pool. */
export function globalSignOut(room: Room): Operation {
  return operation(byToken, async ({ AccessToken }, origin) => {
    const { user } = await room.accessTokens.bearer(AccessToken);
    await room.sessions.endAll(user, { by: 'self', origin });
    return {};
  });
}

/** `RevokeToken`: ends the session of a refresh token. Of one that is over, or nobody's, nothing is said. */
export function revokeToken(room: Room): Operation {
  const input = z.object({
    Token: z.string().min(1).max(4096),
    ClientId: z.string(),
    ClientSecret: z.string().nullish(),
  });
  return operation(input, async ({ Token: token, ClientId, ClientSecret }, origin) => {
    const { client } = await room.pools.client(ClientId);
    if (JWT.test(token))
      throw new CognitoException('UnsupportedTokenTypeException', 'Unsupported token type');
    if (client.secret !== undefined && !equalSecrets(ClientSecret ?? '', client.secret))
      throw new CognitoException('NotAuthorizedException', 'Client secret is not correct');
    const session = await room.sessions.byRefreshToken({ token, client, origin });
    if (session !== undefined) await room.sessions.end(session, { by: 'self', origin });
    return {};
  });
}
