import { z } from 'zod';
import type { ApiTable } from '../storage/tables.ts';
import type { ResourceServer } from './clients.ts';

const apiSettings = z.strictObject({
  name: z.string(),
  /** Scope to its description. */
  scopes: z.record(z.string(), z.string()),
  enforcePermissions: z.boolean(),
  signingAlgorithm: z.string(),
  accessTokenTtlSeconds: z.number().optional(),
  /** The issuer beside the installation's own, by its namespace, whose tokens alone are for it. */
  servedBy: z.string(),
  /** What the capability that made it keeps of it. */
  beside: z.record(z.string(), z.json()),
});

/** What is kept of an API beside its identifier. */
export type ApiSettings = z.output<typeof apiSettings>;

export function settingsText(settings: ApiSettings): string {
  return JSON.stringify(settings);
}

/** The API in a row. */
export function apiIn({ identifier, settings }: ApiTable): ResourceServer {
  const { name, scopes, accessTokenTtlSeconds, ...others } = apiSettings.parse(
    JSON.parse(settings),
  );
  return {
    identifier,
    name,
    scopes: new Map(Object.entries(scopes)),
    permissions: new Map(),
    accessTokenFormat: 'jwt',
    encryption: undefined,
    accessTokenTtlSeconds,
    statusList: false,
    publishMetadata: false,
    restricted: false,
    claims: new Map(),
    ...others,
  };
}
