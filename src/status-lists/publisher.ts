import { createHash } from 'node:crypto';
import type { Clock } from '../runtime/clock.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { StatusListsConfig } from './config.ts';
import { compressed } from './status-array.ts';
import type { TokenList } from './token-list.ts';

/** The `typ` of a status list token (section 5.1). */
const STATUS_LIST_TYPE = 'statuslist+jwt';
const BITS = 1;

/** Signs a JWS (RFC 7515) with this payload and `typ` by a current key of the issuer. */
export type Sign = (payload: JsonObject, typ: string) => Promise<string>;

/** A status list token, ready to be sent. */
export interface StatusListToken {
  readonly jws: string;
  readonly etag: string;
  readonly expiresAt: number;
}

/** The lists as they are served: signed once, for all who ask. */
export interface Publisher {
  /** Signs what has changed or grows old. Only to be called while this node knows both logs. */
  publish(lists: readonly TokenList[]): Promise<void>;
  /** `expired`: there is a list, but this node must not speak for it now. */
  find(id: string): StatusListToken | 'expired' | undefined;
  ids(): readonly string[];
}

interface PublisherOptions {
  readonly sign: Sign;
  readonly clock: Clock;
  readonly settings: StatusListsConfig;
  readonly uriOf: (id: string) => string;
  readonly aggregationUri: string;
}

interface Published extends StatusListToken {
  readonly version: number;
  readonly issuedAt: number;
}

/** Has published nothing yet. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { sign, clock, uriOf, aggregationUri } = options;
  const { ttl, lifetime } = options.settings;
  const published = new Map<string, Published>();

  async function signed(list: TokenList): Promise<Published> {
    const [now, version] = [clock.now(), list.version()];
    // A copy: bits that change while it is compressed belong to the next one.
    const lst = await compressed(list.bytes.slice());
    const expiresAt = now + lifetime;
    const payload = {
      sub: uriOf(list.identity.id),
      iat: now,
      exp: expiresAt,
      ttl,
      status_list: { bits: BITS, lst, aggregation_uri: aggregationUri },
    };
    const jws = await sign(payload, STATUS_LIST_TYPE);
    const etag = `"${createHash('sha256').update(jws).digest('base64url')}"`;
    return { jws, etag, expiresAt, version, issuedAt: now };
  }

  function isGood(list: TokenList): boolean {
    const last = published.get(list.identity.id);
    if (last === undefined || last.version !== list.version()) return false;
    // Also when the clock was set back: what is signed in the future is good for nobody.
    return last.issuedAt <= clock.now() && clock.now() < last.issuedAt + ttl;
  }

  return {
    async publish(lists) {
      for (const list of lists)
        if (!isGood(list)) published.set(list.identity.id, await signed(list));
      const living = new Set(lists.map(({ identity }) => identity.id));
      for (const id of published.keys()) if (!living.has(id)) published.delete(id);
    },
    find(id) {
      const token = published.get(id);
      return token !== undefined && token.expiresAt <= clock.now() ? 'expired' : token;
    },
    ids: () => [...published.keys()],
  };
}
