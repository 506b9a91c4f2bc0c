import type { Context } from 'koa';
import { readForm } from '../../http/form.ts';
import { originOf } from '../../http/page.ts';
import type { Room } from '../room.ts';
import { proveClient } from './client-proof.ts';
import { OAuthProblem } from './problem.ts';

/**
 * `POST /oauth2/revoke` (RFC 7009): ends the session of a refresh token, with all that was issued in it. Of one that is
 * over, or nobody's, nothing is said.
 *
 * @throws {OAuthProblem}
 */
export async function revokeToken(
  ctx: Context,
  room: Pick<Room, 'pools' | 'sessions'>,
): Promise<void> {
  const form = await readForm(ctx);
  const { client } = await proveClient(ctx, form, room.pools);
  const token = form.get('token') ?? '';
  if (token === '') throw new OAuthProblem('invalid_request', 'token is missing');
  const origin = originOf(ctx);
  const session = await room.sessions.byRefreshToken({ token, client, origin });
  if (session !== undefined) await room.sessions.end(session, { by: 'self', origin });
}
