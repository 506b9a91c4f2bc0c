import type { Dialect } from '../../provider/dialect.ts';
import type { HostedClients } from './clients.ts';

/** How the pages of pools speak to applications. Tokens are none of the engine's: it issues codes alone. */
export function createHostedDialect(
  endpoint: string,
  { issuerFor }: Pick<HostedClients, 'issuerFor'>,
): Dialect {
  return {
    paths: new Map(),
    defaultAudience: endpoint,
    isFramed: false,
    refusesOtherScopes: true,
    issuerFor,
    scopeOfClient: () => undefined,
    writeJwt: () => undefined,
    writeProblem: (problem) => problem,
  };
}
