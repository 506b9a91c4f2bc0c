import type { StateHealth } from '../state.ts';
import type { Lanes } from './lanes.ts';
import type { Redirect } from './redirects.ts';

/** Which connections lead to which key. */
export interface Ways {
  /** To the master of the key `name`; `undefined`: no node is known to have its slot. */
  lanesOf(name: string): Lanes | undefined;
  /** To the node `host:port`, which a redirection told of. */
  lanesAt(node: string): Lanes;
  /** Takes note that a slot has another master. */
  moved(redirect: Extract<Redirect, { kind: 'moved' }>): void;
  /** Waits for the master of `name`, whichever it is by then; at once false if it has been gone for longer already. */
  untilReady(name: string, limitMs: number): Promise<boolean>;
  /** Why the master of `name` cannot be used. */
  troubleOf(name: string): Error;
}

/** The Redis that was set, or the Cluster. */
export interface Topology extends Ways {
  /** True where one command can read one key only. */
  readonly isSpread: boolean;
  /** Somewhere to listen for notifications when the connection on which they came is gone; left out: there again. */
  readonly elsewhere?: () => { readonly host: string; readonly port: number };
  health(): Promise<StateHealth>;
  close(): Promise<void>;
}

/** All keys lead to one Redis. */
export function oneWay(lanes: Lanes): Ways {
  const { link } = lanes.main;
  return {
    lanesOf: () => lanes,
    lanesAt: () => lanes,
    moved: () => undefined,
    untilReady: (_, limitMs) => link.untilReady(limitMs),
    troubleOf: () => link.trouble(),
  };
}
