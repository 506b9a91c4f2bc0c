import { z } from 'zod';
import type { House } from '../../capability.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Actor } from '../../runtime/origin.ts';
import { RecordConflict } from '../../storage/records.ts';
import { profileOf } from '../profiles.ts';
import type { TenantConfig } from '../config.ts';
import { CONNECTION_ID } from '../management/user-view.ts';
import { connectionNamed, insertConnection, updateConnection } from './connection-queries.ts';

const kept = z.object({
  displayName: z.string().optional(),
  isDomainConnection: z.boolean().default(false),
  metadata: z.record(z.string(), z.string()).default({}),
  options: z.record(z.string(), z.json()).default({}),
  /** Applications that sign nobody in. Whatever is made later signs people in. */
  disabledClients: z.array(z.string()).default([]),
});

/** What the Management API said of the connection. */
export type KeptConnection = z.output<typeof kept>;

/**
 * The one connection of a tenant: the directory of the installation. What is kept of it can only narrow what the
 * installation allows: which applications people sign in to, and whether they may sign up.
 */
export interface Connection {
  read(): Promise<KeptConnection>;
  /** What `next` makes of it, called again when another change was faster. */
  change(next: (before: KeptConnection) => KeptConnection, actor: Actor): Promise<KeptConnection>;
  /** Whether people sign in to it. */
  isEnabledFor(clientId: string): Promise<boolean>;
  /** Whether whoever has no account may make one there, as far as the tenant says. */
  isOpenFor(clientId: string): Promise<boolean>;
}

export function createConnection({
  audit,
  records,
  tenant,
}: Pick<House, 'audit' | 'records'> & {
  readonly tenant: Pick<TenantConfig, 'issuer' | 'name'>;
}): Connection {
  const { queries } = records;
  const name = `${profileOf(tenant).namespace} connection`;
  const value = async (): Promise<string | undefined> =>
    (await records.first(connectionNamed(queries, name)))?.value;

  async function read(): Promise<KeptConnection> {
    return readKept(await value());
  }

  /** False: another change was faster. */
  async function write(seen: string | undefined, next: string): Promise<boolean> {
    const row = { name, value: next };
    try {
      const [written] = await records.write(
        seen === undefined ? insertConnection(queries, row) : updateConnection(queries, row, seen),
      );
      return written?.rowsAffected === 1;
    } catch (error) {
      if (error instanceof RecordConflict) return false;
      throw error;
    }
  }

  return {
    read,
    async change(next, actor) {
      for (;;) {
        const seen = await value();
        const after = next(readKept(seen));
        if (!(await write(seen, JSON.stringify(after)))) continue;
        await audit.record({ type: 'connection.updated', connection: CONNECTION_ID, ...actor });
        return after;
      }
    },
    isEnabledFor: async (clientId) => !(await read()).disabledClients.includes(clientId),
    async isOpenFor(clientId) {
      const { disabledClients, options } = await read();
      return options['disable_signup'] !== true && !disabledClients.includes(clientId);
    },
  };
}

function readKept(value: string | undefined): KeptConnection {
  const told: JsonObject = value === undefined ? {} : JSON.parse(value);
  return kept.parse(told);
}
