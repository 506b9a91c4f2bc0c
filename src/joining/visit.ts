import type { Context } from 'koa';
import { originOf, seeOther } from '../http/page.ts';
import type { Interaction } from '../provider/contract.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Joining } from './joinings.ts';

/** One visit of somebody who joins. */
export interface Visit {
  readonly ctx: Context;
  readonly interaction: Interaction;
  readonly joining: Joining;
  /** The token for the next form. */
  readonly csrf: string;
}

/** A visit that brought a form whose token was right. */
export type FormVisit = Visit & { readonly form: ReadonlyMap<string, string> };

/** One step of joining. */
export interface Step {
  show(visit: Visit): Promise<void>;
  take(visit: FormVisit): Promise<void>;
}

/** Where those sign in who have an account, and those who have just made one. */
export function signInPath({ interaction }: Pick<Visit, 'interaction'>): string {
  return `/interaction/${interaction.uid}/sign-in`;
}

/** What every page of joining is given. */
export function frameOf(visit: Visit): {
  readonly client: string;
  readonly csrf: string;
  readonly signInUrl: string;
} {
  const { interaction, csrf } = visit;
  return { client: interaction.client.name, csrf, signInUrl: signInPath(visit) };
}

/** Shows the step that joining has come to, at the address where it is. */
export function lookAgain({ ctx }: Visit): void {
  seeOther(ctx, ctx.path);
}

export function actorOf({ ctx }: Visit): Actor {
  return { by: 'self', origin: originOf(ctx) };
}
