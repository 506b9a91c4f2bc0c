import type { ResourceOptions } from './options.ts';
import type { Settings } from './settings.ts';

/** How an API tells clients whose tokens it takes (RFC 9728). */
export interface ProtectedResource {
  /** Where clients look for `metadata`; named in every challenge. */
  readonly metadataUrl: string;
  /** The path of it: serve `metadata` there, as JSON, to anyone. */
  readonly metadataPath: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The metadata of an API. @throws {TypeError} when its URL is none. */
export function describeResource(
  { url, scopes, name, documentation }: ResourceOptions,
  { issuer, algorithms }: Settings,
): ProtectedResource {
  const { origin, pathname, search } = new URL(url);
  // Between host and path, and without the slash of an empty one (RFC 9728 section 3.1).
  const path = pathname === '/' ? '' : pathname;
  const metadataPath = `/.well-known/oauth-protected-resource${path}${search}`;
  return {
    metadataUrl: origin + metadataPath,
    metadataPath,
    metadata: {
      resource: url,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: algorithms,
      ...(scopes && { scopes_supported: scopes }),
      ...(name !== undefined && { resource_name: name }),
      ...(documentation !== undefined && { resource_documentation: documentation }),
    },
  };
}
