import type { Compilable } from 'kysely';
import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Actor, Origin } from '../runtime/origin.ts';
import type { Queries } from '../storage/records.ts';
import type { PasswordOwner, PasswordReview } from './password-review.ts';
import type { Strength } from './strength.ts';

/**
 * Whether somebody may be let in, and what they hold be honoured: only while `active`. `disabled` by an operator;
 * `locked` until they recover the account ("this was not me"); `expired` when its time was over. Of several the first.
 */
export type AccountState = 'active' | 'disabled' | 'locked' | 'expired';

/** A person as the rest of the house sees them. */
export interface Account {
  /** The `sub` of every token: never reused, never an e-mail address. */
  readonly id: string;
  readonly username: string | undefined;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  /** The number by which they sign in, shown to be theirs and nobody else's; the claims have it, too, as verified. */
  readonly phone: string | undefined;
  /** Standard claims (OpenID Connect Core section 5.1) that are not fields of their own here. */
  readonly claims: JsonObject;
  /** Attributes of the installation: `roles`, `groups`, ... */
  readonly attributes: JsonObject;
  readonly owner: boolean;
  /** As of when the account was read: an account expires by itself. */
  readonly state: AccountState;
  /** When it expires, or has. */
  readonly expiresAt: number | undefined;
  readonly hasPassword: boolean;
  /** The next sign-in by password has to end with a new one. */
  readonly mustChangePassword: boolean;
  /** The terms that the person accepted last. */
  readonly terms: AcceptedTerms | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface AcceptedTerms {
  readonly version: string;
  readonly acceptedAt: number;
}

/** What became of a sign-in by password. `refused` never says why: unknown, wrong and disabled look and cost the same. */
export type PasswordOutcome =
  | { readonly kind: 'verified'; readonly account: Account }
  | { readonly kind: 'refused' }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number }
  | { readonly kind: 'busy'; readonly retryAfterSeconds: number };

/** Fields of a new account; a password in clear is hashed here and never kept. */
export interface NewAccount {
  readonly id?: string | undefined;
  readonly username?: string | undefined;
  readonly email?: string | undefined;
  readonly emailVerified?: boolean | undefined;
  /** A number shown to be theirs, in the form of E.164, to sign in by. */
  readonly phone?: string | undefined;
  readonly password?: string | undefined;
  /** In place of `password`: a hash of ours or one of another system (`foreign-hashes.ts`), replaced at the first sign-in. */
  readonly passwordHash?: string | undefined;
  readonly mustChangePassword?: boolean | undefined;
  readonly expiresAt?: number | undefined;
  readonly disabled?: boolean | undefined;
  readonly terms?: AcceptedTerms | undefined;
  readonly claims?: JsonObject | undefined;
  readonly attributes?: JsonObject | undefined;
  readonly owner?: boolean | undefined;
  /** When it was made elsewhere; left out, or ahead of time: now. */
  readonly createdAt?: number | undefined;
}

/** What another room keeps of an account from its first moment on. */
export interface Beginnings {
  /** Written in the transaction that makes the account, so that it is never there without. */
  statements(queries: Queries, accountId: string): readonly Compilable[];
  /** Puts it on record, once the account is there. */
  record(accountId: string, actor: Actor): Promise<void>;
}

/** Who changes the data of an account: a person their own, within what the installation lets them, or an operator. */
export type Editor = 'person' | 'operator';

/** What to change of an account; what is left out stays, `null` takes a claim or an attribute away. */
export interface AccountChanges {
  /** `null`: none any more. */
  readonly username?: string | null | undefined;
  /** As of a new account; `null`: nobody signs in by theirs any more. A person changes theirs by showing the new one. */
  readonly phone?: string | null | undefined;
  /** Another `phone_number` is not verified, unless the same change says so, and nobody signs in by it. */
  readonly claims?: JsonObject | undefined;
  readonly attributes?: JsonObject | undefined;
}

/** What stands of the limits on guessing one account's password. */
export interface ReachedLimit {
  /** `strangers`: addresses it never signed in from; `acquaintances`: those it has. */
  readonly who: 'strangers' | 'acquaintances';
  /** The sign-in name that was guessed at, folded. */
  readonly login: string;
  readonly failures: number;
  readonly max: number;
  /** From the first failure on; a sign-in that succeeds, a new password or `resetLimits` ends it sooner. */
  readonly forgottenAfterSeconds: number;
}

/**
 * People: find, verify, manage. Reads come from records; whatever ends an account's right to be let in takes effect
 * on every node at once, and takes back every token. Changes are audited here. A change gives false when there is
 * no such account.
 */
