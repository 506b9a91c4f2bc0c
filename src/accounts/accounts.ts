import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Actor, Origin } from '../runtime/origin.ts';

/** A person as the rest of the house sees them. */
export interface Account {
  /** The `sub` of every token: never reused, never an e-mail address. */
  readonly id: string;
  readonly username: string | undefined;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  /** Standard claims (OpenID Connect Core section 5.1) that are not fields of their own here. */
  readonly claims: JsonObject;
  /** Attributes of the installation: `roles`, `groups`, ... */
  readonly attributes: JsonObject;
  readonly owner: boolean;
  readonly disabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
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
  readonly password?: string | undefined;
  /** A PHC string, in place of `password`. */
  readonly passwordHash?: string | undefined;
  readonly claims?: JsonObject | undefined;
  readonly attributes?: JsonObject | undefined;
  readonly owner?: boolean | undefined;
}

/** People: find, verify, manage. Reads come from records; disabling takes effect on every node at once. */
export interface Accounts {
  find(id: string): Promise<Account | undefined>;
  /** By e-mail address or username, folded as at sign-in. */
  findByLogin(login: string): Promise<Account | undefined>;
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
  create(account: NewAccount, actor: Actor): Promise<Account>;
  /** @throws {InvalidAccount} when the password breaks the rules. False: no such account. */
  setPassword(id: string, password: string, actor: Actor): Promise<boolean>;
  disable(id: string, actor: Actor): Promise<boolean>;
  enable(id: string, actor: Actor): Promise<boolean>;
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

/** The username, the e-mail address or the id belongs to an account already, or the id once did. */
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
