import type { ApiEncryption } from './api-encryption.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { ExchangePolicy } from './exchange-policy.ts';
import type { SecurityProfile } from './security-profile.ts';

/** Settings of a client that are ours, beside its registered metadata. All can be left to the installation. */
export interface ClientPolicy {
  /** What it is held to, beside what the installation asks of all. */
  readonly profile?: SecurityProfile | undefined;
  /** Skips the consent page: an app of the installation's own. */
  readonly firstParty: boolean;
  /** When its people are asked for a second factor; undefined: as the installation says. */
  readonly secondFactor?: 'never' | 'if-enrolled' | 'required' | undefined;
  /** PKCE S256 (RFC 7636). Always true for public clients. */
  readonly requirePkce: boolean;
  /** Any loopback port is accepted for its `http` loopback redirect URIs (RFC 8252 section 7.3). */
  readonly anyLoopbackPort: boolean;
  readonly accessTokenFormat?: 'jwt' | 'opaque' | undefined;
  readonly accessTokenTtlSeconds?: number | undefined;
  readonly idTokenTtlSeconds?: number | undefined;
  readonly refreshTokenIdleSeconds?: number | undefined;
  readonly refreshTokenAbsoluteSeconds?: number | undefined;
  /** Claims of scopes go into the ID token too, not only to userinfo. */
  readonly claimsInIdToken: boolean;
  /** May introspect tokens issued to others for the APIs listed (identifiers). Its own it always may. */
  readonly introspects: readonly string[];
  /** APIs it may ask tokens of; undefined: any that is not `restricted`. */
  readonly apis?: readonly string[] | undefined;
  /** Scopes that it may ask for of some APIs (identifiers), and no others of theirs; it may ask tokens of each of them. */
  readonly apiScopes?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Tokens that it may exchange, and for what (RFC 8693); undefined: none. */
  readonly tokenExchange?: ExchangePolicy | undefined;
  /**
   * By API (identifiers): scopes that it may ask for itself by client credentials, and of no other API; undefined: as
   * for people.
   */
  readonly ownScopes?: Readonly<Record<string, readonly string[]>> | undefined;
  /** False: a refresh token stays as it is when it is used. */
  readonly rotatesRefreshTokens?: boolean | undefined;
  /** Origins that may call token, userinfo and revocation from a browser (CORS), byte-exact. */
  readonly corsOrigins: readonly string[];
  /** Its secret is kept sealed beside the hash, to be told again. */
  readonly keepsSecret?: boolean | undefined;
  /** The issuer beside the installation's own, by its namespace, that alone serves it; undefined: any that knows it. */
  readonly servedBy?: string | undefined;
  /** What the capability that made it keeps of it. */
  readonly beside?: JsonObject | undefined;
}

/** A relying party. */
export interface Client {
  readonly id: string;
  /** Registered metadata by its RFC 7591 names, without secrets; what the engine reads. */
  readonly metadata: JsonObject;
  /** SHA-256 (base64url) of the secret. */
  readonly secretHash: string | undefined;
  readonly policy: ClientPolicy;
  readonly source: 'config' | 'cli' | 'registration' | 'document';
  readonly createdAt: number;
}

/** A new client, checked before it is kept: redirect URIs without wildcard, userinfo, fragment; https but for loopback. */
export interface NewClient {
  readonly id?: string | undefined;
  readonly metadata: JsonObject;
  readonly policy?: Partial<ClientPolicy> | undefined;
  /** One that the engine drew for it (256 bit); left out: one is drawn here, where the client needs any. */
  readonly secret?: string | undefined;
}

/** A secret in clear, given once at creation or rotation and never again. */
export interface IssuedClient {
  readonly client: Client;
  readonly secret: string | undefined;
}

/** What a client is to be, checked before it is kept. */
export type ClientRevision = Required<Pick<NewClient, 'metadata' | 'policy'>>;

