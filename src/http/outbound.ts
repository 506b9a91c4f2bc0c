import { lookup as resolve, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Agent } from 'undici';
import { LatchkeyError } from '../runtime/errors.ts';
import { onDemand } from '../runtime/on-demand.ts';
import type { HttpConfig } from './config.ts';
import { createNetworks } from './networks.ts';
import { createPublicAddresses } from './public-addresses.ts';

const undici = onDemand(() => import('undici'));

/** A request of ours would go where it must not, or brought more than we read. */
export class OutboundRefused extends LatchkeyError {
  readonly code = 'ERR_OUTBOUND_REFUSED';
}

/** The one way out of the house, for URLs that others chose (RFC 9700 section 4.11). */
export interface Outbound {
  /**
   * `fetch` over https (http only in dev), to public addresses and those allowed, within the time and the size
   * of the settings, never following a redirect.
   *
   * @throws {OutboundRefused} itself, or as the cause of fetch's TypeError when a name leads where it must not.
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  close(): Promise<void>;
}

/** Resolves a name to all its addresses, as `dns.lookup` does. */
export type ResolveHost = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Whether an address may be reached, for a URL that names `host`. */
type MayReach = (host: string, address: string) => boolean;

/** `resolveHost`: the system's resolver when left out. */
export function createOutbound(options: {
  readonly settings: HttpConfig['outbound'];
  /** In the dev profile. */
  readonly isHttpAllowed: boolean;
  readonly resolveHost?: ResolveHost | undefined;
}): Outbound {
  const { settings, isHttpAllowed, resolveHost = resolve } = options;
  const mayReach = createPermission(settings.allow);
  const protocols = isHttpAllowed ? ['https:', 'http:'] : ['https:'];
  const connect = { lookup: createLookup(mayReach, resolveHost), timeout: settings.timeoutMs };
  let agent: Agent | undefined;

  return {
    async fetch(input, init) {
      const request = new Request(input, init);
      const { protocol, hostname } = new URL(request.url);
      if (!protocols.includes(protocol)) throw new OutboundRefused(`${protocol} is not spoken`);
      // A name is checked as it is resolved; an address in the URL never gets there.
      const host = hostname.replaceAll(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !mayReach(host, host)) throw refusal(host);
      const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
      const library = await undici();
      agent ??= new library.Agent({ connect });
      const response = await library.fetch(request.url, {
        method: request.method,
        headers: [...request.headers],
        body,
        // Whatever dispatcher the caller named knows nothing of what is allowed here.
        dispatcher: agent,
        redirect: 'error',
        signal: AbortSignal.any([request.signal, AbortSignal.timeout(settings.timeoutMs)]),
      });
      return new Response(limited(response.body, settings.bodyMax), {
        status: response.status,
        headers: [...response.headers],
      });
    },
    async close() {
      await agent?.destroy();
    },
  };
}

function createPermission(allow: readonly string[]): MayReach {
  const isNetwork = (entry: string): boolean => isIP(entry.split('/')[0] ?? '') !== 0;
  const networks = createNetworks(allow.filter(isNetwork));
  const names = new Set(allow.filter((entry) => !isNetwork(entry)));
  const anyone = createPublicAddresses();
  return (host, address) => names.has(host) || networks.has(address) || anyone.has(address);
}

/** Resolves once, checks every address, and gives the connection those very addresses: a second answer is never asked for. */
function createLookup(mayReach: MayReach, resolveHost: ResolveHost): LookupFunction {
  return (hostname, options, callback) => {
    resolveHost(hostname, { all: true }, (error, addresses) => {
      if (error) {
        callback(error, []);
        return;
      }
      const forbidden = addresses.find(({ address }) => !mayReach(hostname, address));
      if (forbidden) callback(refusal(hostname), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
    });
  };
}

function refusal(host: string): OutboundRefused {
  return new OutboundRefused(
    `${host} has a private address; name it in http.outbound.allow if it may be reached`,
  );
}

/** Counted as it is read, after decompression, so that a small answer cannot unfold into a large one. */
function limited(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): ReadableStream<Uint8Array> | null {
  let bytes = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > bytesMax)
        controller.error(new OutboundRefused(`an answer of more than ${bytesMax} bytes`));
      else controller.enqueue(chunk);
    },
  });
  return body === null ? null : body.pipeThrough(count);
}
