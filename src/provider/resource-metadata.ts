import type { ResourceServer } from '../clients/clients.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/**
 * What clients must know of the APIs that we publish it for, by path (RFC 9728 section 3): between the host, which is
 * ours, and the path of the API. `authorization`: what discovery says of this issuer.
 */
export function resourceMetadata(
  apis: readonly ResourceServer[],
  authorization: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, object> {
  const published = apis.filter(({ publishMetadata }) => publishMetadata);
  return new Map(
    published.map(({ identifier, name, scopes }) => [
      pathOf(identifier),
      {
        resource: identifier,
        resource_name: name,
        authorization_servers: [authorization['issuer']],
        bearer_methods_supported: ['header'],
        scopes_supported: [...scopes.keys()],
        // JSON leaves out what is undefined.
        dpop_signing_alg_values_supported: authorization['dpop_signing_alg_values_supported'],
      },
    ]),
  );
}

/** The slash of an empty path is left out (RFC 9728 section 3.1). */
function pathOf(identifier: string): string {
  const { pathname } = new URL(identifier);
  return pathname === '/' ? WELL_KNOWN : WELL_KNOWN + pathname;
}

/** APIs that are elsewhere, where we could publish nothing. */
export function resourceMetadataProblems({
  issuer,
  apis,
}: {
  readonly issuer: string;
  readonly apis: readonly { readonly identifier: string; readonly publishMetadata: boolean }[];
}): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const { origin } = new URL(issuer);
  const isHere = (identifier: string): boolean => {
    const url = URL.parse(identifier);
    return url?.origin === origin && url.search === '' && url.hash === '';
  };
  return apis.flatMap(({ identifier, publishMetadata }, index) =>
    publishMetadata && !isHere(identifier)
      ? [
          {
            path: ['apis', index, 'publishMetadata'],
            message: `needs an identifier that begins with ${origin}, without a query: other APIs publish it themselves`,
          },
        ]
      : [],
  );
}
