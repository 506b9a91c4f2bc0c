import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Origin } from '../runtime/origin.ts';
import { randomId } from '../runtime/random.ts';
import { createNetworks, plainAddress } from './networks.ts';

const USER_AGENT_MAX = 256;
const HOPS_MAX = 32;
const REQUEST_ID = /^[\w.-]{8,64}$/;
/** What proxies say of a request. None of it may reach the engine from a stranger (RFC 7239 section 8.1). */
const FORWARDED = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-forwarded-prefix',
  'x-real-ip',
] as const;

/** Tells where a request came from, and leaves in it only what is true. */
export type OriginReader = (request: IncomingMessage) => Origin;

/**
 * Believes `X-Forwarded-For` and `X-Request-Id` of the proxies listed and of nobody else. The engine builds
 * URLs from the request, so its host and scheme are set to the issuer's, whoever asked.
 */
export function createOriginReader(
  { issuer, site }: { readonly issuer: string; readonly site?: string | undefined },
  trustedProxies: readonly string[],
): OriginReader {
  const { host, protocol } = new URL(issuer);
  const trusted = createNetworks(trustedProxies);
  const nextId = createRequestIds();

  return (request) => {
    const { headers, socket } = request;
    const peer = plainAddress(socket.remoteAddress ?? '');
    const isTrusted = trustedProxies.length > 0 && trusted.has(peer);
    const address = isTrusted ? clientAddress(headers['x-forwarded-for'], peer, trusted.has) : peer;
    const given = isTrusted ? headers['x-request-id'] : undefined;
    // Deleting what is not there would still make the object slow for everyone after us.
    for (const name of FORWARDED) if (headers[name] !== undefined) delete headers[name];
    headers.host = host;
    headers['x-forwarded-host'] = host;
    headers['x-forwarded-proto'] = protocol.slice(0, -1);
    headers['x-forwarded-for'] = address;
    return {
      address,
      userAgent: headers['user-agent']?.slice(0, USER_AGENT_MAX),
      requestId: typeof given === 'string' && REQUEST_ID.test(given) ? given : nextId(),
      site,
    };
  };
}

/** Unlike any other node's, and in order; not a secret, so that chance is asked only once. */
function createRequestIds(): () => string {
  const node = randomId(6);
  let count = 0;
  return () => {
    count += 1;
    return `${node}-${count.toString(36).padStart(4, '0')}`;
  };
}

/** Each proxy appends the peer it saw: read from the right, the first that is not ours is the client. */
function clientAddress(
  forwardedFor: string | readonly string[] | undefined,
  peer: string,
  isTrusted: (address: string) => boolean,
): string {
  const hops = String(forwardedFor ?? '')
    .split(',')
    .slice(-HOPS_MAX)
    .map((hop) => plainAddress(hop.trim()));
  let nearest = peer;
  for (const hop of hops.toReversed()) {
    if (isIP(hop) === 0) break;
    nearest = hop;
    if (!isTrusted(hop)) break;
  }
  return nearest;
}
