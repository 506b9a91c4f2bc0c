import type { Context } from 'koa';
import type { Actor } from '../../runtime/origin.ts';
import type { ClientView, ConsentRequest } from './consent.ts';

/** What a browser's own session with us has proven. */
export interface BrowserSession {
  /** Names it for as long as it lives; no secret. */
  readonly uid: string;
  readonly accountId: string;
  /** NumericDate: when the person proved last who they are. */
  readonly authTime: number;
  /** RFC 8176 values. */
  readonly amr: readonly string[];
  /** By more than one factor: of the class `ACR.multiple`. */
  readonly isMultiFactor: boolean;
}

/** A session of a person as they may know it again. */
export interface ListedSession {
  readonly uid: string;
  readonly signedInAt: number;
  /** To the quarter hour. */
  readonly lastSeenAt: number;
  readonly userAgent: string | undefined;
  readonly address: string;
}

/** Who is signed in here, and where else. */
export interface BrowserSessions {
  /** The living session of this browser; undefined: nobody is signed in. */
  current(ctx: Context): Promise<BrowserSession | undefined>;
  /** Ends it with all that was issued in it, as signing out does. False: nobody was signed in. */
  end(ctx: Context): Promise<boolean>;
  /** The living sessions of a person, the last seen first. */
  list(accountId: string): Promise<readonly ListedSession[]>;
}

/** A client that somebody lets have something. */
export interface ConnectedClient {
  /** All that is known of one that was deleted is its id, which stands for its name. */
  readonly client: ClientView;
  readonly allowed: ConsentRequest;
  /** When the person allowed it; undefined: it is one of the installation's own, which do not ask. */
  readonly since: number | undefined;
  /** Where a sign-in there can be begun from here (OpenID Connect Core section 4); undefined: nowhere. */
  readonly startUri: string | undefined;
  /** When it was given a token last, as far as the audit goes back. */
  readonly lastUsedAt: number | undefined;
  /** What people know the issuer by whose client it is; empty: the installation itself. */
  readonly site: string;
}

/** What `TakeBack.disconnect` could take away from whom. */
export interface ConnectedClients {
  /** By name. Of an issuer beside the installation's own: its own clients alone. */
  list(accountId: string): Promise<readonly ConnectedClient[]>;
}

/** Clients of another issuer, or of what else lets people sign in. */
export interface FurtherClients extends ConnectedClients {
  /** Ends what somebody lets a client have and no grant stands for; left out: there is no such thing. */
  end?(accountId: string, clientId: string, actor: Actor): Promise<void>;
}

/** What somebody lets clients have, wherever in the installation that was. */
export type AllConnectedClients = Required<FurtherClients>;
