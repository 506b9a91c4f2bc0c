import { isIP } from 'node:net';
import { z } from 'zod';
import { bytes, duration } from '../config/values.ts';

const HOST = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

const port = (standard: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(0).max(65_535).default(standard);

/** An address, or a network in CIDR notation (RFC 4632). */
function network(): z.ZodString {
  return z.string().refine(isNetwork, {
    error: 'expected an address or a network such as "10.0.0.0/8" or "fd00::/8"',
  });
}

const listenSettings = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('The address to listen on; 0.0.0.0 or :: for all.'),
  port: port(4000).describe('The port to listen on; 0: any that is free.'),
});

const metricsSettings = z.strictObject({
  enabled: z.boolean().default(false).describe('Serve /metrics and /readyz on a port of its own.'),
  host: z.string().min(1).default('127.0.0.1').describe('The address of that listener.'),
  port: port(9464).describe('The port of that listener; 0: any that is free.'),
});

/** How a listener speaks TLS, if it does. */
export const tlsConfig = z.strictObject({
  from: z
    .enum(['off', 'files', 'dev-ca'])
    .default('off')
    .describe(
      'off: plain HTTP, behind a proxy or in dev; files: a certificate of yours; dev-ca: one of a local authority made on first start.',
    ),
  certificateFile: z
    .string()
    .min(1)
    .default('keys/tls.crt')
    .describe('PEM file with the certificate and its chain, read again when it changes.'),
  keyFile: z
    .string()
    .min(1)
    .default('keys/tls.key')
    .describe('PEM file with its private key, for its owner alone.'),
  reloadEvery: duration('10s').describe('How often the two files are looked at for a change.'),
});

const limitSettings = z.strictObject({
  body: bytes('64KB').describe(
    'The largest request body, but for the Management API of Auth0 tenants, which has limits of its own.',
  ),
  headers: bytes('16KB').describe('The largest request head.'),
  headersTimeout: duration('10s').describe('How long a client may take to send the head.'),
  requestTimeout: duration('20s').describe('How long a client may take to send a whole request.'),
  keepAliveTimeout: duration('65s').describe(
    'How long an idle connection is kept: longer than the proxy in front keeps its own.',
  ),
  connections: z
    .int()
    .min(16)
    .default(10_000)
    .describe('How many connections a node holds; more are closed at once.'),
  requests: z
    .int()
    .min(8)
    .default(1000)
    .describe(
      'How many requests a node works on at once; more are answered 503. Pages are refused at three quarters of it.',
    ),
});

const outboundSettings = z.strictObject({
  timeoutMs: z
    .int()
    .min(100)
    .max(30_000)
    .default(2500)
    .describe('Milliseconds that a request of ours to a client, or anyone else, may take in all.'),
  bodyMax: bytes('256KB').describe('The largest answer that we read.'),
  allow: z
    .array(z.union([z.string().regex(/^[a-z0-9.-]+$/), network()]))
    .default([])
    .describe(
      'Host names and networks that requests of ours may reach although their addresses are private.',
    ),
});

/** How the node is reached, and what it reaches. */
export const httpConfig = z
  .strictObject({
    listen: listenSettings.prefault({}).describe('Where browsers and clients reach this node.'),
    hosts: z
      .array(z.string().regex(HOST, 'expected a host such as "id.internal:8443", in lower case'))
      .default([])
      .describe(
        'Host headers accepted beside that of the issuer; every URL given out is the issuer’s all the same.',
      ),
    trustedProxies: z
      .array(network())
      .default([])
      .describe('Proxies whose X-Forwarded-For is believed; it is dropped from anyone else.'),
    tls: tlsConfig.prefault({}).describe('HTTPS of our own.'),
    metrics: metricsSettings.prefault({}).describe('Figures for Prometheus.'),
    limits: limitSettings.prefault({}).describe('What one client, or all of them, may take up.'),
    drainDelay: duration('2s').describe(
      'How long a stopping node goes on answering, so that every proxy has seen it leave.',
    ),
    drainLimit: duration('10s').describe('How long requests under way may then still take.'),
    popups: z
      .boolean()
      .default(true)
      .describe(
        'Apps may sign people in through a pop-up window; false cuts the tie to the window that opened ours.',
      ),
    outbound: outboundSettings.prefault({}).describe('Requests that the provider makes itself.'),
  })
  .prefault({});

export type HttpConfig = z.output<typeof httpConfig>;

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const bitsMax = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (more.length > 0 || bitsMax < 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bitsMax);
}
