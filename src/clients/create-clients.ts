import type { Audit } from '../audit/audit.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import { equalDigests, sha256 } from '../runtime/digest.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { Records } from '../storage/records.ts';
import { keepSubscribed } from '../storage/keep-subscribed.ts';
import type { State } from '../storage/state.ts';
import type { ClientTable } from '../storage/tables.ts';
import { createClientCache } from './client-cache.ts';
import { isClientId } from './client-id.ts';
import { allClients, clientById, pairwiseClients } from './client-queries.ts';
import { keptClientOf, type KeptClient, type OldSecret } from './client-row.ts';
import type { Client, Clients } from './clients.ts';
import type { DeclaredClient } from './config.ts';
import { readDeclaredClients, type DeclaredEntry } from './declared-clients.ts';
import { manageClients } from './manage-clients.ts';
import { needsSharedSecret } from './metadata.ts';
import { openSecret } from './secrets.ts';
import type { SecurityProfile } from './security-profile.ts';

export interface ClientsOptions {
  readonly records: Records;
  readonly state: State;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sealer: Sealer;
  /** Those of the configuration. */
  readonly declared: readonly DeclaredClient[];
  readonly profile: 'dev' | 'production';
  /** What every client is held to; those of the configuration are judged with it. */
  readonly security?: SecurityProfile | undefined;
  /** Takes back what a deleted client holds; without it, deletion only ends what is read anew. */
  readonly revocation?: Pick<Revocation, 'revoke'> | undefined;
}

/** Anything that is written there anew says: some client has changed. It stays for ever, being one key. */
const VERSION_KEY = 'clients:version';
const TOPIC = 'clients';

/**
 * Relying parties, those of the configuration and those in records as one.
 *
 * @throws {InvalidClient} when the configuration declares what its profile does not allow.
 * @throws {SecretUnavailable} when the secret of a declared client cannot be read.
 */
export async function createClients(options: ClientsOptions): Promise<Clients> {
  const { records, state, clock, logger, profile } = options;
  const declared = await readDeclaredClients(options.declared, { profile, now: clock.now() });
  const kept = new WeakMap<Client, KeptClient>();
  const cache = createClientCache({
    clock,
    read: (id) => records.first(clientById(records.queries, id)),
    decode(row) {
      const one = keptClientOf(row);
      kept.set(one.client, one);
      return one.client;
    },
    version: async () => (await state.get(VERSION_KEY))?.version ?? 'none',
  });
  const endSubscription = keepSubscribed(state, TOPIC, cache.expire, clock);
  await warnOfShadowed(declared, records, logger);

  async function announce(): Promise<void> {
    cache.expire();
    await state.put(VERSION_KEY, clock.nowMs());
    await state.notify(TOPIC);
  }

  function withDeclared(rows: readonly ClientTable[]): readonly Client[] {
    const own = rows.filter(({ id }) => !declared.has(id)).map(cache.clientIn);
    return [...[...declared.values()].map(({ client }) => client), ...own];
  }

  return {
    async find(id) {
      const entry = declared.get(id);
      if (entry !== undefined) return entry.client;
      return isClientId(id) ? await cache.find(id) : undefined;
    },

    list: async () => withDeclared(await records.all(allClients(records.queries))),

    async pairwise() {
      const all = withDeclared(await records.all(pairwiseClients(records.queries)));
      return all.filter(({ metadata }) => metadata['subject_type'] === 'pairwise');
    },

    async sharedSecret(client) {
      if (!needsSharedSecret(client.metadata)) return undefined;
      const sealed = kept.get(client)?.sealedSecret;
      return sealed === undefined
        ? declared.get(client.id)?.secret
        : openSecret(options.sealer, client.id, sealed);
    },

    async keptSecret(client) {
      const sealed = kept.get(client)?.sealedSecret;
      return client.policy.keepsSecret !== true || sealed === undefined
        ? undefined
        : openSecret(options.sealer, client.id, sealed);
    },

    verifySecret(client, secret) {
      if (client.secretHash === undefined) return false;
      const hash = sha256(secret);
      const isCurrent = equalDigests(hash, client.secretHash);
      const old = kept.get(client)?.oldSecret;
      return isCurrent || (old !== undefined && isStillGood(hash, old, clock));
    },

    ...manageClients({ ...options, declared, announce, clientIn: cache.clientIn }),
    close: endSubscription,
  };
}

function isStillGood(hash: string, old: OldSecret, clock: Clock): boolean {
  return clock.now() < old.expiresAt && equalDigests(hash, old.hash);
}

/** A client in records that the configuration declares too: the configuration is what counts. */
async function warnOfShadowed(
  declared: ReadonlyMap<string, DeclaredEntry>,
  records: Records,
  logger: Logger,
): Promise<void> {
  for (const id of declared.keys()) {
    const row = await records.first(clientById(records.queries, id));
    if (row === undefined) continue;
    logger.warn(
      { event: 'client.shadowed', clientId: id },
      'the configuration declares a client that was also created otherwise: the configuration counts',
    );
  }
}
