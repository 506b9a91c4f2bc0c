import type { Context } from 'koa';
import { originOf } from '../http/page.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Recovery } from './recoveries.ts';

/** One visit of somebody who recovers an account. */
export interface Visit {
  readonly ctx: Context;
  readonly recovery: Recovery;
  /** The token for the next form. */
  readonly csrf: string;
}

/** A visit that brought a form whose token was right. */
export type FormVisit = Visit & { readonly form: ReadonlyMap<string, string> };

/** One step of recovery. */
export interface Step {
  show(visit: Visit): Promise<void>;
  take(visit: FormVisit): Promise<void>;
}

export function actorOf({ ctx }: Visit): Actor {
  return { by: 'self', origin: originOf(ctx) };
}
