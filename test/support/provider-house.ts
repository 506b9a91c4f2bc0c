import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Koa from 'koa';
import type { Account, Accounts, NewAccount } from '../../src/accounts/accounts.ts';
import { signInConfig } from '../../src/accounts/config.ts';
import { createAccounts } from '../../src/accounts/create-accounts.ts';
import { auditConfig } from '../../src/audit/config.ts';
import { createAudit } from '../../src/audit/create-audit.ts';
import type { Audit, AuditEvent } from '../../src/audit/audit.ts';
import { apisConfig } from '../../src/clients/config.ts';
import { createClients } from '../../src/clients/create-clients.ts';
import { withDocuments } from '../../src/clients/documents/with-documents.ts';
import { createResourceServers } from '../../src/clients/resource-servers.ts';
import type { Clients, NewClient, ResourceServers } from '../../src/clients/clients.ts';
import type { SecurityProfile } from '../../src/clients/security-profile.ts';
import { createGroups } from '../../src/groups/create-groups.ts';
import type { Groups } from '../../src/groups/groups.ts';
import {
  claimsConfig,
  registrationConfig,
  sessionsConfig,
  tokensConfig,
} from '../../src/provider/config.ts';
import { protocolConfig } from '../../src/provider/features/config.ts';
import type {
  ConsentRequest,
  Interaction,
  IssuerProfile,
  Outcome,
  Protocol,
  ProtocolPages,
} from '../../src/provider/contract.ts';
import type { ProtocolEvent } from '../../src/provider/metrics.ts';
import { createProtocol, type ProtocolOptions } from '../../src/provider/create-protocol.ts';
import { createTakeBack, type TakeBack } from '../../src/provider/take-back.ts';
import { revocationConfig } from '../../src/revocation/config.ts';
import { createRevocation } from '../../src/revocation/create-revocation.ts';
import type { Revocation } from '../../src/revocation/revocation.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createSealer } from '../../src/runtime/sealing.ts';
import type { DecryptionKey } from '../../src/signing-keys/signing-keys.ts';
import { openEmbedded, type Embedded } from '../../src/storage/embedded/open-embedded.ts';
import type { State } from '../../src/storage/state.ts';
import { createSubjects } from '../../src/subjects/create-subjects.ts';
import type { Subjects } from '../../src/subjects/subjects.ts';
import { tellSectors } from '../../src/subjects/tell-sectors.ts';
import { createBrowser, type Browser } from './provider-browser.ts';
import { createTurningKeys, type TurningKeys } from './provider-keys.ts';
import { createRecordingLogger, type LogLine } from './recording-logger.ts';
import { createStartingLine } from './starting-line.ts';

/** What the person before the browser does at each page. */
export type Person = (interaction: Interaction) => Outcome;

/** One who may first look at what they would be asked to allow after signing in. */
export type CuriousPerson = (
  interaction: Interaction,
  coming: (accountId: string) => Promise<ConsentRequest | undefined>,
) => Outcome | Promise<Outcome>;

/** One node: a protocol on a port of its own, over the store that all share. */
export interface Node {
  readonly url: string;
  readonly protocol: Protocol;
  readonly revocation: Revocation;
  readonly state: State;
  readonly events: ProtocolEvent[];
  readonly log: LogLine[];
}

/** A provider as tests see it. */
export interface House {
  readonly issuer: string;
  readonly nodes: readonly Node[];
  readonly first: Node;
  readonly keys: TurningKeys;
  readonly accounts: Accounts;
  readonly groups: Groups;
  readonly clients: Clients;
  readonly audited: AuditEvent[];
  /** The SQLite file of all nodes. */
  readonly file: string;
  readonly alice: Account;
  readonly takeBack: TakeBack;
  /** Decides for whoever sits at the browser. */
  person: Person;
  /** Decides in place of `person`. */
  curious: CuriousPerson | undefined;
  /** Where all requests seem to come from; undefined: from where they do. */
  address: string | undefined;
  /** The next so many requests are worked on at once, whichever node they come to. */
  gather(count: number): void;
  browser(): Browser;
  client(client: NewClient): Promise<{ readonly id: string; readonly secret: string }>;
  close(): Promise<void>;
}

