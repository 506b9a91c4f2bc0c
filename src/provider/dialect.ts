import type { JsonObject } from '../runtime/json.ts';
import type { GrantRefusal } from './further-grant.ts';

/** An access token that is a JWT, as it is about to be signed. */
export interface SpokenJwt {
  header: Record<string, unknown>;
  payload: Record<string, unknown>;
}

/** What a token is about, beside what it says. */
export interface SpokenOf {
  readonly clientId: string;
  /** The API that it is for; undefined: our own userinfo alone. */
  readonly api: string | undefined;
  /** The client's own, and no person's. */
  readonly isOfClient: boolean;
  readonly grantType: string;
}

/** A refusal that is answered in JSON. */
export interface SpokenProblem {
  readonly status: number;
  /** RFC 6749 section 5.2. */
  readonly error: string;
  readonly description: string | undefined;
}

/** The same, where the engine has the status. */
export type Told = Omit<SpokenProblem, 'status'>;

/** A token of a client's own that would be issued. */
export interface OwnWish {
  /** False: it would be for nothing but our userinfo. */
  readonly hasApi: boolean;
  /** Scopes that were asked for and would not be in it. */
  readonly notGranted: readonly string[];
}

/** What was asked when it was refused. */
export interface Refused {
  readonly endpoint: 'token' | 'other';
  readonly parameters: JsonObject;
}

/**
 * How an issuer speaks to clients that were written for another provider: other paths, other shapes of what is said.
 * What is granted to whom, and when it falls, no dialect changes. An issuer that speaks one has no short ways past
 * the engine.
 */
export interface Dialect {
  /** Where endpoints are in place of ours: our path to theirs. */
  readonly paths: ReadonlyMap<string, string>;
  /** The API of requests that name none; undefined: such tokens are for userinfo alone, and opaque. */
  readonly defaultAudience: string | undefined;
  /** An audience by which clients mean our userinfo alone, as if they named none; left out: there is none. */
  readonly userinfoAudience?: string | undefined;
  /** The scope of an authorization request that names none; left out: none, so that nothing is granted. */
  readonly standardScope?: string | undefined;
  /** What a client says that would have whoever is not signed in make an account; left out: `prompt=create` alone. */
  readonly joinHint?: { readonly parameter: string; readonly value: string } | undefined;
  /** A parameter by which its own pages say where a request begins, if not at the sign-in; left out: there is none. */
  readonly startParameter?: string | undefined;
  /** How a refresh for somebody who was disabled is refused; left out: like any other. */
  readonly keptOut?: GrantRefusal | undefined;
  /** What a client is told when a session wants a second factor, and nobody may be asked; left out: what we say. */
  readonly secondFactorWanted?: string | undefined;
  /** Pages of other sites ask in frames who is signed in here (OAuth 2.0 Web Message Response Mode). */
  readonly isFramed: boolean;
  /** The scope of a client's own token when it names none; undefined: none. */
  readonly scopeOfClient: (api: string | undefined) => string | undefined;
  /** Asking for a scope that the client did not register is refused (RFC 6749 section 4.1.2.1); left out: it is not granted. */
  readonly refusesOtherScopes?: boolean | undefined;
  /** What is said of an API that a client cannot have; left out: what RFC 8707 says. */
  readonly refuseApi?: ((identifier: string) => Told) | undefined;
  /** What keeps everybody from signing in to a client; left out: nothing. */
  readonly refuseClient?: ((clientId: string) => Promise<Told | undefined>) | undefined;
  /** What is held against a token of the client's own; left out: nothing. */
  readonly judgeOwn?: ((wish: OwnWish) => Told | undefined) | undefined;
  /** Who answers a client, where that is not the issuer itself (RFC 9207); left out: it always is. */
  readonly issuerFor?: ((clientId: string) => string | undefined) | undefined;
  /** The standard claims of a person as clients know them; left out: as they are. */
  readonly writePerson?: ((claims: JsonObject, accountId: string) => JsonObject) | undefined;
  /** Writes header and payload anew. What takes the token back stays: `jti`, `gid`, `sid`, `rev`. */
  writeJwt(jwt: SpokenJwt, of: SpokenOf): void;
  /** The refusal in the words that clients know. */
  writeProblem(problem: SpokenProblem, refused: Refused): SpokenProblem;
}
