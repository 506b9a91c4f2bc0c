import { randomBytes } from 'node:crypto';
import type { CookieOptions, Request, Response } from 'express';
import { EncryptJWT, jwtDecrypt, type JWTPayload } from 'jose';

/** Values that the browser keeps and cannot read: encrypted, HttpOnly, SameSite. */
export interface SealedCookies {
  set(response: Response, name: string, value: JWTPayload): Promise<void>;
  read(request: Request, name: string): Promise<JWTPayload | undefined>;
  clear(response: Response, name: string): void;
}

/** `isSecure`: the app is reached by https, as it must be anywhere but on this machine. */
export function createSealedCookies(isSecure: boolean): SealedCookies {
  const key = randomBytes(32);
  const nameOf = (name: string): string => (isSecure ? `__Host-${name}` : name);
  // Lax, not strict: the way back from the issuer begins on another site. Changes are guarded besides.
  const options: CookieOptions = { httpOnly: true, sameSite: 'lax', secure: isSecure, path: '/' };

  return {
    async set(response, name, value) {
      const sealed = await new EncryptJWT(value)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        // One cookie must not pass for another.
        .setAudience(name)
        .setExpirationTime('12h')
        .encrypt(key);
      response.cookie(nameOf(name), sealed, options);
    },
    async read(request, name) {
      const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
      const value = pairs.find(([one]) => one === nameOf(name))?.[1];
      if (value === undefined) return undefined;
      const opened = await jwtDecrypt(value, key, { audience: name }).catch(() => undefined);
      return opened?.payload;
    },
    clear: (response, name) => void response.clearCookie(nameOf(name), options),
  };
}
