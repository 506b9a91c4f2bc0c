import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import type { ClientTable } from '../storage/tables.ts';
import type { Client, ClientPolicy } from './clients.ts';
import { policyOf, storedPolicy } from './policy.ts';

/** A secret that was replaced and is good for a while longer. */
export interface OldSecret {
  readonly hash: string;
  readonly expiresAt: number;
}

/** What the `metadata` column holds: the registered metadata, and what is ours beside it. */
export interface StoredClient {
  readonly registered: JsonObject;
  readonly policy: Partial<ClientPolicy>;
  readonly oldSecret?: OldSecret | undefined;
}

const stored = z.object({
  registered: z.record(z.string(), z.json()),
  policy: storedPolicy.strip(),
  oldSecret: z.object({ hash: z.string(), expiresAt: z.number() }).optional(),
});

export function readStored({ metadata }: ClientTable): StoredClient {
  return stored.parse(JSON.parse(metadata));
}

export function storedText(client: StoredClient): string {
  return JSON.stringify(client);
}

/** A client, and what is kept of its secrets. */
export interface KeptClient {
  readonly client: Client;
  readonly sealedSecret: string | undefined;
  readonly oldSecret: OldSecret | undefined;
}

/** The client in a row; its object is never changed, so that callers may key caches by it. */
export function keptClientOf(row: ClientTable): KeptClient {
  const { registered, policy, oldSecret } = readStored(row);
  return {
    client: Object.freeze({
      id: row.id,
      metadata: registered,
      secretHash: row.secret_hash ?? undefined,
      policy: policyOf(registered, policy),
      source: row.source === 'registration' ? 'registration' : 'cli',
      createdAt: row.created_at,
    }),
    sealedSecret: row.secret_sealed ?? undefined,
    oldSecret,
  };
}
