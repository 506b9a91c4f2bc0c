import { hash } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { systemClock } from '../../../src/runtime/clock.ts';
import { randomId } from '../../../src/runtime/random.ts';

/** What a client has that binds its tokens to a key (RFC 9449). */
export interface DpopKey {
  readonly jkt: string;
  /** A proof for one request, with `token` where there is one already. */
  prove(
    request: { readonly token?: string; readonly method?: string; readonly url: string },
    lies?: { readonly payload?: object; readonly header?: object },
  ): Promise<string>;
}

export async function createDpopKey(): Promise<DpopKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk: JWK = await exportJWK(publicKey);
  return {
    jkt: await calculateJwkThumbprint(jwk),
    prove: ({ token, method = 'GET', url }, { payload = {}, header = {} } = {}) =>
      new SignJWT({
        htm: method,
        htu: url,
        jti: randomId(),
        iat: systemClock.now(),
        ...(token !== undefined && { ath: hash('sha256', token, 'base64url') }),
        ...payload,
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
        .sign(privateKey),
  };
}
