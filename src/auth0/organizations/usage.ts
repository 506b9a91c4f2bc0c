import { z } from 'zod';
import type { Clients } from '../../clients/clients.ts';
import type { Organizations } from '../../provider/organizations.ts';
import { ORGANIZATION_USAGES, type TenantConfig } from '../config.ts';

const kept = z.object({ organization_usage: z.enum(ORGANIZATION_USAGES).default('allow') });

/** What applications of the configuration declare, and those that were made keep. */
export function createUsage(
  tenant: Pick<TenantConfig, 'clients'>,
  clients: Pick<Clients, 'find'>,
): Organizations['usageOf'] {
  const declared = new Map(
    tenant.clients.map(({ clientId, organizationUsage }) => [clientId, organizationUsage]),
  );
  return async (clientId) => {
    const known = declared.get(clientId);
    if (known !== undefined) return known;
    const client = await clients.find(clientId);
    return kept.parse(client?.policy.beside ?? {}).organization_usage;
  };
}
