import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Actor } from '../runtime/origin.ts';
import { RecordConflict, RecordsUnavailable, type Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import type { ApiTable } from '../storage/tables.ts';
import { allApis, apiByIdentifier, deleteApi, insertApi, replaceApi } from './api-queries.ts';
import { apiIn, settingsText, type ApiSettings } from './api-row.ts';
import type { ResourceServer, ResourceServers } from './clients.ts';
import type { DeclaredApi } from './config.ts';
import { createResourceServers } from './resource-servers.ts';

/** APIs of the configuration and of records. What changes in records is known here once `catchUp` was awaited. */
export interface KeptResourceServers extends ResourceServers {
  /** Resolves once all that any node had changed by now is known here. */
  catchUp(): Promise<void>;
  /** @throws {ApiExists} */
  create(identifier: string, settings: ApiSettings, actor: Actor): Promise<ResourceServer>;
  /** To what `next` makes of it, called again when another change was faster. Undefined: no such API in records. */
  revise(
    identifier: string,
    next: (server: ResourceServer) => ApiSettings,
    actor: Actor,
  ): Promise<ResourceServer | undefined>;
  /** False: no such API in records. */
  delete(identifier: string, actor: Actor): Promise<boolean>;
}

/** An API with this identifier exists already. */
export class ApiExists extends LatchkeyError {
  readonly code = 'ERR_API_EXISTS';
}

interface KeptOptions {
  readonly records: Records;
  readonly state: State;
  readonly clock: Clock;
  readonly audit: Pick<Audit, 'record'>;
  /** Those of the configuration, which go first. */
  readonly declared: readonly DeclaredApi[];
}

/** Anything that is written there anew says: some API has changed. It stays for ever, being one key. */
const VERSION_KEY = 'apis:version';
/** How long they are used without being read again, in case a change was written but never told. */
const FRESH_MS = 30_000;
/** How often a change starts over when others change the same API at the same time. */
const ATTEMPTS_MAX = 50;

/** Reads those of the records once. */
export async function openResourceServers(options: KeptOptions): Promise<KeptResourceServers> {
  const declared = createResourceServers(options.declared);
  const reader = createReader(options);
  await reader.read();
  const isDeclared = (identifier: string): boolean => declared.find(identifier) !== undefined;
  return {
    find: (identifier) => declared.find(identifier) ?? reader.now().get(identifier),
    list: () => [
      ...declared.list(),
      ...[...reader.now().values()].filter(({ identifier }) => !isDeclared(identifier)),
    ],
    catchUp: reader.catchUp,
    ...createChanges(options, { isDeclared, announce: reader.announce }),
  };
}

interface Reader {
  now(): ReadonlyMap<string, ResourceServer>;
  read(): Promise<void>;
  catchUp(): Promise<void>;
  /** Some API has changed. */
  announce(): Promise<void>;
}

function createReader({ records, state, clock }: KeptOptions): Reader {
  let servers: ReadonlyMap<string, ResourceServer> = new Map();
  let known: string | undefined;
  let readAtMs = 0;
  let begun = 0;
  let shown = 0;

  async function read(version?: string): Promise<void> {
    begun += 1;
    const turn = begun;
    const rows = await records.all(allApis(records.queries));
    // One that began earlier and took longer has less to tell.
    if (turn < shown) return;
    shown = turn;
    servers = new Map(rows.map((row) => [row.identifier, apiIn(row)]));
    known = version;
    readAtMs = clock.nowMs();
  }

  return {
    now: () => servers,
    read,
    async catchUp() {
      const version = (await state.get(VERSION_KEY))?.version ?? 'none';
      const ageMs = clock.nowMs() - readAtMs;
      if (version !== known || ageMs < 0 || ageMs >= FRESH_MS) await read(version);
    },
    async announce() {
      await state.put(VERSION_KEY, clock.nowMs());
      await read();
    },
  };
}

function createChanges(
  { records, clock, audit }: KeptOptions,
  {
    isDeclared,
    announce,
  }: { readonly isDeclared: (identifier: string) => boolean } & Pick<Reader, 'announce'>,
): Pick<KeptResourceServers, 'create' | 'revise' | 'delete'> {
  const { queries } = records;
  const exists = (identifier: string, cause?: unknown): ApiExists =>
    new ApiExists(`an API has the identifier ${identifier}`, { cause });

  async function settle(
    type: 'api.created' | 'api.updated' | 'api.deleted',
    api: string,
    { by, origin }: Actor,
  ): Promise<void> {
    await announce();
    await audit.record({ type, api, by, origin });
  }

  return {
    async create(identifier, settings, actor) {
      if (isDeclared(identifier)) throw exists(identifier);
      const now = clock.now();
      const row = {
        identifier,
        settings: settingsText(settings),
        created_at: now,
        updated_at: now,
      };
      try {
        await records.write(insertApi(queries, row));
      } catch (error) {
        throw error instanceof RecordConflict ? exists(identifier, error) : error;
      }
      await settle('api.created', identifier, actor);
      return apiIn(row);
    },
    async revise(identifier, next, actor) {
      const row = await replace({ records, clock }, identifier, next);
      if (row === undefined) return undefined;
      await settle('api.updated', identifier, actor);
      return apiIn(row);
    },
    async delete(identifier, actor) {
      const [written] = await records.write(deleteApi(queries, identifier));
      if (written?.rowsAffected !== 1) return false;
      await settle('api.deleted', identifier, actor);
      return true;
    },
  };
}

/** Reads, changes and writes a row, again from the start when another change came in between. */
async function replace(
  { records, clock }: Pick<KeptOptions, 'records' | 'clock'>,
  identifier: string,
  next: (server: ResourceServer) => ApiSettings,
): Promise<ApiTable | undefined> {
  const { queries } = records;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const old = await records.first(apiByIdentifier(queries, identifier));
    if (old === undefined) return undefined;
    const change = { settings: settingsText(next(apiIn(old))), updated_at: clock.now() };
    const [written] = await records.write(replaceApi(queries, old, change));
    if (written?.rowsAffected === 1) return { ...old, ...change };
  }
  throw new RecordsUnavailable(`the API ${identifier} is being changed by others all the time`);
}
