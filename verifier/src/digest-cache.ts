import { digestOf, type HandleKind } from './digest.ts';
import type { Digest } from './handle-table.ts';

/** How many digests of a kind are kept: some hundred kilobytes. */
const KEPT_MAX = 4000;

/** Gives the digests of handles, and keeps those that come again and again: a token is used more than once. */
export function createDigestCache(): (kind: HandleKind, handle: string) => Digest {
  const kept: Record<HandleKind, Map<string, Digest>> = {
    token: new Map(),
    grant: new Map(),
    session: new Map(),
    account: new Map(),
    client: new Map(),
  };
  return (kind, handle) => {
    const known = kept[kind].get(handle);
    if (known !== undefined) return known;
    const digest = digestOf(kind, handle);
    if (kept[kind].size >= KEPT_MAX) kept[kind].clear();
    kept[kind].set(handle, digest);
    return digest;
  };
}