export interface Accounts {
  find(id: string): Promise<Account | undefined>;
  /** By e-mail address or username, folded as at sign-in. */
  findByLogin(login: string): Promise<Account | undefined>;
  /** By the number by which somebody signs in. */
  findByPhone(phone: string): Promise<Account | undefined>;
  /** Counts first, then evaluates; takes the same time whether or not `login` exists. Audited here. */
  verifyPassword(attempt: {
    readonly login: string;
    readonly password: string;
    readonly origin: Origin;
    readonly clientId?: string | undefined;
  }): Promise<PasswordOutcome>;
  list(page: {
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<readonly Account[]>;
  /** @throws {InvalidAccount} {AccountExists} */
  create(account: NewAccount, actor: Actor, beginnings?: readonly Beginnings[]): Promise<Account>;
  /** As it is kept, for moving away: nothing that is shown may hold it. Undefined: there is none. */
  passwordHash(id: string): Promise<string | undefined>;
  /** Every mistake of `account`, and whether it is taken; nothing is written. */
  check(account: NewAccount): Promise<readonly string[]>;
  /** Whether `password` may be set, and how strong it is. Never at sign-in: it takes up to a second. */
  checkNewPassword(password: string, owner?: PasswordOwner): Promise<PasswordReview>;
  /** How hard a password is to guess for whoever knows nothing of its owner: advice while it is typed. */
  passwordStrength(password: string): Promise<Strength>;
  /**
   * Ends every session and token, a lock, and that the password has to be changed.
   *
   * @throws {InvalidAccount} when the password breaks the rules.
   */
  setPassword(id: string, password: string, actor: Actor): Promise<boolean>;
  /** Whoever has another way in goes on without one; sessions stay. */
  removePassword(id: string, actor: Actor): Promise<boolean>;
  /** The next sign-in by password has to end with a new one. */
  requirePasswordChange(id: string, actor: Actor): Promise<boolean>;
  /** @throws {InvalidAccount} for what is unknown, unfit, or not for this editor to change. {AccountExists} */
  update(id: string, changes: AccountChanges, by: ByWhom): Promise<boolean>;
  /** What would be wrong with such an update, whoever has the names; nothing is changed. */
  checkUpdate(id: string, changes: AccountChanges, editor: Editor): Promise<readonly string[]>;
  /** `undefined`: none any more. @throws {InvalidAccount} {AccountExists} */
  setEmail(id: string, email: NewEmail | undefined, actor: Actor): Promise<boolean>;
  /** The address was shown to be theirs. False, too, when it is not theirs any more. */
  verifyEmail(id: string, email: string, actor: Actor): Promise<boolean>;
  acceptTerms(id: string, version: string, actor: Actor): Promise<boolean>;
  disable(id: string, actor: Actor): Promise<boolean>;
  enable(id: string, actor: Actor): Promise<boolean>;
  /** "This was not me": nobody gets in until the account is recovered, by a new password or an operator. */
  lock(id: string, actor: Actor): Promise<boolean>;
  unlock(id: string, actor: Actor): Promise<boolean>;
  /** `undefined`: never. */
  setExpiry(id: string, expiresAt: number | undefined, actor: Actor): Promise<boolean>;
  /** For good: the person is gone with all that hung on them, and their id is never given again. The audit stays. */
  delete(id: string, actor: Actor): Promise<boolean>;
  /** The limits on guessing that have been counted towards, for operators. */
  limits(id: string): Promise<readonly ReachedLimit[]>;
  /** Forgets the failures in a row, so that the person may try again at once. */
  resetLimits(id: string, actor: Actor): Promise<boolean>;
  /** Ends what runs in the background. */
  close(): Promise<void>;
}

/** Who changes the data of an account, and in what right. */
export interface ByWhom {
  readonly editor: Editor;
  readonly actor: Actor;
}

export interface NewEmail {
  readonly address: string;
  readonly isVerified: boolean;
}

/** What was given for an account breaks the rules. */
export class InvalidAccount extends LatchkeyError {
  readonly code = 'ERR_INVALID_ACCOUNT';
  /** Every mistake, in words for whoever made it. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('; '), options);
    this.problems = problems;
  }
}

/** The username, the e-mail address, the telephone number or the id belongs to an account already, or the id once did. */
export class AccountExists extends LatchkeyError {
  readonly code = 'ERR_ACCOUNT_EXISTS';
}

/** So many passwords are waiting to be hashed that this one was turned away: 503. */
export class PasswordsBusy extends LatchkeyError {
  readonly code = 'ERR_PASSWORDS_BUSY';
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(`too many passwords are being checked; try again in ${retryAfterSeconds} s`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
