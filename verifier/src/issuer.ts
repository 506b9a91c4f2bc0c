import { createRemoteJWKSet, customFetch } from 'jose';
import { IssuerUnavailable } from './errors.ts';
import type { IssuerKeys } from './jws.ts';
import type { Settings } from './settings.ts';

const TIMEOUT_MS = 5000;
/** After a failure the metadata are not asked for again at once. */
const RETRY_AFTER_MS = 1000;

/** What is known of the issuer. */
export interface Issuer {
  /** Its keys: fetched once, and again for an unknown `kid`, but not within the cool-down. @throws {IssuerUnavailable} */
  keys(): Promise<IssuerKeys>;
  /** How often the keys were fetched: what was verified by the older ones need not be good any more. */
  keysFetched(): number;
  /** @throws {IssuerUnavailable} */
  introspectionEndpoint(): Promise<string>;
}

interface Metadata {
  readonly jwksUri: string;
  readonly introspectionEndpoint: string | undefined;
}

/** Asks for the metadata when they are first needed (RFC 8414, OpenID Connect Discovery 1.0). */
export function createIssuer(settings: Settings): Issuer {
  const { clock, keysCooldownSeconds } = settings;
  let found: Promise<Metadata> | undefined;
  let keySet: IssuerKeys | undefined;
  let keysFetched = 0;
  let failedMs = -Infinity;

  async function metadata(): Promise<Metadata> {
    if (found === undefined && clock.monotonicMs() - failedMs < RETRY_AFTER_MS) {
      throw new IssuerUnavailable('the issuer could not be reached a moment ago');
    }
    found ??= readMetadata(settings);
    try {
      return await found;
    } catch (error) {
      found = undefined;
      failedMs = clock.monotonicMs();
      throw new IssuerUnavailable('the metadata of the issuer cannot be read', { cause: error });
    }
  }

  return {
    async keys() {
      if (keySet !== undefined) return keySet;
      const { jwksUri } = await metadata();
      keySet ??= createRemoteJWKSet(new URL(jwksUri), {
        cooldownDuration: keysCooldownSeconds * 1000,
        timeoutDuration: TIMEOUT_MS,
        [customFetch]: (url, options) => {
          keysFetched += 1;
          return settings.fetch(url, options);
        },
      });
      return keySet;
    },
    keysFetched: () => keysFetched,
    async introspectionEndpoint() {
      const { introspectionEndpoint } = await metadata();
      if (introspectionEndpoint === undefined) {
        throw new IssuerUnavailable('the issuer offers no introspection');
      }
      return introspectionEndpoint;
    },
  };
}

async function readMetadata({ issuer, fetch: get }: Settings): Promise<Metadata> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await get(url, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { accept: 'application/json' },
    redirect: 'error',
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const body: unknown = await response.json();
  if (typeof body !== 'object' || body === null || !('issuer' in body) || body.issuer !== issuer) {
    // Else a mistyped or foreign document would decide whose keys are trusted (RFC 8414 section 3.3).
    throw new Error(`${url} is not of the issuer ${issuer}`);
  }
  if (!('jwks_uri' in body) || typeof body.jwks_uri !== 'string') throw new Error('no jwks_uri');
  const endpoint = 'introspection_endpoint' in body ? body.introspection_endpoint : undefined;
  return {
    jwksUri: body.jwks_uri,
    introspectionEndpoint: typeof endpoint === 'string' ? endpoint : undefined,
  };
}
