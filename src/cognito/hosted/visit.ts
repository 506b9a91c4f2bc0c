import type { Context } from 'koa';
import { secretHashOf } from '../secret-hash.ts';
import type { ClientOfPool, Pools } from '../pools.ts';

const INTERACTION = /^[\w-]{1,100}$/;

/** Somebody at a page of a pool, on the way to a client. */
export interface PoolVisit extends ClientOfPool {
  readonly ctx: Context;
  /** What they typed on the page before; unchecked text. */
  readonly login: string;
  /** Where they sign in, and go on to the client. */
  readonly signInUrl: string;
  /** `path` with what leads on to the client, and who it is about. */
  next(path: string, login: string, more?: Readonly<Record<string, string>>): string;
  /** What the JSON API is to know of the client, for a user who is named so. */
  of(login: string): {
    readonly ClientId: string;
    readonly Username: string;
    readonly SecretHash?: string;
  };
}

/**
 * A visit within a request that waits (`interaction`), or to begin one: then the query is that of `/login`. Undefined:
 * no client that has pages.
 */
export async function readVisit(
  ctx: Context,
  pools: Pick<Pools, 'findClient'>,
): Promise<PoolVisit | undefined> {
  const query = new URLSearchParams(ctx.querystring);
  const found = await pools.findClient(query.get('client_id') ?? '');
  if (found === undefined || !found.client.oauth.enabled) return undefined;
  const { client } = found;
  const login = query.get('login_hint') ?? '';
  const uid = query.get('interaction') ?? '';
  return {
    ...found,
    ctx,
    login,
    signInUrl: INTERACTION.test(uid) ? `/interaction/${uid}` : `/login?${query.toString()}`,
    next(path, named, more = {}) {
      const onward = new URLSearchParams({ ...Object.fromEntries(query), ...more });
      onward.set('login_hint', named);
      return INTERACTION.test(uid) && path === '/login'
        ? `/interaction/${uid}`
        : `${path}?${onward.toString()}`;
    },
    of: (named) => ({
      ClientId: client.id,
      Username: named,
      ...(client.secret !== undefined && {
        SecretHash: secretHashOf(client.secret, named, client.id),
      }),
    }),
  };
}