/** Relying parties, from the configuration and from records. Cached; every node hears of changes within a second. */
export interface Clients {
  /** The same object for as long as the client does not change, so that callers may key caches by it. */
  find(id: string): Promise<Client | undefined>;
  /**
   * The secret in clear, only where it is a key (`client_secret_jwt`, HS256 ID tokens, A256KW and dir):
   * kept sealed, else `undefined`.
   */
  sharedSecret(client: Client): Promise<string | undefined>;
  /** The secret in clear of a client whose policy has it kept; else `undefined`. @throws {SealBroken} */
  keptSecret(client: Client): Promise<string | undefined>;
  /** In constant time against the hash. */
  verifySecret(client: Client, secret: string): boolean;
  list(): Promise<readonly Client[]>;
  /** Those whose subjects are pairwise (OpenID Connect Core section 8). */
  pairwise(): Promise<readonly Client[]>;
  /**
   * With actor `registration`, unknown metadata is ignored (RFC 7591 section 2); else it is a mistake.
   *
   * @throws {InvalidClient} with every mistake. @throws {ClientExists}
   */
  create(client: NewClient, actor: Actor): Promise<IssuedClient>;
  /**
   * Replaces the metadata. The secret stays, but for one that the client no longer needs, or a `secret`
   * that the engine drew anew. Undefined: no such client.
   *
   * @throws {InvalidClient} with every mistake. @throws {DeclaredInConfig}
   */
  update(
    id: string,
    metadata: JsonObject,
    actor: Actor,
    options?: { readonly secret?: string | undefined },
  ): Promise<Client | undefined>;
  /**
   * Replaces metadata and policy by what `next` makes of the client, called again when another change was faster. A
   * client that has come to need a secret is given one. Undefined: no such client.
   *
   * @throws {InvalidClient} with every mistake. @throws {DeclaredInConfig}
   */
  revise(
    id: string,
    next: (client: Client) => ClientRevision,
    actor: Actor,
  ): Promise<Client | undefined>;
  /**
   * The old secret is refused from now on, unless it is kept for so many seconds while the client is
   * reconfigured. Undefined: no such client.
   *
   * @throws {InvalidClient} when the client uses no secret. @throws {DeclaredInConfig}
   */
  rotateSecret(
    id: string,
    actor: Actor,
    options?: { readonly keepOldForSeconds?: number | undefined },
  ): Promise<IssuedClient | undefined>;
  /** False: no such client. @throws {DeclaredInConfig} when the configuration declares it. */
  delete(id: string, actor: Actor): Promise<boolean>;
  /** Seals every secret that is kept sealed under the first master key of `sealer`, which must be the first of all nodes already. Gives their number. */
  resealSecrets(sealer: Sealer): Promise<number>;
  close(): Promise<void>;
}

/** An API: what access tokens are for (RFC 8707). */
export interface ResourceServer {
  /** The `resource` or `audience` that clients name, and the `aud` of its tokens. */
  readonly identifier: string;
  readonly name: string;
  /** Scope to its description in plain words, for the consent page. */
  readonly scopes: ReadonlyMap<string, string>;
  /** Permission to its description, beside the scopes: what roles of the API may permit. */
  readonly permissions: ReadonlyMap<string, string>;
  /** People get only those of its scopes that a role of theirs permits. */
  readonly enforcePermissions: boolean;
  readonly accessTokenFormat: 'jwt' | 'opaque';
  readonly signingAlgorithm: string;
  /** Its JWTs are encrypted so; undefined: they are signed alone. */
  readonly encryption: ApiEncryption | undefined;
  readonly accessTokenTtlSeconds: number | undefined;
  /** Its JWTs name their place in a status list. */
  readonly statusList: boolean;
  /** What clients must know of it is published by us (RFC 9728). */
  readonly publishMetadata: boolean;
  /** Only clients whose policy lists it may ask for it. */
  readonly restricted: boolean;
  /** Custom claims of its tokens: claim name to the account attribute it comes from. */
  readonly claims: ReadonlyMap<string, string>;
  /** The issuer beside the installation's own, by its namespace, whose tokens alone are for it; undefined: any. */
  readonly servedBy?: string | undefined;
  /** What the capability that made it keeps of it. */
  readonly beside?: JsonObject | undefined;
}

/** APIs that tokens may be for. */
export interface ResourceServers {
  find(identifier: string): ResourceServer | undefined;
  list(): readonly ResourceServer[];
}

/** What was given for a client breaks the rules. */
export class InvalidClient extends LatchkeyError {
  readonly code = 'ERR_INVALID_CLIENT';
  /** Every mistake, each beginning with the name it is about: `redirect_uris.0: must be https`. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('; '), options);
    this.problems = problems;
  }
}

/** A client with this id exists already. */
export class ClientExists extends LatchkeyError {
  readonly code = 'ERR_CLIENT_EXISTS';
}

/** The configuration declares this client: it is changed there, on every node, or not at all. */
export class DeclaredInConfig extends LatchkeyError {
  readonly code = 'ERR_DECLARED_IN_CONFIG';
}
