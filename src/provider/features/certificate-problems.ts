import type { FeatureSettings } from './config.ts';

interface Settings {
  readonly http: { readonly tls: { readonly from: string } };
  readonly protocol: Pick<FeatureSettings, 'mtls'>;
  readonly clients: readonly ClientSettings[];
}

interface ClientSettings {
  readonly tokenEndpointAuthMethod?: string | undefined;
  readonly tlsClientCertificateBoundAccessTokens?: boolean | undefined;
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Ways for certificates that lead nowhere, and clients that need what is not there. */
export function certificateProblems({ clients, http, protocol }: Settings): readonly Problem[] {
  const { enabled, listener, header, authoritiesFile, revocationListsFile } = protocol.mtls;
  const problemIf = (isWrong: boolean, name: string, message: string): readonly Problem[] =>
    isWrong ? [{ path: ['protocol', 'mtls', name], message }] : [];
  return [
    ...problemIf(
      enabled && listener === undefined && header === undefined,
      'enabled',
      'needs a way for certificates to come: protocol.mtls.listener or .header',
    ),
    ...problemIf(
      enabled && listener !== undefined && http.tls.from === 'off',
      'listener',
      'needs a certificate of ours: set http.tls.from',
    ),
    ...problemIf(
      revocationListsFile !== undefined && authoritiesFile === undefined,
      'revocationListsFile',
      'is of use with protocol.mtls.authoritiesFile alone',
    ),
    ...clients.flatMap((client, index) => {
      const problem = clientProblem(client, protocol.mtls);
      if (problem === undefined) return [];
      return [{ path: ['clients', index, problem.name], message: problem.message }];
    }),
  ];
}

function clientProblem(
  { tokenEndpointAuthMethod: method = '', tlsClientCertificateBoundAccessTokens }: ClientSettings,
  { enabled, authoritiesFile }: FeatureSettings['mtls'],
): { readonly name: keyof ClientSettings; readonly message: string } | undefined {
  const isKnownByIt = method.endsWith('tls_client_auth');
  if (!isKnownByIt && tlsClientCertificateBoundAccessTokens !== true) return undefined;
  const name = isKnownByIt ? 'tokenEndpointAuthMethod' : 'tlsClientCertificateBoundAccessTokens';
  if (!enabled) return { name, message: 'needs protocol.mtls.enabled' };
  return method === 'tls_client_auth' && authoritiesFile === undefined
    ? { name, message: 'needs protocol.mtls.authoritiesFile' }
    : undefined;
}
