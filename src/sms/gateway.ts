import { readSecret } from '../config/secrets.ts';
import { answerOf, laterOf } from '../hooks/answers.ts';
import type { Carrier } from '../mail/carrier.ts';
import type { Clock } from '../runtime/clock.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { SmsConfig } from './config.ts';

/** `typ` of what is signed, so that no other signature of ours passes for a message. */
const MESSAGE_TYPE = 'text-message+jwt';

/** Signs a JWS (RFC 7515) with this payload and `typ` by a current key of the issuer. */
export type SignMessage = (payload: JsonObject, typ: string) => Promise<string>;

export interface GatewayOptions {
  readonly url: string;
  readonly secret: SmsConfig['gateway']['secret'];
  readonly issuer: string;
  readonly sign: SignMessage;
  readonly outboundFetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Hands messages to the program of the operator: JSON, and in a header the JWS over these very bytes with its payload left
 * out (RFC 7515 appendix F). `jti` stays the same over all tries, so that a second copy can be told for one.
 *
 * @throws {SecretUnavailable}
 */
export async function createGateway(options: GatewayOptions): Promise<Carrier> {
  const { url, secret, issuer, sign, outboundFetch, clock } = options;
  const bearer = secret && `Bearer ${await readSecret(secret)}`;
  const stop = new AbortController();

  async function post(payload: JsonObject): Promise<Response> {
    const [header = '', body = '', signature = ''] = (await sign(payload, MESSAGE_TYPE)).split('.');
    return await outboundFetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'latchkey-signature': `${header}..${signature}`,
        ...(bearer !== undefined && { authorization: bearer }),
      },
      body: Buffer.from(body, 'base64url'),
      // How long it may take is said by `http.outbound`.
      signal: stop.signal,
    });
  }

  return {
    async carry({ id, to, message: { text } }) {
      try {
        const sent = { iss: issuer, aud: url, iat: clock.now(), jti: id, to, text };
        return await answerOf(await post(sent));
      } catch (error) {
        return laterOf(error);
      }
    },
    close: async () => stop.abort(),
  };
}
