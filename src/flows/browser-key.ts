import type { Context } from 'koa';
import { equalSecrets, sha256 } from '../runtime/digest.ts';
import { randomId } from '../runtime/random.ts';

const HASH_CHARACTERS = 8;

/** A secret of one browser, in a cookie: ties flows to it that the protocol engine knows nothing of. */
export interface BrowserKeys {
  /** The digest of this browser's key, which a flow keeps; a browser without one is given one. */
  ensure(ctx: Context): string;
  /** Whether `digest` is of this browser's key. */
  owns(ctx: Context, digest: string): boolean;
}

/** Over a cookie of the issuer, which on https no other host can set. */
export function createBrowserKeys(issuer: string): BrowserKeys {
  const isHttps = issuer.startsWith('https:');
  const name = isHttps
    ? '__Host-latchkey-browser'
    : `latchkey-browser-${sha256(issuer).slice(0, HASH_CHARACTERS)}`;
  const read = (ctx: Context): string | undefined => ctx.cookies.get(name, { signed: false });
  return {
    ensure(ctx) {
      const known = read(ctx);
      if (known !== undefined && known.length >= 43) return sha256(known);
      const key = randomId(32);
      ctx.cookies.set(name, key, {
        httpOnly: true,
        sameSite: 'lax',
        secure: isHttps,
        signed: false,
        overwrite: true,
      });
      return sha256(key);
    },
    owns(ctx, digest) {
      const known = read(ctx);
      return known !== undefined && equalSecrets(sha256(known), digest);
    },
  };
}
