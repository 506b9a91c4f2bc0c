import type { Accounts } from '../accounts/accounts.ts';
import type { Factors } from '../factors/factors.ts';
import type { AuthenticationSettings } from '../flows/config.ts';
import type { Flows } from '../flows/flows.ts';
import type { Metrics } from '../http/metrics.ts';
import { originOf } from '../http/page.ts';
import { waiting } from '../http/waiting.ts';
import type { Mail } from '../mail/mail.ts';
import type { Notices } from '../notices/notices.ts';
import type { Interaction } from '../provider/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Actor } from '../runtime/origin.ts';
import type { DeviceCookie } from './device-cookie.ts';
import type { Visit } from './interaction-routes.ts';
import type { Problem, ShowPage } from './pages.ts';
import type { Reception } from './reception.ts';
import type { Person, Progress, SignIn, SignIns } from './sign-in-progress.ts';

/** A visit that brought a form. */
export type FormVisit = Visit & { readonly form: NonNullable<Visit['form']> };

/** One step of a sign-in. */
export interface SignInStep {
  show(visit: Visit, signIn: SignIn): Promise<void>;
  take(visit: FormVisit, signIn: SignIn): Promise<void>;
}

/** Where the sign-in page leads beside the sign-in. */
export interface Ways {
  /** Where anybody can make an account; empty: nowhere. */
  joinUrl(interaction: Interaction): string | Promise<string>;
  /** Where whoever has forgotten a password is sent a letter; empty: nowhere. */
  recoverUrl(interaction: Interaction): string;
}

/** What has to be accepted before somebody goes on. */
export interface Terms {
  readonly version: string;
  readonly url: string;
}

/** What the steps need of the house. */
export interface StepOptions {
  readonly issuer: string;
  readonly accounts: Accounts;
  readonly factors: Factors;
  readonly mail: Mail;
  readonly notices: Notices;
  readonly flows: Flows;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: AuthenticationSettings;
  readonly device: DeviceCookie;
  /** For how many days a browser may be remembered; 0: not at all. */
  readonly rememberDays: number;
  readonly ways: Ways;
  /** Left out: everybody signs in as the directory knows them. */
  readonly reception?: Reception | undefined;
  readonly terms: Terms | undefined;
  readonly signIns: SignIns;
  readonly show: ShowPage;
  readonly metrics: Pick<Metrics, 'signIn'>;
  /** Keeps what a step brought, and leads to the next. */
  readonly goOn: (visit: Visit, signIn: SignIn, progress: Progress) => Promise<void>;
}

/** What to say when something was not right, and how. */
export interface Refused {
  readonly problem: Problem;
  readonly status: number;
}

export const NO_PROBLEM: Refused = { problem: { kind: 'none' }, status: 200 };
export const WRONG: Refused = { problem: { kind: 'refused' }, status: 401 };
export const INCOMPLETE: Refused = { problem: { kind: 'incomplete' }, status: 422 };
export const UNSENT: Refused = { problem: { kind: 'unsent' }, status: 503 };
export const BUSY: Refused = { problem: { kind: 'busy' }, status: 503 };

/** Too many attempts; the answer says when to come again. */
export function throttled({ ctx }: Visit, retryAfterSeconds: number): Refused {
  return { problem: waiting(ctx, retryAfterSeconds), status: 429 };
}

/** The person themselves, who changes something of theirs. */
export function actorOf({ ctx }: Visit): Actor {
  return { by: 'self', origin: originOf(ctx) };
}

/** Whoever the sign-in is of, at a step that comes after somebody was identified. */
export function personIn({ person }: SignIn): Person {
  if (person === undefined) throw new TypeError('a step of nobody');
  return person;
}

/** Shows the step that the sign-in has come to, at the address where it is. */
export function lookAgain({ ctx }: Visit): void {
  ctx.status = 303;
  ctx.redirect(ctx.path);
}
