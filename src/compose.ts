import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Accounts } from './accounts/accounts.ts';
import { createAccounts } from './accounts/create-accounts.ts';
import { seedPeople } from './accounts/seed-people.ts';
import type { Audit } from './audit/audit.ts';
import { createAudit } from './audit/create-audit.ts';
import { CAPABILITIES } from './capabilities.ts';
import type { Added, House } from './capability.ts';
import type { Clients, ResourceServers } from './clients/clients.ts';
import { createClients } from './clients/create-clients.ts';
import { createResourceServers } from './clients/resource-servers.ts';
import { installationOf } from './config/installation.ts';
import { createHost, type Host, type Listening } from './http/host.ts';
import { createMetrics, type Metrics } from './http/metrics.ts';
import { createOutbound } from './http/outbound.ts';
import type { HealthCheck } from './http/readiness.ts';
import type { Theme } from './http/theme.ts';
import type { Renderer } from './http/renderer.ts';
import { openViews } from './http/views.ts';
import { createWaitingDoor } from './http/waiting-door.ts';
import { createInteractionRoutes } from './interactions/interaction-routes.ts';
import { createProtocolPages } from './interactions/protocol-pages.ts';
import type { IssuerProfile, Protocol } from './provider/contract.ts';
import { createProtocol } from './provider/create-protocol.ts';
import { createRevocation } from './revocation/create-revocation.ts';
import type { Revocation } from './revocation/revocation.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import type { Logger } from './runtime/logger.ts';
import type { Sealer } from './runtime/sealing.ts';
import type { Settings } from './settings.ts';
import { createKeyAdministration, type KeyAdministration } from './signing-keys/administration.ts';
import { openSealer } from './signing-keys/master-key.ts';
import { openSigningKeys } from './signing-keys/open-signing-keys.ts';
import type { SigningKeys } from './signing-keys/signing-keys.ts';
import { openStorage } from './storage/open.ts';
import { type Records, RecordsUnavailable } from './storage/records.ts';
import type { State } from './storage/state.ts';

const NAMESPACE = 'main';
const ASK_AGAIN_SECONDS = 1;
const VIEWS = fileURLToPath(new URL('../views', import.meta.url));

/** What a node and a command are given from outside. */
export interface ComposeOptions {
  readonly logger: Logger;
  /** The machine's when left out. */
  readonly clock?: Clock | undefined;
  /** Ends a start that waits for a store. */
  readonly signal: AbortSignal;
}

/** The rooms that nodes and commands share. */
export interface Rooms {
  readonly settings: Settings;
  readonly profile: IssuerProfile;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sealer: Sealer;
  readonly state: State;
  readonly records: Records;
  readonly audit: Audit;
  readonly revocation: Revocation;
  readonly accounts: Accounts;
  readonly clients: Clients;
  readonly resourceServers: ResourceServers;
  readonly keyAdministration: KeyAdministration;
  close(): Promise<void>;
}

/** A node that serves. */
export interface Node {
  readonly listening: Listening;
  /** Leaves without failing a request. */
  close(): Promise<void>;
}

/** Opens the rooms on the stores of `settings`; what was opened is closed again when one of them fails. */
export async function openRooms(settings: Settings, options: ComposeOptions): Promise<Rooms> {
  const { logger, clock = systemClock } = options;
  const profile = { issuer: settings.issuer, namespace: NAMESPACE };
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    // The last opened first: each may still need those before it.
    for (const closeOne of closers.splice(0).toReversed()) await closeOne();
  };
  const kept = <One extends { close(): Promise<void> }>(one: One): One => {
    closers.push(() => one.close());
    return one;
  };

  try {
    const sealer = await openSealer(settings.signingKeys);
    const storage = kept(await openStorage(settings.storage, { clock, logger }));
    const { state, records } = storage;
    await whenAnswered(() => records.migrate(), options);
    const node = settings.audit.node ?? hostname();
    const audit = kept(createAudit({ records, clock, logger, node, settings: settings.audit }));
    const base = { state, records, clock, logger, audit, sealer };
    const revocation = kept(
      await createRevocation({ ...base, settings: settings.revocation, namespace: NAMESPACE }),
    );
    const clients = kept(
      await createClients({
        ...base,
        revocation,
        declared: settings.clients,
        profile: settings.profile,
      }),
    );
    return {
      ...base,
      settings,
      profile,
      revocation,
      clients,
      accounts: createAccounts({ ...base, revocation, settings: settings.signIn }),
      resourceServers: createResourceServers(settings.apis),
      keyAdministration: createKeyAdministration({
        ...base,
        settings: settings.signingKeys,
        namespace: NAMESPACE,
      }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Repeats what the records did not answer, until they do: a node may be started before its stores. */
async function whenAnswered(
  work: () => Promise<void>,
  { logger, clock = systemClock, signal }: ComposeOptions,
): Promise<void> {
  for (let isTold = false; ; isTold = true) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RecordsUnavailable)) throw error;
      if (!isTold)
        logger.warn({ event: 'records.waiting', error }, 'waits for the records to answer');
      await clock.sleep(ASK_AGAIN_SECONDS, signal);
    }
  }
}

