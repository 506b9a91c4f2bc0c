import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  CompactEncrypt,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type CryptoKey,
  type JWK,
} from 'jose';
import { freePort } from '../ports.ts';

const CIBA = 'urn:openid:params:grant-type:ciba';

/** What is asked at one node and answered at another, of a shop, a television, a counter and a machine. */
export interface Elsewhere {
  readonly settings: { readonly protocol: object; readonly clients: readonly object[] };
  /** A signed request of the shop that only the owner of `key` can read. */
  request(parameters: Readonly<Record<string, string>>, key: JWK): Promise<string>;
  /** A DPoP proof of the machine (RFC 9449 section 4.2). */
  proof(url: string, nonce?: string): Promise<string>;
  /** What the program was told that rings people up, which nobody answers for before `listen`. */
  readonly events: readonly string[];
  listen(): Promise<void>;
  close(): void;
}

/** `secret`: of all that have one. */
export async function createElsewhere(options: {
  readonly issuer: string;
  readonly secret: string;
  readonly redirectUri: string;
}): Promise<Elsewhere> {
  const { issuer, secret: secretInClear, redirectUri } = options;
  const [shop, machine] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const shopJwk = { ...(await exportJWK(shop.publicKey)), kid: 'shop-1', alg: 'ES256', use: 'sig' };
  const port = await freePort();
  const events: string[] = [];
  const receiver = createServer((request, response) => {
    void text(request).then((body) => events.push(body));
    response.writeHead(202).end();
  });
  const none = { redirectUris: [], responseTypes: [] };
  return {
    settings: {
      protocol: {
        encryption: { enabled: true },
        requestObjects: { enabled: true, encryption: { enabled: true } },
        signedAnswers: { enabled: true },
        deviceFlow: { enabled: true, interval: '1s' },
        dpop: { nonces: 'required' },
        ciba: {
          enabled: true,
          interval: '1s',
          notify: { url: `http://127.0.0.1:${port}/events`, letter: false },
        },
      },
      clients: [
        { id: 'shop', secretInClear, redirectUris: [redirectUri], jwks: { keys: [shopJwk] } },
        { id: 'tv', type: 'device' },
        { id: 'machine', type: 'machine', secretInClear },
        {
          id: 'counter',
          secretInClear,
          ...none,
          grantTypes: [CIBA],
          backchannelTokenDeliveryMode: 'poll',
        },
      ],
    },
    request: async (parameters, key) =>
      encrypted(await signed(shop.privateKey, { issuer, parameters }), key),
    proof: (url, nonce) => proof(machine, url, nonce),
    events,
    async listen() {
      receiver.listen(port, '127.0.0.1');
      await once(receiver, 'listening');
    },
    close() {
      receiver.closeAllConnections();
      receiver.close();
    },
  };
}

async function signed(
  key: CryptoKey,
  { issuer, parameters }: { readonly issuer: string; readonly parameters: object },
): Promise<string> {
  return await new SignJWT({ client_id: 'shop', response_type: 'code', ...parameters })
    .setProtectedHeader({ alg: 'ES256', kid: 'shop-1' })
    .setIssuer('shop')
    .setAudience(issuer)
    .setExpirationTime('5m')
    .sign(key);
}

async function encrypted(request: string, key: JWK): Promise<string> {
  const header = { alg: key.alg ?? '', enc: 'A256GCM', kid: key.kid ?? '', cty: 'JWT' };
  const jwe = new CompactEncrypt(Buffer.from(request)).setProtectedHeader(header);
  return await jwe.encrypt(await importJWK(key));
}

async function proof(
  { publicKey, privateKey }: Awaited<ReturnType<typeof generateKeyPair>>,
  url: string,
  nonce?: string,
): Promise<string> {
  const claims = { htm: 'POST', htu: url, ...(nonce !== undefined && { nonce }) };
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .setJti(crypto.randomUUID())
    .sign(privateKey);
}
