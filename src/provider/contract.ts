import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from 'koa';
import type { ClientCertificate } from '../client-certificates/client-certificate.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Origin } from '../runtime/origin.ts';
import type { Minting } from './minting-order.ts';
import type { ShownDetail } from './authorization-details/authorization-details.ts';

/** The classes of sign-ins, for `acr_values`. */
export { ACR } from './acr.ts';

/** One issuer with its routes, cookies and token dialect. State keys are per issuer. */
export interface IssuerProfile {
  /** The issuer URL, without a trailing slash; every other URL of ours begins with it. */
  readonly issuer: string;
  /** Short and stable: prefixes state keys and cookie names. */
  readonly namespace: string;
}

/** What a page may say of a client. URLs were checked to be http(s). */
export interface ClientView {
  readonly id: string;
  readonly name: string;
  /** Of the document that describes it, where nobody registered it: all that is known of who it is. */
  readonly host: string | undefined;
  readonly uri: string | undefined;
  readonly logoUri: string | undefined;
  readonly policyUri: string | undefined;
  readonly tosUri: string | undefined;
  readonly firstParty: boolean;
  /** When its people are asked for a second factor; undefined: as the installation says. */
  readonly secondFactor: 'never' | 'if-enrolled' | 'required' | undefined;
}

/** What a client asks a person to allow, beyond what they allowed before. */
export interface ConsentRequest {
  /** OIDC scopes not yet granted: `profile`, `email`, `offline_access`, ... */
  readonly scopes: readonly string[];
  /** Single claims asked by the `claims` parameter (OpenID Connect Core section 5.5). */
  readonly claims: readonly string[];
  /** APIs with the scopes asked of each. */
  readonly resources: readonly {
    readonly identifier: string;
    readonly name: string;
    readonly scopes: readonly { readonly name: string; readonly description: string }[];
  }[];
  /** What is asked for in detail, this once (RFC 9396). */
  readonly details: readonly ShownDetail[];
}

/** A pause in an authorization request, while a person does something. */
export interface Interaction {
  readonly uid: string;
  /** `create`: the client asks for a new account (OpenID Connect Initiating User Registration). */
  readonly prompt: 'create' | 'login' | 'select_account' | 'consent';
  /** Why the engine asks: `no_session`, `login_prompt`, `max_age`, `essential_acr`, ... */
  readonly reasons: readonly string[];
  readonly client: ClientView;
  /** From `login_hint`; unchecked text. */
  readonly loginHint: string;
  /** From `ui_locales`, in the client's order; unchecked text. */
  readonly uiLocales: readonly string[];
  /** The client asks for more than one factor: by `acr_values` (RFC 9470), or an essential `acr` claim. */
  readonly isMultiFactorAsked: boolean;
  /** The account of the browser's session, when there is one. */
  readonly accountId: string | undefined;
  /** How that session was signed in: RFC 8176 values. */
  readonly amr: readonly string[];
  /** With prompt `consent`. */
  readonly consent: ConsentRequest | undefined;
}

/** What the person did. */
export type Outcome =
  | {
      readonly kind: 'signed-in';
      readonly accountId: string;
      readonly amr: readonly string[];
      readonly acr?: string | undefined;
      /** "Keep me signed in": the session outlives the browser. */
      readonly remember: boolean;
      /** NumericDate of the proof; left out: that of the session that they came with, else now. */
      readonly authTime?: number | undefined;
      /** They also allowed what `comingConsent` told of. */
      readonly consented?: boolean | undefined;
    }
  | { readonly kind: 'account-kept' }
  | { readonly kind: 'consented' }
  /** `accountId`: whoever did not allow what `comingConsent` told of, and is not signed in. */
  | { readonly kind: 'refused'; readonly accountId?: string | undefined };

/** Whether a person may sign in to a client at all. */
export type Admits = (person: {
  readonly accountId: string;
  readonly clientId: string;
}) => Promise<boolean>;

/** Between the engine and the pages. */
export interface Interactions {
  /**
   * The living interaction of this browser, whose cookie must name the `uid` of the path.
   *
   * @throws {InteractionExpired} when there is none.
   */
  find(ctx: Context, uid: string): Promise<Interaction>;
  /**
   * What the client asks somebody to allow once they have signed in, so that it can be asked in the same
   * interaction. Undefined: nothing, as far as can be told now; what is missed is asked in an interaction of its own.
   */
  comingConsent(ctx: Context, uid: string, accountId: string): Promise<ConsentRequest | undefined>;
  /** Ends the pause: answers 303 back into the authorization request. Once only. @throws {InteractionExpired} */
  finish(ctx: Context, uid: string, outcome: Outcome): Promise<void>;
}

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
}

/** What `TakeBack.disconnect` could take away from whom. */
export interface ConnectedClients {
  /** By name. */
  list(accountId: string): Promise<readonly ConnectedClient[]>;
}

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

