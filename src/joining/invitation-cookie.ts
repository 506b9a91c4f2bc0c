import type { Context } from 'koa';
import { sha256 } from '../runtime/digest.ts';

const HASH_CHARACTERS = 8;
const LIFE_MS = 3_600_000;

/** Carries the token of an invitation from its page to where the account is made: nowhere else is it kept in clear. */
export interface InvitationCookie {
  read(ctx: Context): string | undefined;
  write(ctx: Context, token: string): void;
  clear(ctx: Context): void;
}

/** Named like the cookies of the engine: on https no other host can set it. */
export function createInvitationCookie(issuer: string): InvitationCookie {
  const isHttps = issuer.startsWith('https:');
  const name = isHttps
    ? '__Host-latchkey-invitation'
    : `latchkey-invitation-${sha256(issuer).slice(0, HASH_CHARACTERS)}`;
  const set = (ctx: Context, token: string | null): void => {
    ctx.cookies.set(name, token, {
      httpOnly: true,
      sameSite: 'lax',
      secure: isHttps,
      signed: false,
      overwrite: true,
      ...(token !== null && { maxAge: LIFE_MS }),
    });
  };
  return {
    read: (ctx) => ctx.cookies.get(name, { signed: false }),
    write: set,
    clear: (ctx) => set(ctx, null),
  };
}
