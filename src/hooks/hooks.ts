import type { JsonObject } from '../runtime/json.ts';

/** Something that happened, for one program of the operator. */
export interface HookEvent {
  /** Where it is told; also who it is for (`aud`). */
  readonly url: string;
  /** The event identifier (RFC 8417 section 2.2): a URI. */
  readonly type: string;
  /** The account that it is about. */
  readonly accountId: string;
  /** What the event says beyond that; no secrets. */
  readonly claims: JsonObject;
  /** When it no longer holds (NumericDate): then it is told no more. */
  readonly holdsUntil: number;
}

/** Tells programs of the operator what happened. */
export interface Hooks {
  /** Resolves when the call is kept, and will be made by some node. @throws {RecordsUnavailable} */
  call(event: HookEvent): Promise<void>;
}

/** How a try ended. */
export type CallResult = 'taken' | 'postponed' | 'given_up';
