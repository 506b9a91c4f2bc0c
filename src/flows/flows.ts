import type { JsonObject } from '../runtime/json.ts';
import type { Version } from '../storage/state.ts';
import type { Proof } from './proofs.ts';

/** What a flow leads to; a flow of one purpose is never taken for one of another. */
export type Purpose = 'sign-in' | 'passkey' | 'register' | 'recover' | 'account';

/** The state of one flow, as one request read it. */
export interface Flow {
  readonly purpose: Purpose;
  /** Random, or the engine's `uid`: names the flow in paths. It is no secret. */
  readonly id: string;
  /** What was proven, by this browser in this flow; all of one account. */
  readonly proofs: readonly Proof[];
  /** What the steps keep: a challenge that is open, the address that was typed. */
  readonly data: JsonObject;
  /** NumericDate. */
  readonly expiresAt: number;
  /** The write that it was read from; undefined: it has not been written yet. */
  readonly version: Version | undefined;
}

/** What a step changes. What is left out stays. */
export interface FlowChange {
  readonly proofs?: readonly Proof[] | undefined;
  readonly data?: JsonObject | undefined;
}

/**
 * Flows in state, one record each.
 *
 * @throws {StateUnavailable} from each: a step that cannot be kept has not happened.
 */
export interface Flows {
  /** The living flow; undefined: unknown, over, or expired. */
  find(purpose: Purpose, id: string): Promise<Flow | undefined>;
  /** A flow that lies nowhere until its first `change`. */
  begin(flow: {
    readonly purpose: Purpose;
    readonly id: string;
    readonly ttlSeconds: number;
    readonly data?: JsonObject | undefined;
  }): Flow;
  /** Undefined: another request changed or ended it meanwhile; nothing was written. */
  change(flow: Flow, change: FlowChange): Promise<Flow | undefined>;
  /** True for one caller alone, however many try: only that one may write what the flow leads to. */
  end(flow: Flow): Promise<boolean>;
}
