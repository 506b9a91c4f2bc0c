import type { Message } from './compose-letter.ts';

/** A letter in the hands of whoever takes it further. */
export interface Parcel {
  /** Stays the same over all tries, so that a second copy can be told for one. */
  readonly id: string;
  readonly to: string;
  readonly message: Message;
}

/** How a try ended. `code`: of SMTP or HTTP, or the name of what went wrong; never a text from outside. */
export type Carried =
  | { readonly kind: 'taken' }
  /** Not now: it may go another time. */
  | { readonly kind: 'later'; readonly code: string }
  /** Never: nobody has this address, or nobody may write to it. */
  | { readonly kind: 'refused'; readonly code: string };

/** Takes letters out of the house. Answers within `CARRIED_WITHIN_SECONDS`. */
export interface Carrier {
  carry(parcel: Parcel): Promise<Carried>;
  /** Breaks off what is under way, which is then answered `later`. */
  close(): Promise<void>;
}

/** What a carrier may take over one letter; a claim outlasts it. */
export const CARRIED_WITHIN_SECONDS = 60;
