import type { Context } from 'koa';
import type { AccessTokens } from '../access-tokens.ts';
import { attributeList, claimsFor } from '../attributes.ts';
import { CognitoException } from '../exception.ts';

const BEARER = /^Bearer (?<token>\S+)$/i;

/** `/oauth2/userInfo` (OpenID Connect Core section 5.3), where every value is a text. */
export async function answerUserInfo(
  ctx: Context,
  { accessTokens }: { readonly accessTokens: AccessTokens },
): Promise<void> {
  ctx.set('Cache-Control', 'no-store');
  const { token } = BEARER.exec(ctx.get('Authorization'))?.groups ?? {};
  if (token === undefined) {
    refuse(ctx, 'invalid_request', 'an access token is missing');
    return;
  }
  try {
    const { user, client, session } = await accessTokens.bearer(token, 'openid');
    const told = new Set(Object.keys(claimsFor(user, client, session.hosted?.scopes)));
    const attributes = attributeList(user).filter(({ Name }) => Name === 'sub' || told.has(Name));
    ctx.body = {
      ...Object.fromEntries(attributes.map(({ Name, Value }) => [Name, Value])),
      username: user.row.username,
    };
  } catch (error) {
    if (!(error instanceof CognitoException)) throw error;
    refuse(ctx, 'invalid_token', error.message);
  }
}

/** RFC 6750 section 3. */
function refuse(ctx: Context, error: string, description: string): void {
  ctx.status = 401;
  ctx.set('WWW-Authenticate', `Bearer error="${error}", error_description="${description}"`);
  ctx.body = { error, error_description: description };
}
