import type { Dialect } from '../../provider/dialect.ts';
import type { HostedClients } from './clients.ts';

/** By which a request says at which page of a pool it begins: no application sends it. */
export const START_PARAMETER = 'start';

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
    startParameter: START_PARAMETER,
    issuerFor,
    scopeOfClient: () => undefined,
    writeJwt: () => undefined,
    writeProblem: (problem) => problem,
  };
}