/** No living interaction: expired, finished, or of another browser. */
export class InteractionExpired extends LatchkeyError {
  readonly code = 'ERR_INTERACTION_EXPIRED';
}

/** An answer that cannot be given to the client by redirect, for a page of ours. */
export interface ProtocolProblem {
  /** The OAuth error code: `invalid_redirect_uri`, `invalid_request`, ... */
  readonly error: string;
  /** Safe to show: says what the client did wrong, nothing of us. */
  readonly description: string;
  readonly status: number;
}

/** The pages that the engine shows at its own endpoints; `interactions/` makes them. */
export interface ProtocolPages {
  problem(ctx: Context, problem: ProtocolProblem): Promise<void>;
  /** Sign-out needs a yes: posts `xsrf` (and `logout=yes`, or nothing to stay) to `action`. */
  confirmSignOut(
    ctx: Context,
    page: {
      readonly action: string;
      readonly xsrf: string;
      readonly client: ClientView | undefined;
    },
  ): Promise<void>;
  /** Somebody else is signed in here: posts `xsrf` and `logout=yes` to `action`, at once where the browser can. */
  switchAccount(
    ctx: Context,
    page: { readonly action: string; readonly xsrf: string },
  ): Promise<void>;
  signedOut(ctx: Context, page: { readonly client: ClientView | undefined }): Promise<void>;
  /** RFC 8628 section 3.3: posts `xsrf` and `user_code` to `action`. */
  enterDeviceCode(
    ctx: Context,
    page: {
      readonly action: string;
      readonly xsrf: string;
      readonly problem: DeviceProblem;
      /** What a link brought along; unchecked text. */
      readonly code: string;
    },
  ): Promise<void>;
  /** Posts `confirm=yes`, or `abort=yes`, beside them. */
  confirmDevice(
    ctx: Context,
    page: {
      readonly action: string;
      readonly xsrf: string;
      readonly code: string;
      readonly client: ClientView;
    },
  ): Promise<void>;
  deviceConnected(ctx: Context, page: { readonly client: ClientView | undefined }): Promise<void>;
}

/** What is wrong with a device's code. `refused`: the person has said no. */
export type DeviceProblem =
  | 'none'
  | 'missing'
  | 'unknown'
  | 'expired'
  | 'used'
  | 'refused'
  | 'throttled'
  | 'failed';

/** A document that is the same for everyone until the key set or the configuration changes. */
export interface PreparedDocument {
  readonly body: Buffer;
  readonly etag: string;
  readonly contentType: string;
  readonly cacheControl: string;
}

/** What a client shows to redeem a code (RFC 6749 section 4.1.3). The client has proved itself. */
export interface ShownCode {
  readonly code: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** Undefined: none was sent. */
  readonly codeVerifier: string | undefined;
}

/** What a person let a client have, and what they proved. */
export interface RedeemedCode {
  readonly accountId: string;
  /** Whatever is issued for the code falls with these two. */
  readonly grantId: string;
  readonly sessionUid: string | undefined;
  readonly scopes: readonly string[];
  readonly nonce: string | undefined;
  /** NumericDate. */
  readonly authTime: number;
}

/** Authorization codes of an issuer that others make the tokens for. */
export interface Codes {
  /**
   * Once: a code that comes back ends all that was issued for it. Undefined: no code of this client, or it is over,
   * used, taken back, or was not asked for in this way.
   *
   * @throws {RevocationUnknown} {SigningSuspended} {StateUnavailable} when nothing may be issued.
   */
  redeem(ctx: Context, shown: ShownCode): Promise<RedeemedCode | undefined>;
}

/** What is known of a request that came to where clients show certificates. */
export interface ClientTls {
  /** Undefined: the client showed none. */
  readonly certificate: ClientCertificate | undefined;
  /** Whether it was sent to one of the `mtls_endpoint_aliases` (RFC 8705 section 5). */
  readonly isAtAlias: boolean;
}

/** The protocol engine as the host sees it. */
export interface Protocol {
  /** In the dev profile alone: tokens for tests of APIs. */
  readonly minting: Minting | undefined;
  readonly interactions: Interactions;
  readonly codes: Codes;
  readonly sessions: BrowserSessions;
  readonly connectedClients: ConnectedClients;
  readonly backchannelRequests: BackchannelRequests;
  /** Discovery (both paths) and key set by path; answered before Koa. Undefined: not one of them. */
  document(path: string): PreparedDocument | undefined;
  /** Everything else of the protocol; 404 for a path that is not the engine's. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    origin: Origin,
    tls?: ClientTls,
  ): Promise<void>;
  /** Whether programs call `path`: there clients may show certificates. */
  isForPrograms(path: string): boolean;
  /** Whether `path` belongs to the engine. */
  owns(path: string): boolean;
  close(): Promise<void>;
}
