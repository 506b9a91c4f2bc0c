import { assertFollowerName, followerName } from './follower-name.ts';
import { isAsymmetric } from './jws.ts';
import type {
  Credentials,
  OpaqueTokenOptions,
  ResourceOptions,
  RevocationOptions,
  VerifierClock,
  VerifierEvent,
  VerifierOptions,
} from './options.ts';

/** The options with everything filled in. */
export interface Settings {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly revocation: RevocationOptions | false;
  readonly credentials: Credentials | undefined;
  /** How this process calls itself to the feed. */
  readonly name: string;
  readonly algorithms: readonly string[];
  /** In lower case, without `application/`; false: any. */
  readonly typ: string | false;
  readonly opaqueTokens: OpaqueTokenOptions | undefined;
  readonly resource: ResourceOptions | undefined;
  /** Without a slash at the end. */
  readonly baseUrl: readonly string[];
  readonly proofSeconds: number;
  readonly proofsMax: number;
  readonly certificateHeader: string | undefined;
  readonly verifiedTokensMax: number;
  readonly clockToleranceSeconds: number;
  readonly keysCooldownSeconds: number;
  readonly fetch: typeof fetch;
  readonly clock: VerifierClock;
  readonly onEvent: (event: VerifierEvent) => void;
}

const systemClock: VerifierClock = {
  wallMs: () => new Date().getTime(),
  monotonicMs: () => performance.now(),
};

const DEFAULTS = {
  credentials: undefined,
  algorithms: ['ES256', 'RS256', 'PS256', 'EdDSA'],
  opaqueTokens: undefined,
  resource: undefined,
  proofSeconds: 60,
  proofsMax: 100_000,
  certificateHeader: undefined,
  verifiedTokensMax: 1000,
  clockToleranceSeconds: 15,
  keysCooldownSeconds: 30,
  clock: systemClock,
  onEvent: () => undefined,
} as const;

/** @throws {TypeError} when the options contradict themselves: before the first request, not at it. */
export function settingsOf({ audience, typ, baseUrl, ...options }: VerifierOptions): Settings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const audiences = typeof audience === 'string' ? [audience] : audience;
  const settings: Settings = {
    ...DEFAULTS,
    fetch,
    name: followerName(),
    issuer: options.issuer,
    revocation: options.revocation,
    ...Object.fromEntries(given),
    audience: audiences,
    typ: typ === false ? false : normalTyp(typ ?? 'at+jwt'),
    baseUrl:
      baseUrl === undefined
        ? originsOf([options.resource?.url ?? '', ...audiences])
        : [baseUrl].flat().map((url) => url.replace(/\/$/, '')),
  };
  assertIssuer(settings.issuer);
  assertFollowerName(settings.name);
  assertConsistent(settings);
  return settings;
}

/** A media type as it is compared: without its case, and without the `application/` that may be left out (RFC 7515 section 4.1.9). */
export function normalTyp(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}

function originsOf(urls: readonly string[]): readonly string[] {
  return [...new Set(urls.filter((url) => /^https?:/.test(url)).map((url) => new URL(url).origin))];
}

function assertConsistent(settings: Settings): void {
  const { audience, algorithms, revocation, credentials, opaqueTokens, typ } = settings;
  if (audience.length === 0) throw new TypeError('needs an audience');
  if (!algorithms.every(isAsymmetric)) {
    throw new TypeError('algorithms must be asymmetric');
  }
  const asks = opaqueTokens !== undefined || (revocation && revocation.whenSilent === 'introspect');
  if (asks && credentials === undefined) throw new TypeError('needs credentials');
  if (revocation !== false && typ === false) {
    throw new TypeError('needs a typ');
  }
}

function assertIssuer(issuer: string): void {
  const { protocol, hostname } = new URL(issuer);
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback)) {
    throw new TypeError('issuer must be https, or loopback');
  }
}
