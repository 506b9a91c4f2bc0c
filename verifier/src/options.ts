/** What to do with tokens while the feed is silent, when nobody can tell whether they were revoked. There is no default. */
export type SilencePolicy =
  /** Answer 503 until the feed speaks again. */
  | 'refuse'
  /** Ask the issuer about each token (RFC 7662). */
  | 'introspect'
  /** Go on with what is known, so long; then refuse. What is known to be revoked is refused all the while. */
  | { readonly acceptForSeconds: number };

/** How the feed is followed. */
export interface RevocationOptions {
  readonly whenSilent: SilencePolicy;
  /** Seconds without a word after which the feed is silent; left out: four of the heartbeats that the feed tells of, so a second. */
  readonly silentAfterSeconds?: number | undefined;
  /** Where the feed is; left out: `<issuer>/revocations`. */
  readonly url?: string | undefined;
}

/** How this API authenticates to the issuer, for the feed and for introspection. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What happened, for metrics. */
export type VerifierEvent =
  | { readonly kind: 'verified' | 'revoked' | 'invalid' | 'unknown'; readonly ms: number }
  | { readonly kind: 'batch'; readonly entries: number }
  | { readonly kind: 'snapshot'; readonly entries: number; readonly ms: number }
  | { readonly kind: 'disconnected'; readonly error: string };

/** Reads time. Tests move it. */
export interface VerifierClock {
  /** Milliseconds since the epoch. */
  wallMs(): number;
  /** Milliseconds that only go forward. */
  monotonicMs(): number;
}

/** What this API tells of itself (RFC 9728 section 2). */
export interface ResourceOptions {
  /** Its identifier: the https URL where it is reached, as it stands in `aud`. */
  readonly url: string;
  /** Scopes that it knows. */
  readonly scopes?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly documentation?: string | undefined;
}

/** How tokens that are no JWT are accepted: by asking the issuer (RFC 7662). */
export interface OpaqueTokenOptions {
  /**
   * How long an answer is good. While the feed is followed, whatever is revoked makes every answer given before void at
   * once, so that it only bounds how long other changes are missed; without the feed, a revoked token is accepted so long.
   */
  readonly cacheForSeconds: number;
  /** How many answers are kept; 1,000 when left out. */
  readonly cacheMax?: number | undefined;
}

export interface VerifierOptions {
  /** The issuer whose tokens are accepted; https, but for loopback. */
  readonly issuer: string;
  /** What this API is called in `aud`; one of several is enough. */
  readonly audience: string | readonly string[];
  /** `false`: a token is good until it expires, as with any other issuer. */
  readonly revocation: RevocationOptions | false;
  readonly credentials?: Credentials | undefined;
  /**
   * What operators call this process, as receipts of revocations show it: letters, digits, `.`, `:`, `@`, `_`, `-`; at most 64. Left
   * out: host, process id, and a few letters that tell apart what follows from one process.
   */
  readonly name?: string | undefined;
  /** Left out: ES256, RS256, PS256, EdDSA. Never `none`, never a shared secret. */
  readonly algorithms?: readonly string[] | undefined;
  /**
   * The `typ` of access tokens; `at+jwt` when left out. Issuers from before RFC 9068 write `JWT`, or none (`false`): then `aud`
   * alone tells an access token from an ID token. Of Latchkey's own only tenants
   * that stand in for Auth0's write `JWT`; what is no access token of theirs lacks the mark that the feed is held against.
   */
  readonly typ?: string | false | undefined;
  /** Left out: opaque tokens are refused. */
  readonly opaqueTokens?: OpaqueTokenOptions | undefined;
  /** Left out: challenges name no metadata. */
  readonly resource?: ResourceOptions | undefined;
  /**
   * Where clients reach this API (`https://api.example.com/v1`, before the path that it sees itself), to know which URL a DPoP
   * proof has to be for. Left out: the origins of `resource.url` and of audiences that are URLs. Never the `Host` that a request names.
   */
  readonly baseUrl?: string | readonly string[] | undefined;
  /** How old a DPoP proof may be; 60 when left out. */
  readonly proofSeconds?: number | undefined;
  /** How many proofs are remembered, so that none is used twice; 100,000 (some 10 MB) when left out. */
  readonly proofsMax?: number | undefined;
  /**
   * The header in which a proxy in front hands on the client's certificate (RFC 9440, or PEM, URL-escaped as nginx does). It must
   * remove the header from what clients send. Left out: the certificate of the TLS connection.
   */
  readonly certificateHeader?: string | undefined;
  /** How many tokens are remembered whose signature was good, to verify it once; 1,000 when left out, 0: none. */
  readonly verifiedTokensMax?: number | undefined;
  /** How far this clock and the issuer's may differ; 15 when left out. The clock of who follows the feed is put right by it. */
  readonly clockToleranceSeconds?: number | undefined;
  /** How long after a fetch of the keys an unknown key makes no other; 30 when left out. */
  readonly keysCooldownSeconds?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: VerifierClock | undefined;
  readonly onEvent?: ((event: VerifierEvent) => void) | undefined;
}
