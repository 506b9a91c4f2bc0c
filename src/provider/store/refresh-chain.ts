import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Entry } from '../../storage/state.ts';
import { number, object, ofKind, text, texts } from './payloads.ts';

/**
 * All refresh tokens that followed from one, in one entry: the live one, the one before it, and those that
 * a repeated refresh superseded. One swap of this entry is the whole rotation, so that no crash and no race
 * can leave two live tokens or none.
 */
export interface RefreshChain {
  readonly kind: 'RefreshToken';
  /** The engine's payload, the same for all tokens of the chain but for its times. */
  readonly payload: JsonObject;
  /** SHA-256 of the token that may be used. */
  readonly live: string;
  /** SHA-256 of the token that was used to get the live one. */
  readonly previous: string | undefined;
  /** When `previous` was used first. */
  readonly rotatedAtMs: number;
  /** SHA-256 of tokens that were answered but never used, because a repetition came after them. */
  readonly superseded: readonly string[];
  /** The revocation mark under which the live token was issued. */
  readonly mark: string;
}

/**
 * What the use of a token means. `live`: the ordinary case. `repeated`: the client lost the answer and
 * asks again. `superseded`: it was answered to a request that was then repeated, so it is worth nothing
 * but no sign of theft. `reused`: two hold the same chain, and one of them is not the client.
 */
export type Use = 'live' | 'repeated' | 'superseded' | 'reused';

/** More repetitions than this of one refresh are not an honest client's. */
const SUPERSEDED_MAX = 128;

/** Judges the use of the token whose SHA-256 is `presented`, which is known to be of this chain. */
export function judgeUse(
  chain: RefreshChain,
  presented: string,
  now: { readonly nowMs: number; readonly windowSeconds: number },
): Use {
  if (presented === chain.live) return 'live';
  if (chain.superseded.includes(presented)) return 'superseded';
  const isInWindow = now.nowMs - chain.rotatedAtMs <= now.windowSeconds * 1000;
  return presented === chain.previous && now.windowSeconds > 0 && isInWindow
    ? 'repeated'
    : 'reused';
}

/** The chain after a use that was judged `live` or `repeated`, with `next` as its live token. */
export function rotate(
  chain: RefreshChain,
  use: 'live' | 'repeated',
  next: {
    readonly live: string;
    readonly payload: JsonObject;
    readonly nowMs: number;
    readonly mark: string;
  },
): RefreshChain {
  const { live, payload, nowMs, mark } = next;
  const isRepeated = use === 'repeated';
  return {
    kind: 'RefreshToken',
    payload,
    live,
    mark,
    previous: isRepeated ? chain.previous : chain.live,
    // A repetition does not lengthen its own window.
    rotatedAtMs: isRepeated ? chain.rotatedAtMs : nowMs,
    superseded: isRepeated
      ? [...chain.superseded, chain.live].slice(-SUPERSEDED_MAX)
      : chain.superseded,
  };
}

/**
 * The chain `before` a rotation that came to nothing, since nobody was given its token. A repetition that
 * was in time finds its window open again.
 */
export function unused(
  before: RefreshChain,
  use: 'live' | 'repeated',
  nowMs: number,
): RefreshChain {
  return use === 'repeated' ? { ...before, rotatedAtMs: nowMs } : before;
}

/** Where the chain of a refresh token lies. */
export function chainKey(value: string): string {
  return `RefreshToken:${sha256(value.split('.', 1)[0] ?? '')}`;
}

/** What lies there, decoded. */
export function readChain(entry: Entry | undefined): RefreshChain | undefined {
  const value = ofKind(entry, 'RefreshToken');
  const live = value && text(value, 'live');
  if (value === undefined || live === undefined) return undefined;
  return {
    kind: 'RefreshToken',
    payload: object(value, 'payload') ?? {},
    live,
    previous: text(value, 'previous'),
    rotatedAtMs: number(value, 'rotatedAtMs') ?? 0,
    superseded: texts(value, 'superseded'),
    mark: text(value, 'mark') ?? '',
  };
}
