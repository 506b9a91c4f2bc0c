import { ReplyError } from 'ioredis';
import { messageOf } from './errors.ts';

/** Where a node of a Cluster sends us for a key; none of them has done anything. */
export type Redirect =
  /** The slot has another master. */
  | { readonly kind: 'moved'; readonly slot: number; readonly node: string }
  /** The slot is moving, and this key is at the new master already, or would be. */
  | { readonly kind: 'ask'; readonly node: string }
  /** The slot is moving, and the keys of one script are not all on one side. */
  | { readonly kind: 'scattered' }
  /** A slot has no master, for a fail-over is under way. */
  | { readonly kind: 'down' };

/** Reads an error as a redirection; `undefined` when it is none. */
export function redirectOf(error: unknown): Redirect | undefined {
  if (!(error instanceof ReplyError)) return undefined;
  const [word = '', slot, node = ''] = messageOf(error).split(' ');
  switch (word) {
    case 'MOVED':
      return { kind: 'moved', slot: Number(slot), node };
    case 'ASK':
      return { kind: 'ask', node };
    case 'TRYAGAIN':
      return { kind: 'scattered' };
    case 'CLUSTERDOWN':
      return { kind: 'down' };
    default:
      return undefined;
  }
}
