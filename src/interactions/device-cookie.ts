import type { Context } from 'koa';
import { sha256 } from '../runtime/digest.ts';

const HASH_CHARACTERS = 8;
const SECOND_MS = 1000;

/** The cookie by which a browser is known that was told to be remembered. */
export interface DeviceCookie {
  read(ctx: Context): string | undefined;
  /** `expiresAt`: NumericDate. */
  write(ctx: Context, token: string, expiresAt: number): void;
}

/** Named like the cookies of the engine: on https no other host can set it. */
export function createDeviceCookie(issuer: string): DeviceCookie {
  const isHttps = issuer.startsWith('https:');
  const name = isHttps
    ? '__Host-latchkey-device'
    : `latchkey-device-${sha256(issuer).slice(0, HASH_CHARACTERS)}`;
  return {
    read: (ctx) => ctx.cookies.get(name, { signed: false }),
    write(ctx, token, expiresAt) {
      ctx.cookies.set(name, token, {
        expires: new Date(expiresAt * SECOND_MS),
        httpOnly: true,
        sameSite: 'lax',
        secure: isHttps,
        signed: false,
        overwrite: true,
      });
    },
  };
}