export interface HouseOptions {
  readonly nodes?: number;
  readonly tokens?: object;
  readonly sessions?: object;
  readonly registration?: object;
  /** Features, as the `protocol` section has them. */
  readonly protocol?: object;
  /** What clients are held to when they are registered. */
  readonly security?: SecurityProfile;
  readonly claims?: object;
  readonly apis?: readonly object[];
  readonly path?: string;
  readonly namespace?: string;
  /** Stands between the protocol and the state of every node. */
  readonly wrapState?: (state: State) => State;
  readonly outboundFetch?: ProtocolOptions['outboundFetch'];
  /** Keys that others encrypt to. */
  readonly encryptionKeys?: readonly DecryptionKey[];
}

/** Signs in and allows everything. */
const WILLING = (accountId: string): Person => {
  return ({ prompt }) => {
    if (prompt === 'consent') return { kind: 'consented' };
    if (prompt === 'select_account') return { kind: 'account-kept' };
    return { kind: 'signed-in', accountId, amr: ['pwd'], remember: false };
  };
};

/** An API as most tests use it. */
export const API = 'https://api.example.com';

const ALICE: NewAccount = {
  id: 'acct-alice-0123456789',
  username: 'alice',
  email: 'alice@example.com',
  emailVerified: true,
  claims: { name: 'Alice Adams', given_name: 'Alice', locale: 'en' },
  attributes: { roles: ['admin'], department: 'research', ssn: '078-05-1120' },
};

const STANDARD_API = {
  identifier: API,
  name: 'The example API',
  scopes: { read: 'Read it', write: 'Change it' },
};