/** Opens every room and serves. */
export async function startNode(settings: Settings, options: ComposeOptions): Promise<Node> {
  const closers: Closers = [];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.splice(0).toReversed()) await closeOne();
  };
  const waiting = createWaitingDoor(settings.http, options.logger);
  try {
    const rooms = await openRooms(settings, options);
    closers.push(rooms.close);
    const host = await openHost(rooms, options, closers);
    await waiting.close();
    return { listening: await host.listen(), close };
  } catch (error) {
    await waiting.close();
    await close();
    throw error;
  }
}

type Closers = (() => Promise<void>)[];

async function openHost(rooms: Rooms, options: ComposeOptions, closers: Closers): Promise<Host> {
  const { settings, profile, sealer, accounts } = rooms;
  const { isDev } = installationOf(settings);
  await seedPeople(settings.people, {
    ...rooms,
    settings: settings.signIn,
    profile: settings.profile,
  });
  const views = await openViews({
    folder: VIEWS,
    theme: themeOf(settings),
    languages: settings.pages.languages,
  });
  const { renderer } = views;
  const metrics = createMetrics();
  const { protocol, checks } = await openProtocol({ rooms, options, closers, renderer, metrics });

  const interactions = createInteractionRoutes({
    issuer: profile.issuer,
    accounts,
    metrics,
    renderer,
    interactions: protocol.interactions,
    formSecret: sealer.keysFor('forms')[0],
  });
  const added = addCapabilities({ ...rooms, isDev, renderer }, settings);
  const host = createHost({
    ...rooms,
    ...views,
    settings: settings.http,
    issuer: profile.issuer,
    keysFolder: settings.signingKeys.folder,
    protocol,
    metrics,
    checks,
    routers: [interactions, ...added.flatMap(({ routers = [] }) => routers)],
  });
  closers.push(() => host.close());
  return host;
}

/** The signing keys and the engine over them, with what tells how they fare. */
async function openProtocol(parts: {
  readonly rooms: Rooms;
  readonly options: ComposeOptions;
  readonly closers: Closers;
  readonly renderer: Renderer;
  readonly metrics: Metrics;
}): Promise<{ readonly protocol: Protocol; readonly checks: Checks }> {
  const { rooms, options, closers, renderer, metrics } = parts;
  const { settings, sealer } = rooms;
  const signingKeys = await openSigningKeys({
    ...rooms,
    settings: settings.signingKeys,
    namespace: NAMESPACE,
    signal: options.signal,
  });
  closers.push(() => signingKeys.close());
  const { isDev } = installationOf(settings);
  const outbound = createOutbound({ settings: settings.http.outbound, isHttpAllowed: isDev });
  closers.push(() => outbound.close());
  const protocol = await createProtocol({
    ...rooms,
    signingKeys,
    metrics,
    pages: createProtocolPages(renderer),
    outboundFetch: outbound.fetch,
    cookieKeys: sealer.keysFor('cookies').map((key) => Buffer.from(key).toString('base64url')),
  });
  closers.push(() => protocol.close());
  const checks = checksOf(rooms, signingKeys);
  watch(metrics, { ...rooms, signingKeys, checks });
  return { protocol, checks };
}

type Checks = Readonly<Record<string, HealthCheck>>;

function checksOf({ state, records, revocation }: Rooms, signingKeys: SigningKeys): Checks {
  return {
    state: () => state.health(),
    records: () => records.health(),
    revocation: () => revocation.health(),
    signingKeys: () => {
      const { maySign, remarks } = signingKeys.health();
      return { ok: maySign, remarks };
    },
  };
}

function watch(
  metrics: Metrics,
  house: Pick<Rooms, 'revocation'> & { readonly signingKeys: SigningKeys; readonly checks: Checks },
): void {
  const { revocation, signingKeys, checks } = house;
  metrics.watch({
    revocationNumber: () => revocation.health().number,
    keys: () => signingKeys.current().keys,
    async health() {
      const asked = Object.entries(checks).map(
        async ([part, check]) => [part, (await check()).ok] as const,
      );
      return new Map(await Promise.all(asked));
    },
  });
}

function addCapabilities(house: House, settings: Settings): readonly Added[] {
  return CAPABILITIES.flatMap(({ name, create }) => create(settings[name], house) ?? []);
}

function themeOf({ pages }: Settings): Theme {
  const { name, logo, colours, css, themeFolder } = pages;
  return { name, logo, colours, css, folder: themeFolder };
}
