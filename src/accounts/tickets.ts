import type { Json } from '../runtime/json.ts';

/** What the link in a letter is good for. */
export type TicketKind =
  | 'recovery'
  | 'invitation'
  | 'verify-email'
  | 'email-change-undo'
  | 'not-me';

/** What a ticket says, to whoever has it. */
export interface Ticket {
  readonly kind: TicketKind;
  /** Whom it is about: the id of an account, or the folded address of somebody who is not there yet. */
  readonly about: string;
  /** What it is to bring about, as its issuer put it in. */
  readonly payload: Json;
  readonly expiresAt: number;
}

/**
 * One-use tokens for the links in letters: 256 random bits, of which only a digest is kept. A ticket dies with its use,
 * with the next of its kind about the same, and with time. Looking at one uses nothing up, so that a page may be shown
 * to whatever follows links in letters; it is used by a form that is sent.
 *
 * @throws {StateUnavailable} when state does not answer: then nothing was issued, or nothing is known to have been used.
 */
export interface Tickets {
  /** The token of a new ticket, for the letter alone; resolves once the ticket is durable. */
  issue(ticket: {
    readonly kind: TicketKind;
    readonly about: string;
    readonly payload?: Json | undefined;
  }): Promise<{ readonly token: string; readonly expiresAt: number }>;
  /** Undefined: used, dead, of another kind, or none of ours. */
  peek(kind: TicketKind, token: string): Promise<Ticket | undefined>;
  /** Of many who use one ticket at once, one gets it. */
  use(kind: TicketKind, token: string): Promise<Ticket | undefined>;
  /** Ends what is out of this kind: what it was for has come about in another way. */
  withdraw(kind: TicketKind, about: string): Promise<void>;
}