/** Opens a provider over real rooms in a temporary file, with keys that turn on demand. */
export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-provider-'));
  const file = join(folder, 'latchkey.db');
  const keys = await createTurningKeys(options.encryptionKeys);
  const sealer = createSealer([randomBytes(32)]);
  const cookieKeys = [randomBytes(32).toString('base64url')];
  const audited: AuditEvent[] = [];
  const opened: { close(): Promise<void> }[] = [];
  const servers = await listen(options.nodes ?? 1);
  const [front] = servers;
  if (front === undefined) throw new Error('a house without nodes');
  const issuer = `${urlOf(front)}${options.path ?? ''}`;
  const profile: IssuerProfile = { issuer, namespace: options.namespace ?? 'latchkey' };
  let person: Person = () => ({ kind: 'refused' });
  let curious: CuriousPerson | undefined;
  let address: string | undefined;
  const line = createStartingLine();

  async function openNode(server: Server, number: number): Promise<Node & { rooms: Rooms }> {
    const rooms = await openRooms({
      file,
      number,
      sealer,
      audited,
      profile,
      apis: options.apis,
      protocol: options.protocol,
      security: options.security,
      outboundFetch: options.outboundFetch,
    });
    const { logger, lines } = createRecordingLogger();
    const events: ProtocolEvent[] = [];
    const protocol = await createProtocol({
      profile,
      settings: readSettings(options),
      ...rooms,
      state: options.wrapState?.(rooms.state) ?? rooms.state,
      signingKeys: keys,
      clock: systemClock,
      logger,
      pages: PLAIN_PAGES,
      outboundFetch: options.outboundFetch ?? fetch,
      cookieKeys,
      sealer,
      metrics: { onEvent: (event) => void events.push(event), tokenIssued: () => undefined },
    });
    const host = createHost(protocol, options.path ?? '', {
      person: () => curious ?? person,
      address: () => address,
    });
    server.on('request', (request, response) => {
      void line.enter().then(() => host(request, response));
    });
    opened.push({
      async close() {
        await protocol.close();
        await rooms.close();
      },
    });
    return { url: urlOf(server), protocol, ...rooms, events, log: lines, rooms };
  }

  const nodes = [];
  for (const [number, server] of servers.entries()) nodes.push(await openNode(server, number));
  const [first] = nodes;
  if (first === undefined) throw new Error('a house without nodes');
  const { accounts, clients, groups } = first.rooms;
  const actor = { by: 'test', origin: { address: 'test' } };
  const alice = await accounts.create(ALICE, actor);
  person = WILLING(alice.id);

  return {
    issuer,
    nodes,
    first,
    keys,
    accounts,
    groups,
    clients,
    audited,
    file,
    alice,
    takeBack: createTakeBack({
      ...first.rooms,
      clock: systemClock,
      profile,
      sealer,
      settings: readSettings(options),
      longestTokenSeconds: 86_400,
    }),
    get person() {
      return person;
    },
    set person(next) {
      person = next;
    },
    get curious() {
      return curious;
    },
    set curious(next) {
      curious = next;
    },
    get address() {
      return address;
    },
    set address(next) {
      address = next;
    },
    gather: line.gather,
    browser: () => createBrowser(issuer),
    async client(client) {
      const issued = await clients.create(client, actor);
      return { id: issued.client.id, secret: issued.secret ?? '' };
    },
    async close() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
      for (const one of opened) await one.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Rooms {
  readonly state: State;
  readonly records: Embedded['records'];
  readonly accounts: Accounts;
  readonly groups: Groups;
  readonly resourceServers: ResourceServers;
  readonly clients: Clients;
  readonly subjects: Subjects;
  readonly revocation: Revocation;
  readonly audit: Audit;
  close(): Promise<void>;
}

async function openRooms(options: {
  readonly file: string;
  readonly number: number;
  readonly sealer: ReturnType<typeof createSealer>;
  readonly audited: AuditEvent[];
  readonly profile: IssuerProfile;
  readonly apis: HouseOptions['apis'];
  readonly protocol: HouseOptions['protocol'];
  readonly security: HouseOptions['security'];
  readonly outboundFetch: HouseOptions['outboundFetch'];
}): Promise<Rooms> {
  const { file, number, sealer, audited, profile } = options;
  const { logger } = createRecordingLogger();
  const clock = systemClock;
  const embedded = await openEmbedded({ file, clock, logger });
  const { state, records } = embedded;
  await records.migrate();
  const kept = createAudit({
    records,
    clock,
    logger,
    node: `node-${number}-${profile.namespace}`,
    settings: auditConfig.parse({}),
  });
  const audit: Audit = {
    ...kept,
    record(event) {
      audited.push(event);
      return kept.record(event);
    },
    note(event) {
      audited.push(event);
      kept.note(event);
    },
  };
  const log = await createRevocation({
    state,
    records,
    clock,
    logger,
    audit,
    settings: revocationConfig.parse({}),
    namespace: profile.namespace,
  });
  const protocol = protocolConfig.parse(options.protocol ?? {});
  const registered = await createClients({
    records,
    state,
    audit,
    clock,
    logger,
    sealer,
    revocation: log,
    declared: [],
    profile: 'dev',
    security: options.security,
  });
  const clients = protocol.clientIdMetadata.enabled
    ? withDocuments(registered, {
        state,
        audit,
        clock,
        logger,
        profile: 'dev',
        settings: protocol.clientIdMetadata,
        outboundFetch: options.outboundFetch ?? fetch,
      })
    : registered;
  const subjects = createSubjects({ records, namespace: profile.namespace });
  const revocation = protocol.pairwiseSubjects.enabled
    ? tellSectors(log, { clients, subjects })
    : log;
  const settings = signInConfig.parse({});
  const accounts = createAccounts({ records, state, audit, clock, logger, settings, revocation });
  const resourceServers = createResourceServers(apisConfig.parse(options.apis ?? [STANDARD_API]));
  const groups = createGroups({
    records,
    audit,
    clock,
    logger,
    accounts,
    resourceServers,
    revocation,
    declared: { groups: [], roles: [] },
  });
  return {
    state,
    records,
    accounts,
    groups,
    resourceServers,
    clients,
    subjects,
    revocation,
    audit,
    async close() {
      await clients.close();
      await log.close();
      await kept.close();
      await embedded.close();
    },
  };
}

function readSettings(options: HouseOptions): ProtocolOptions['settings'] {
  return {
    tokens: tokensConfig.parse(options.tokens ?? {}),
    sessions: sessionsConfig.parse(options.sessions ?? {}),
    registration: registrationConfig.parse(options.registration ?? {}),
    protocol: protocolConfig.parse(options.protocol ?? {}),
    claims: claimsConfig.parse(options.claims ?? {}),
    authentication: { secondFactor: 'if-enrolled' },
    joining: { mode: 'open' },
  };
}

/** Pages that say what they were given, as JSON in HTML. */
const PLAIN_PAGES: ProtocolPages = {
  async problem(ctx, problem) {
    ctx.status = problem.status;
    ctx.type = 'html';
    ctx.body = `<h1>problem</h1><pre>${JSON.stringify(problem)}</pre>`;
  },
  async confirmSignOut(ctx, { action, xsrf, client }) {
    ctx.type = 'html';
    ctx.body = `<form action="${action}"><input name="xsrf" value="${xsrf}">${client?.name ?? ''}</form>`;
  },
  async switchAccount(ctx, page) {
    ctx.body = { page: 'switch-account', ...page };
  },
  async enterDeviceCode(ctx, page) {
    ctx.body = { page: 'device', ...page };
  },
  async confirmDevice(ctx, { client, ...page }) {
    ctx.body = { page: 'device-confirm', ...page, client: client.name };
  },
  async deviceConnected(ctx, { client }) {
    ctx.body = { page: 'device-done', client: client?.name };
  },
  async signedOut(ctx, { client }) {
    ctx.type = 'html';
    ctx.body = `<h1>signed out</h1>${client?.name ?? ''}`;
  },
};

/** The host of a test: pages that a person answers at once, and the engine for all else. */
function createHost(
  protocol: Protocol,
  base: string,
  { person, address }: { person: () => CuriousPerson; address: () => string | undefined },
): ReturnType<Koa['callback']> {
  const app = new Koa();
  app.on('error', () => undefined);
  app.use(async (ctx) => {
    const userAgent = ctx.get('user-agent');
    const origin = { address: address() ?? ctx.ip, userAgent, requestId: 'test' };
    ctx.state['origin'] = origin;
    const uid = ctx.path.startsWith(`${base}/interaction/`)
      ? ctx.path.split('/').at(-1)
      : undefined;
    if (uid !== undefined) {
      const interaction = await protocol.interactions.find(ctx, uid);
      const coming = (accountId: string): Promise<ConsentRequest | undefined> =>
        protocol.interactions.comingConsent(ctx, uid, accountId);
      await protocol.interactions.finish(ctx, uid, await person()(interaction, coming));
      return;
    }
    if (ctx.path === '/_who') {
      ctx.type = 'json';
      ctx.body = JSON.stringify((await protocol.sessions.current(ctx)) ?? null);
      return;
    }
    ctx.respond = false;
    await protocol.handle(ctx.req, ctx.res, origin);
  });
  return app.callback();
}

/** As the product has it: on a machine that is busy, requests met connections that were closed after five idle seconds. */
const KEEP_ALIVE_MS = 65_000;

async function listen(count: number): Promise<Server[]> {
  const servers = Array.from({ length: count }, () =>
    createServer({ keepAliveTimeout: KEEP_ALIVE_MS }).listen(0, '127.0.0.1'),
  );
  await Promise.all(servers.map((server) => once(server, 'listening')));
  return servers;
}

function urlOf(server: Server): string {
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}
