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
  /** Seconds without a word after which the feed is silent; 3 when left out. It speaks every second. */
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

export interface VerifierOptions {
  /** The issuer whose tokens are accepted; https, but for loopback. */
  readonly issuer: string;
  /** What this API is called in `aud`; one of several is enough. */
  readonly audience: string | readonly string[];
  /** `false`: a token is good until it expires, as with any other issuer. */
  readonly revocation: RevocationOptions | false;
  readonly credentials?: Credentials | undefined;
  /** Left out: ES256, RS256, PS256, EdDSA. Never `none`, never a shared secret. */
  readonly algorithms?: readonly string[] | undefined;
  /** How far this clock and the issuer's may differ; 15 when left out. */
  readonly clockToleranceSeconds?: number | undefined;
  /** How long after a fetch of the keys an unknown key makes no other; 30 when left out. */
  readonly keysCooldownSeconds?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: VerifierClock | undefined;
  readonly onEvent?: ((event: VerifierEvent) => void) | undefined;
}

const systemClock: VerifierClock = {
  wallMs: () => new Date().getTime(),
  monotonicMs: () => performance.now(),
};

/** The options with everything filled in. */
export interface Settings {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly revocation: RevocationOptions | false;
  readonly credentials: Credentials | undefined;
  readonly algorithms: readonly string[];
  readonly clockToleranceSeconds: number;
  readonly keysCooldownSeconds: number;
  readonly fetch: typeof fetch;
  readonly clock: VerifierClock;
  readonly onEvent: (event: VerifierEvent) => void;
}

const ALGORITHMS = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const;
const ASYMMETRIC = /^(?:ES|RS|PS)(?:256|384|512)$|^EdDSA$|^Ed25519$/;

const DEFAULTS = {
  algorithms: ALGORITHMS,
  clockToleranceSeconds: 15,
  keysCooldownSeconds: 30,
  credentials: undefined,
  clock: systemClock,
  onEvent: () => undefined,
} as const;

/** @throws {TypeError} when the options contradict themselves: before the first request, not at it. */
export function settingsOf({ audience, ...options }: VerifierOptions): Settings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: Settings = {
    ...DEFAULTS,
    fetch,
    issuer: options.issuer,
    revocation: options.revocation,
    ...Object.fromEntries(given),
    audience: typeof audience === 'string' ? [audience] : audience,
  };
  assertIssuer(settings.issuer);
  assertConsistent(settings);
  return settings;
}

function assertConsistent({ audience, algorithms, revocation, credentials }: Settings): void {
  if (audience.length === 0) throw new TypeError('name the audience of this API');
  if (!algorithms.every((name) => ASYMMETRIC.test(name))) {
    throw new TypeError('only asymmetric algorithms can be verified: ES*, RS*, PS*, EdDSA');
  }
  if (revocation === false || revocation.whenSilent !== 'introspect') return;
  if (credentials === undefined) throw new TypeError('to introspect needs credentials');
}

function assertIssuer(issuer: string): void {
  const { protocol, hostname } = new URL(issuer);
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback)) {
    throw new TypeError('the issuer must be an https URL, or http on loopback');
  }
}
