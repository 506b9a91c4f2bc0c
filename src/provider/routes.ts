import type { IssuerProfile } from './contract.ts';
import type { Feature } from './features/feature.ts';

/** The engine's endpoints, below the path of the issuer. Wire names of discovery on the left. */
export const ROUTES = {
  authorization: '/authorize',
  end_session: '/logout',
  introspection: '/introspect',
  jwks: '/.well-known/jwks.json',
  registration: '/register',
  revocation: '/revoke',
  token: '/token',
  userinfo: '/userinfo',
} as const;

/** Where clients hand in their requests (RFC 9126). */
export const PUSHED_PATH = '/par';

/** Of devices without a browser (RFC 8628): where they ask, and where people answer. */
export const DEVICE_PATHS = {
  authorization: '/device/authorize',
  verification: '/device',
} as const;

/** Where clients ask for people who are elsewhere (OpenID Connect CIBA). */
export const BACKCHANNEL_PATH = '/bc-authorize';

/** OpenID Connect Discovery section 4. */
export const OPENID_CONFIGURATION = '/.well-known/openid-configuration';
/** RFC 8414 section 3. */
export const OAUTH_METADATA = '/.well-known/oauth-authorization-server';

/** `/authorize/<uid>` resumes a request; `/register/<client>` manages a client. */
const BELOW = [
  new RegExp(`^${ROUTES.authorization}/[\\w-]+$`),
  new RegExp(`^${ROUTES.registration}/[^/]+$`),
  new RegExp(`^${ROUTES.end_session}/(?:confirm|success)$`),
];

/** Endpoints that programs call and people do not, by the engine's name (RFC 8705 section 5). */
const OF_PROGRAMS: ReadonlySet<string> = new Set([
  'token',
  'revocation',
  'introspection',
  'userinfo',
  'pushed_authorization_request',
  'device_authorization',
  'backchannel_authentication',
]);

/** Where one issuer's endpoints are. Everything comes from the issuer, nothing from a request. */
export interface Endpoints {
  readonly issuer: string;
  /** `example.com:8443`, as a Host header carries it. */
  readonly host: string;
  readonly isHttps: boolean;
  /** The path of the issuer without its last slash; empty for most. */
  readonly base: string;
  readonly userinfo: string;
  url(path: string): string;
  /**
   * The path as the engine's router knows it; undefined when it is not the engine's. Byte for byte:
   * `/TOKEN` and `/token/` are nobody's, or limits set on a path could be walked around.
   */
  enginePath(path: string): string | undefined;
  /** Whether `path` is of an endpoint that programs call. */
  isForPrograms(path: string): boolean;
}

/**
 * The endpoints of `profile`, those of registration only where it is on, and those that features add. `paths`: what
 * stands in place of ours.
 */
export function createEndpoints(
  { issuer }: Pick<IssuerProfile, 'issuer'>,
  hasRegistration: boolean,
  features: readonly Pick<Feature, 'routes' | 'below'>[] = [],
  paths: ReadonlyMap<string, string> = new Map(),
): Endpoints {
  const { host, protocol, pathname } = new URL(issuer);
  const base = pathname === '/' ? '' : pathname;
  const url = urlOf({ issuer }, paths);
  const routes = [ROUTES, ...features.map((feature) => feature.routes ?? {})].flatMap((some) =>
    Object.entries(some),
  );
  const spoken = (path: string): string => paths.get(path) ?? path;
  const exact = new Map(routes.map(([, path]) => [spoken(path), path]));
  const ofPrograms = new Set(
    routes.filter(([name]) => OF_PROGRAMS.has(name)).map(([, path]) => `${base}${spoken(path)}`),
  );
  const patterns = [...BELOW, ...features.flatMap(({ below }) => below ?? [])];
  return {
    issuer,
    host,
    isHttps: protocol === 'https:',
    base,
    userinfo: url(ROUTES.userinfo),
    url,
    isForPrograms: (path) => ofPrograms.has(path),
    enginePath(path) {
      if (!path.startsWith(base)) return undefined;
      const rest = path.slice(base.length);
      if (rest.startsWith(ROUTES.registration) && !hasRegistration) return undefined;
      return exact.get(rest) ?? (patterns.some((pattern) => pattern.test(rest)) ? rest : undefined);
    },
  };
}

/** The URL of a path of `issuer`, whose own may end in a slash. */
export function urlOf(
  { issuer }: Pick<IssuerProfile, 'issuer'>,
  paths: ReadonlyMap<string, string> = new Map(),
): (path: string) => string {
  const base = issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
  return (path) => `${base}${paths.get(path) ?? path}`;
}
