#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { createForwardAuth, type ForwardingProxy } from './forward-auth.ts';
import type { SilencePolicy } from './options.ts';
import { createRelay } from './relay.ts';
import { createVerifier } from './verifier.ts';

const USAGE = `latchkey-verifier --issuer URL --audience NAME --proxy nginx|traefik|envoy --when-silent refuse|introspect|SECONDS
  [--client-id ID --client-secret-file FILE] [--listen 127.0.0.1:9320] [--base-url URL] [--certificate-header NAME]

Answers GET /verify to a proxy, GET /status, and hands the feed on below /revocations. For your own machines alone.
`;

const { values } = parseArgs({
  options: {
    issuer: { type: 'string' },
    audience: { type: 'string', multiple: true },
    proxy: { type: 'string' },
    'when-silent': { type: 'string' },
    'client-id': { type: 'string' },
    'client-secret-file': { type: 'string' },
    listen: { type: 'string', default: '127.0.0.1:9320' },
    'base-url': { type: 'string', multiple: true },
    'certificate-header': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(USAGE);
else start();

/** Until it is told to end. */
function start(): void {
  const { issuer, audience, 'base-url': baseUrl, 'certificate-header': certificateHeader } = values;
  const whenSilent = silencePolicy(values['when-silent']);
  const proxy = forwardingProxy(values.proxy);
  const [host, port] = addressOf(values.listen);
  if (issuer === undefined || audience === undefined) return misused('--issuer and --audience');
  if (whenSilent === undefined || proxy === undefined) return misused('--when-silent and --proxy');
  const credentials = readCredentials();
  const verifier = createVerifier({
    issuer,
    audience,
    credentials,
    baseUrl,
    certificateHeader,
    revocation: { whenSilent },
  });
  const relay = createRelay({ issuer, credentials });
  const forwardAuth = createForwardAuth(verifier, { proxy });
  const server = createServer((request, response) => {
    void (async () => {
      if (relay.handle(request, response) || (await forwardAuth(request, response))) return;
      const isStatus = request.url === '/status';
      const body = { verifier: verifier.status(), relay: relay.status() };
      response.writeHead(isStatus ? 200 : 404, { 'content-type': 'application/json' });
      response.end(isStatus ? JSON.stringify(body) : undefined);
    })();
  });
  server.listen(port, host, () => {
    const address = server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    process.stdout.write(`latchkey-verifier listens on ${host}:${bound}\n`);
  });
  const end = (): void => {
    verifier.close();
    relay.close();
    server.close();
    server.closeAllConnections();
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
}

function readCredentials(): { clientId: string; clientSecret: string } | undefined {
  const { 'client-id': clientId, 'client-secret-file': file } = values;
  if (clientId === undefined || file === undefined) return undefined;
  return { clientId, clientSecret: readFileSync(file, 'utf8').trim() };
}

function silencePolicy(text: string | undefined): SilencePolicy | undefined {
  if (text === 'refuse' || text === 'introspect') return text;
  return /^\d+$/.test(text ?? '') ? { acceptForSeconds: Number(text) } : undefined;
}

function forwardingProxy(text: string | undefined): ForwardingProxy | undefined {
  return text === 'nginx' || text === 'traefik' || text === 'envoy' ? text : undefined;
}

function addressOf(text: string): readonly [string, number] {
  const colon = text.lastIndexOf(':');
  return [text.slice(0, colon), Number(text.slice(colon + 1))];
}

function misused(what: string): void {
  process.stderr.write(`${what} must be given\n\n${USAGE}`);
  process.exitCode = 2;
}
