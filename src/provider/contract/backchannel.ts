import type { Context } from 'koa';
import type { ClientView, ConsentRequest } from './consent.ts';
import type { BrowserSession } from './sessions.ts';

/** A client asks somebody who is elsewhere to sign in (OpenID Connect CIBA), and they have not answered yet. */
export interface WaitingRequest {
  /** Names it; no secret. */
  readonly id: string;
  readonly client: ClientView;
  /** What the person sees at the client, too (`binding_message`); empty: nothing. */
  readonly message: string;
  readonly asked: ConsentRequest;
  /** NumericDates. */
  readonly askedAt: number;
  readonly expiresAt: number;
}

/** What became of an answer. `gone`: it came too late, or twice; `more-proof`: a second factor is asked for. */
export type BackchannelAnswer = 'done' | 'gone' | 'more-proof';

/** Requests that wait for people. */
export interface BackchannelRequests {
  /** The newest first. */
  list(accountId: string): Promise<readonly WaitingRequest[]>;
  /** Once only, whatever is said; on record when it resolves. */
  answer(
    ctx: Context,
    what: {
      readonly session: BrowserSession;
      readonly id: string;
      readonly isApproved: boolean;
    },
  ): Promise<BackchannelAnswer>;
}

/** Tells somebody that a client waits for them. */
export type OnBackchannelRequest = (asked: {
  readonly accountId: string;
  readonly clientId: string;
  readonly clientName: string;
  /** Empty: there is none. */
  readonly message: string;
  readonly lifetimeSeconds: number;
  /** Those that the client asks for. */
  readonly languages: readonly string[];
}) => Promise<void>;
