import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Sealer } from '../runtime/sealing.ts';
import { RecordConflict, RecordsUnavailable, type Records } from '../storage/records.ts';
import type { ClientTable } from '../storage/tables.ts';
import {
  allClients,
  clientById,
  deleteClient,
  insertClient,
  replaceClient,
} from './client-queries.ts';
import { readStored, storedText } from './client-row.ts';
import { ClientExists, DeclaredInConfig, type Client, type Clients } from './clients.ts';
import { needsSecret } from './metadata.ts';
import { newClientId, readNewClient, readRegistered } from './new-client.ts';
import { strongerProfile, type SecurityProfile } from './security-profile.ts';
import {
  newSecret,
  resealedColumns,
  rotatedColumns,
  secretColumns,
  updatedColumns,
} from './secrets.ts';

export interface ManageClientsOptions {
  readonly records: Records;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly profile: 'dev' | 'production';
  /** What every client is held to. */
  readonly security?: SecurityProfile | undefined;
  readonly revocation?: Pick<Revocation, 'revoke'> | undefined;
  /** By id, those that are not ours to change. */
  readonly declared: ReadonlyMap<string, unknown>;
  /** Tells every node that some client has changed. */
  announce(): Promise<void>;
  clientIn(row: ClientTable): Client;
}

/** How often a change starts over when others change the same client at the same time. */
const ATTEMPTS_MAX = 50;

/** What operators, and clients that register themselves, do to clients in records. */
export function manageClients(
  options: ManageClientsOptions,
): Pick<Clients, 'create' | 'update' | 'revise' | 'rotateSecret' | 'delete' | 'resealSecrets'> {
  const { records, clock, sealer, profile, security, clientIn } = options;

  return {
    async create(client, actor) {
      const id = client.id ?? newClientId();
      const { registered, policy } = readNewClient({ ...client, id }, { actor, profile, security });
      if (options.declared.has(id)) throw new ClientExists(`the configuration declares ${id}`);
      const secret = needsSecret(registered) ? (client.secret ?? newSecret()) : undefined;
      const now = clock.now();
      const row: ClientTable = {
        id,
        metadata: storedText({ registered, policy }),
        ...secretColumns(sealer, { id, metadata: registered, policy, secret }),
        secret_expires_at: null,
        source: actor.by === 'registration' ? 'registration' : 'cli',
        created_at: now,
        updated_at: now,
      };
      await insertOnce(records, row);
      await settle(options, { type: 'client.created', id, actor });
      return { client: clientIn(row), secret };
    },

    ...changes(options),

    async delete(id, actor) {
      refuseDeclared(options, id);
      const [written] = await records.write(deleteClient(records.queries, id));
      if (written?.rowsAffected !== 1) return false;
      await settle(options, { type: 'client.deleted', id, actor });
      return true;
    },

    resealSecrets: (next) => resealSecrets(options, next),
  };
}

function changes(
  options: ManageClientsOptions,
): Pick<Clients, 'update' | 'revise' | 'rotateSecret'> {
  const { clock, sealer, profile, security, clientIn } = options;

  return {
    async update(id, metadata, actor, { secret } = {}) {
      refuseDeclared(options, id);
      const row = await change(options, id, (old) => {
        const stored = readStored(old);
        const held = strongerProfile(stored.policy.profile, security);
        const registered = readRegistered(metadata, { actor, profile, security: held });
        return {
          metadata: storedText({ ...stored, registered }),
          ...updatedColumns(sealer, old, { metadata: registered, policy: stored.policy, secret }),
        };
      });
      if (row === undefined) return undefined;
      await settle(options, { type: 'client.updated', id, actor });
      return clientIn(row);
    },

    async revise(id, next, actor) {
      refuseDeclared(options, id);
      const row = await change(options, id, (old) => {
        const { registered, policy } = readNewClient(next(clientIn(old)), {
          actor,
          profile,
          security,
        });
        const secret = old.secret_hash === null ? newSecret() : undefined;
        return {
          metadata: storedText({ ...readStored(old), registered, policy }),
          ...updatedColumns(sealer, old, { metadata: registered, policy, secret }),
        };
      });
      if (row === undefined) return undefined;
      await settle(options, { type: 'client.updated', id, actor });
      return clientIn(row);
    },

    async rotateSecret(id, actor, { keepOldForSeconds = 0 } = {}) {
      refuseDeclared(options, id);
      const secret = newSecret();
      const keepUntil = keepOldForSeconds > 0 ? clock.now() + keepOldForSeconds : undefined;
      const row = await change(options, id, (old) =>
        rotatedColumns(sealer, old, { secret, keepUntil }),
      );
      if (row === undefined) return undefined;
      await settle(options, { type: 'client.secret_rotated', id, actor });
      return { client: clientIn(row), secret };
    },
  };
}

async function resealSecrets(options: ManageClientsOptions, next: Sealer): Promise<number> {
  const { records, sealer } = options;
  const rows = await records.all(allClients(records.queries));
  const sealed = rows.filter(({ secret_sealed: secret }) => secret !== null);
  for (const { id } of sealed)
    await change(options, id, (old) => resealedColumns(sealer, next, old));
  await options.announce();
  return sealed.length;
}

function refuseDeclared({ declared }: ManageClientsOptions, id: string): void {
  if (!declared.has(id)) return;
  throw new DeclaredInConfig(`the configuration declares ${id}: change it there`);
}

/** Reads, changes and writes a row, again from the start when another change came in between. */
async function change(
  { records, clock }: ManageClientsOptions,
  id: string,
  next: (old: ClientTable) => Partial<ClientTable>,
): Promise<ClientTable | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const old = await records.first(clientById(records.queries, id));
    if (old === undefined) return undefined;
    const row = { ...old, ...next(old), updated_at: clock.now() };
    const [written] = await records.write(replaceClient(records.queries, old, row));
    if (written?.rowsAffected === 1) return row;
  }
  throw new RecordsUnavailable(`the client ${id} is being changed by others all the time`);
}

async function insertOnce(records: Records, row: ClientTable): Promise<void> {
  try {
    await records.write(insertClient(records.queries, row));
  } catch (error) {
    if (!(error instanceof RecordConflict)) throw error;
    throw new ClientExists(`a client ${row.id} exists already`, { cause: error });
  }
}

interface Deed {
  readonly type: Extract<
    AuditEvent['type'],
    'client.created' | 'client.updated' | 'client.deleted' | 'client.secret_rotated'
  >;
  readonly id: string;
  readonly actor: Actor;
}

/**
 * After the record has changed: every node hears of it, what falls is taken back, and it is put on record.
 * One that fails keeps none of the others from being done.
 */
async function settle(options: ManageClientsOptions, { type, id, actor }: Deed): Promise<void> {
  const what = { kind: 'client', clientId: id } as const;
  const outcomes = await Promise.allSettled([
    options.announce(),
    type === 'client.deleted'
      ? options.revocation?.revoke(what, { reason: type, actor })
      : undefined,
    options.audit.record({ type, clientId: id, by: actor.by, origin: actor.origin }),
  ]);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
