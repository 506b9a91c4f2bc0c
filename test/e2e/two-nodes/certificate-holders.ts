import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, fetch as undiciFetch } from 'undici';
import {
  CLIENT_AUTH,
  createTestAuthority,
  derOf,
  selfSigned,
  type Issued,
} from '../../support/certificates.ts';
import { startNginx, type Nginx } from '../../support/nginx.ts';

/** The header by which the proxy hands on what it was shown. */
export const HEADER = 'X-Client-Cert';
/** The one address whose header is believed. */
const PROXY = '127.0.0.2';

const authority = createTestAuthority('Clients');
/** Whom the authority stands for. */
export const till = authority.issue({ uses: [CLIENT_AUTH], subject: [['CN', 'till']] });
/** Of the same authority, and somebody else. */
export const stranger = authority.issue({ uses: [CLIENT_AUTH], subject: [['CN', 'stranger']] });
/** Who is known by their own certificate. */
export const kiosk = selfSigned({ subject: [['CN', 'kiosk']] });

/** What the nodes are told of them; the authority's certificate is written to `folder`. */
export async function holderSettings(
  folder: string,
  redirectUri: string,
): Promise<{
  readonly mtls: object;
  readonly trustedProxies: readonly string[];
  readonly clients: readonly object[];
}> {
  const authoritiesFile = join(folder, 'clients.crt');
  await writeFile(authoritiesFile, authority.cert);
  const bound = { tlsClientCertificateBoundAccessTokens: true };
  return {
    mtls: { enabled: true, header: { name: HEADER, format: 'pem' }, authoritiesFile },
    trustedProxies: [PROXY],
    clients: [
      {
        id: 'till',
        type: 'machine',
        ...bound,
        tokenEndpointAuthMethod: 'tls_client_auth',
        tlsClientAuthSubjectDn: 'CN=till',
      },
      {
        id: 'kiosk',
        type: 'machine',
        ...bound,
        tokenEndpointAuthMethod: 'self_signed_tls_client_auth',
        jwks: { keys: [jwkOf(kiosk)] },
      },
      { id: 'wallet', type: 'native', redirectUris: [redirectUri], ...bound },
    ],
  };
}

function jwkOf({ cert, privateKey }: Issued): object {
  const { kty, crv, x, y } = privateKey.export({ format: 'jwk' });
  return { kty, crv, x, y, x5c: [derOf(cert).toString('base64')] };
}

/** One nginx before both nodes, which takes the certificates of clients. */
export interface CertificateProxy {
  /** A request to `path` of node 0 or 1, over a connection that shows this certificate or none. */
  ask(
    node: number,
    path: string,
    request: Asked,
  ): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }>;
  close(): Promise<void>;
}

interface Asked {
  readonly shows?: Issued | undefined;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `issuer`: whose host the nodes answer for. */
export async function openCertificateProxy(options: {
  readonly ports: readonly number[];
  readonly issuer: string;
}): Promise<CertificateProxy> {
  const nginx = await startNginx({
    tls: selfSigned({ names: [['dns', 'localhost']] }),
    upstreams: Object.fromEntries(options.ports.map((port, node) => [`node${node}`, port])),
    locations: `
ssl_verify_client optional_no_ca;
proxy_bind ${PROXY};
proxy_set_header Host ${new URL(options.issuer).host};
proxy_set_header ${HEADER} $ssl_client_escaped_cert;
${options.ports.map((_, node) => `location /${node}/ { proxy_pass http://node${node}/; }`).join('\n')}`,
  });
  return {
    ask: (node, path, request) => askThrough(nginx, `/${node}${path}`, request),
    close: () => nginx.stop(),
  };
}

async function askThrough(
  { origin }: Nginx,
  path: string,
  { shows, form, headers = {} }: Asked,
): ReturnType<CertificateProxy['ask']> {
  const shown = shows && { cert: shows.cert, key: shows.key };
  // Of nginx the certificate is its own.
  const dispatcher = new Agent({ connect: { ...shown, rejectUnauthorized: false } });
  const response = await undiciFetch(`${origin}${path}`, {
    headers,
    dispatcher,
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
  });
  const text = await response.text();
  await dispatcher.close();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : {} };
}
