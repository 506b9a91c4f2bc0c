// An issuer in memory: keys, discovery and a feed with as many live revocations as are asked for, all behind a `fetch`.
import { randomBytes } from 'node:crypto';
import { CompactSign, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { createSnapshots } from '../../src/revocation/feed-snapshot.ts';
import { batchPayload, BATCH_TYPE } from '../../src/revocation/feed-payload.ts';
import type { FeedSource } from '../../src/revocation/feed-source.ts';
import { createHandleTable } from '../../src/revocation/handle-table.ts';
import { systemClock } from '../../src/runtime/clock.ts';

export const ISSUER = 'https://id.bench.example';
export const API = 'https://api.bench.example';
const EPOCH = '1-bench';
const LIFE_SECONDS = 900;
const HEARTBEAT_MS = 250;
const GOES_ON_BELOW = 0.5;

export interface BenchIssuer {
  readonly keys: { readonly keys: readonly object[] };
  /** Compressed, as it goes over the wire. */
  readonly snapshotBytes: number;
  readonly fetch: typeof fetch;
  /** A token that nothing of the feed matches. */
  issue(): Promise<string>;
  close(): void;
}

export async function createIssuer(alg: 'RS256' | 'ES256', live: number): Promise<BenchIssuer> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const kid = 'bench';
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }] };
  const sign = (payload: object, typ: string): Promise<string> =>
    new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg, kid, typ })
      .sign(privateKey);
  const source = sourceOf(live);
  const snapshot = await createSnapshots({
    source,
    sign,
    issuer: ISSUER,
    clock: systemClock,
  }).take();
  if (snapshot === undefined) throw new TypeError('no snapshot');
  const beats = new Set<NodeJS.Timeout>();

  function stream(): Response {
    const cursor = { epoch: EPOCH, number: live, check: '' };
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const beat = async (): Promise<void> => {
          const payload = batchPayload({
            issuer: ISSUER,
            nowMs: systemClock.nowMs(),
            heartbeatMs: HEARTBEAT_MS,
            after: live,
            cursor,
            head: live,
            entries: [],
          });
          const jws = await sign(payload, BATCH_TYPE);
          controller.enqueue(Buffer.from(`event: revocations\ndata: ${jws}\n\n`));
        };
        void beat();
        beats.add(setInterval(() => void beat(), HEARTBEAT_MS));
      },
    });
    return new Response(body);
  }

  return {
    keys,
    snapshotBytes: snapshot.length,
    fetch: async (input) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      if (pathname === '/.well-known/openid-configuration') {
        return Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` });
      }
      if (pathname === '/jwks') return Response.json(keys);
      if (pathname === '/revocations') return stream();
      const unzip = new DecompressionStream('gzip');
      return new Response(new Blob([new Uint8Array(snapshot)]).stream().pipeThrough(unzip));
    },
    issue: () => issue(privateKey, { alg, kid, number: live }),
    close: () => beats.forEach((beat) => clearInterval(beat)),
  };
}

/** An access token as Latchkey issues them, with handles of its own. */
function issue(
  key: CryptoKey,
  { alg, kid, number }: { readonly alg: string; readonly kid: string; readonly number: number },
): Promise<string> {
  const id = (): string => randomBytes(16).toString('base64url');
  return new SignJWT({
    client_id: id(),
    scope: 'openid profile orders:read',
    gid: id(),
    sid: id(),
    // Older than half of the revocations, so that a match would count.
    rev: `${EPOCH}.${Math.floor(number * GOES_ON_BELOW)}`,
  })
    .setProtectedHeader({ alg, kid, typ: 'at+jwt' })
    .setIssuer(ISSUER)
    .setAudience(API)
    .setSubject(id())
    .setJti(id())
    .setIssuedAt()
    .setExpirationTime(`${LIFE_SECONDS}s`)
    .sign(key);
}

function sourceOf(live: number): FeedSource {
  const table = createHandleTable(live);
  const until = systemClock.now() + LIFE_SECONDS;
  const random = randomBytes(Math.max(1, live) * 8);
  for (let number = 1; number <= live; number += 1) {
    const at = (number - 1) * 8;
    const [high, low] = [random.readUInt32LE(at), random.readUInt32LE(at + 4)];
    table.set({ high, low, number, expiresAt: until, tellUntil: until - (number % LIFE_SECONDS) });
  }
  return {
    position: () => ({ id: EPOCH, generation: 1, offset: 0, number: live }),
    isFresh: () => true,
    refresh: () => Promise.resolve(),
    entriesAfter: () => [],
    entry: () => undefined,
    size: () => table.size(),
    handles: () => table.copy(),
    forgetsBefore: () => 0,
    before: () => 0,
    onMoved: () => () => undefined,
  };
}
