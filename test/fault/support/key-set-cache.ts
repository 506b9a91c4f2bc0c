import { setTimeout as delay } from 'node:timers/promises';
import type { JSONWebKeySet } from 'jose';
import { request } from 'undici';

const GIVE_UP_AFTER_MS = 60_000;
const ASK_AGAIN_MS = 50;

/** Where a node serves its key set, whoever's the issuer is. */
export interface KeySetPlace {
  readonly port: number;
  readonly issuer: string;
}

/** A key set as it was answered. */
export interface FetchedKeySet {
  readonly keys: JSONWebKeySet;
  /** Of `Cache-Control`. */
  readonly maxAgeSeconds: number;
}

/** Reads the key set of the node at `port`, which may be down for a moment. */
export async function fetchKeySet({ port, issuer }: KeySetPlace): Promise<FetchedKeySet> {
  const giveUpAtMs = performance.now() + GIVE_UP_AFTER_MS;
  for (;;) {
    try {
      const answer = await request(`http://127.0.0.1:${port}/.well-known/jwks.json`, {
        headers: { host: new URL(issuer).host },
        reset: true,
      });
      const keys = (await answer.body.json()) as JSONWebKeySet;
      const maxAge = /max-age=(\d+)/u.exec(String(answer.headers['cache-control']))?.[1];
      if (answer.statusCode !== 200 || maxAge === undefined) {
        throw new Error(`the key set was answered ${answer.statusCode}, to be kept ${maxAge}`);
      }
      return { keys, maxAgeSeconds: Number(maxAge) };
    } catch (error) {
      if (performance.now() > giveUpAtMs) throw error;
      await delay(ASK_AGAIN_MS);
    }
  }
}

/**
 * Keeps what `open` makes of a key set for as long as the answer allows, and reads it again only then: never
 * because a key is unknown. `maxAgeSeconds`: keeps it so long whatever the answer says, as most libraries do.
 */
export function createKeySetCache<Keys>(
  place: KeySetPlace,
  open: (keys: JSONWebKeySet) => Keys,
  maxAgeSeconds?: number,
): () => Promise<Keys> {
  let cached: Promise<{ readonly keys: Keys; readonly untilMs: number }> | undefined;
  const read = async (): Promise<{ readonly keys: Keys; readonly untilMs: number }> => {
    const fetched = await fetchKeySet(place);
    const keptMs = (maxAgeSeconds ?? fetched.maxAgeSeconds) * 1000;
    return { keys: open(fetched.keys), untilMs: performance.now() + keptMs };
  };
  return async () => {
    const seen = cached;
    const found = await (cached ??= read());
    if (seen === undefined || performance.now() < found.untilMs) return found.keys;
    // Of all that find it too old at once, the first reads it again.
    if (cached === seen) cached = read();
    return (await cached).keys;
  };
}
