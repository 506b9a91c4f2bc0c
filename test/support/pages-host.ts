import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Router } from '@koa/router';
import type { Account, Accounts, PasswordOutcome } from '../../src/accounts/accounts.ts';
import { authenticationConfig } from '../../src/flows/config.ts';
import { createFlows } from '../../src/flows/create-flows.ts';
import { httpConfig } from '../../src/http/config.ts';
import { createHost, type Host, type HostOptions } from '../../src/http/host.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import type { Theme } from '../../src/http/theme.ts';
import { openViews, type Views } from '../../src/http/views.ts';
import { createInteractionRoutes } from '../../src/interactions/interaction-routes.ts';
import { createProtocolPages } from '../../src/interactions/protocol-pages.ts';
import {
  InteractionExpired,
  type ClientView,
  type ConsentRequest,
  type Interaction,
  type Interactions,
  type Outcome,
  type Protocol,
} from '../../src/provider/contract.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Entry, State } from '../../src/storage/state.ts';
import type { LogFields, Logger } from '../../src/runtime/logger.ts';
import { fakeFactors } from './fake-factors.ts';
import { fakeAccount, fakeAccounts } from './fake-account.ts';
import { freePort } from './ports.ts';

/** The folder of our own templates. */
export const VIEWS_FOLDER = fileURLToPath(new URL('../../views', import.meta.url));

/** Our pages as they come. */
export const PLAIN_THEME: Theme = {
  name: 'Latchkey',
  logo: 'logo.svg',
  colours: { accent: '#3552d9', accentDark: '#7c93ff' },
  css: undefined,
  folder: undefined,
};

/** A client with nothing but its name. */
export const PLAIN_CLIENT: ClientView = {
  id: 'app',
  name: 'Example App',
  host: undefined,
  uri: undefined,
  logoUri: undefined,
  policyUri: undefined,
  tosUri: undefined,
  firstParty: false,
  secondFactor: undefined,
};

/** What every test interaction is, unless it says otherwise. */
export const PLAIN_INTERACTION: Interaction = {
  uid: 'uid-1',
  prompt: 'login',
  reasons: ['no_session'],
  client: PLAIN_CLIENT,
  loginHint: '',
  uiLocales: [],
  isMultiFactorAsked: false,
  accountId: undefined,
  amr: [],
  consent: undefined,
};

/** What an app asks consent for beside scopes: an API, and a payment with its details. */
export const BOOKING = {
  resources: [
    {
      identifier: 'https://api.example',
      name: 'Bookings',
      scopes: [{ name: 'read', description: 'Read your bookings' }],
    },
  ],
  details: [
    {
      type: 'payment',
      name: { en: 'Make a payment', de: 'Eine Zahlung ausführen' },
      description: 'Once, from your account.',
      fields: [
        { label: 'Amount', values: ['12.50 EUR'] },
        {
          label: { en: 'Recipients' },
          values: ['Bookshop', 'a-recipient-with-a-name-that-does-not-end-soon'],
        },
      ],
    },
  ],
};

/** Alice, who has a full name and an e-mail address. */
export const ALICE: Account = fakeAccount({
  id: 'acc-alice',
  username: 'alice',
  email: 'alice@example.com',
  emailVerified: true,
  claims: { name: 'Alice Liddell' },
});

/** A log kept for a test to read. */
export interface KeptLog extends Logger {
  readonly lines: readonly (LogFields & { readonly level: string })[];
}

export function createKeptLog(): KeptLog {
  const lines: (LogFields & { readonly level: string })[] = [];
  const at =
    (level: string) =>
    (fields: LogFields): void =>
      void lines.push({ ...fields, level });
  const log: KeptLog = {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: () => log,
  };
  return log;
}

/** An engine that owns nothing, for hosts that are tested without one. */
export function createBareProtocol(overrides: Partial<Protocol> = {}): Protocol {
  return {
    minting: undefined,
    interactions: {
      find: () => Promise.reject(new InteractionExpired('none')),
      comingConsent: () => Promise.reject(new InteractionExpired('none')),
      finish: () => Promise.reject(new InteractionExpired('none')),
    },
    codes: { redeem: async () => undefined },
    sessions: { current: async () => undefined, end: async () => false, list: async () => [] },
    connectedClients: { list: async () => [] },
    backchannelRequests: { list: async () => [], answer: async () => 'gone' },
    document: () => undefined,
    owns: () => false,
    isForPrograms: () => false,
    handle: async (_, response) => void response.writeHead(404).end(),
    close: async () => undefined,
    ...overrides,
  };
}

/** Engine, people and audit of a test: all that the pages see of the world. */
export interface PagesWorld {
  interaction: Interaction | undefined;
  /** What is asked of whoever signs in. */
  coming: ConsentRequest | undefined;
  /** How often everything of everyone was taken back. */
  revocations: number;
  /** Where the browser goes when an interaction is over. */
  endsAt: string;
  password: (password: string) => PasswordOutcome;
  readonly accounts: Map<string, Account>;
  readonly outcomes: Outcome[];
  /** How sign-ins ended, as the metrics count them. */
  readonly counted: string[];
  readonly attempts: { readonly login: string; readonly password: string }[];
}

/** Alice, with the password `right`, in a login that nothing precedes. */
export function createPagesWorld(): PagesWorld {
  return {
    interaction: PLAIN_INTERACTION,
    coming: undefined,
    revocations: 0,
    endsAt: '/_done',
    password: (password) =>
      password === 'right' ? { kind: 'verified', account: ALICE } : { kind: 'refused' },
    accounts: new Map([[ALICE.id, ALICE]]),
    outcomes: [],
    counted: [],
    attempts: [],
  };
}

/** A host on loopback with the real pages over a test's world. */
export interface PagesHost {
  readonly issuer: string;
  readonly host: Host;
  readonly views: Views;
  readonly log: KeptLog;
  close(): Promise<void>;
}

/**
 * Beside the interactions it shows what the engine would at paths of its own: `/_problem`, `/_outage`, `/_sign-out`, `/_signed-out`.
 */
export async function openPagesHost(
  world: PagesWorld,
  options: {
    readonly theme?: Partial<Theme>;
    readonly settings?: object;
    readonly client?: ClientView;
  } = {},
): Promise<PagesHost> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const theme = { ...PLAIN_THEME, ...options.theme };
  const views = await openViews({ folder: VIEWS_FOLDER, theme, languages: [] });
  const routes = createInteractionRoutes({
    issuer,
    renderer: views.renderer,
    interactions: interactionsOf(world),
    accounts: accountsOf(world),
    factors: fakeFactors({}),
    flows: createFlows({ state: createMemory(), clock: systemClock, namespace: 'test' }),
    notices: { tell: () => neverMailed(), tellOfNewEmail: () => neverMailed() },
    mail: { queue: () => neverMailed(), send: () => neverMailed() },
    takenBack: {
      mark: () => String(world.revocations),
      since: async (mark) => mark !== String(world.revocations),
    },
    clock: systemClock,
    logger: createKeptLog(),
    settings: authenticationConfig.parse({}),
    ttlSeconds: 3600,
    rememberDays: 30,
    ways: { joinUrl: ({ uid }) => `/interaction/${uid}/join`, recoverUrl: () => '/recover' },
    requireVerifiedEmail: false,
    terms: undefined,
    groupsOf: async () => [],
    metrics: { signIn: (result) => void world.counted.push(result) },
    formSecrets: [randomBytes(32)],
  });
  const opened = await openHost({
    issuer,
    port,
    views,
    routers: [routes, protocolPagesRouter(views, options.client)],
    settings: options.settings,
  });
  return { ...opened, issuer, views };
}

/** A host on loopback over anything. */
export async function openHost(options: {
  readonly issuer: string;
  readonly port: number;
  readonly views: Views;
  readonly routers?: readonly Router[];
  readonly protocol?: Protocol;
  readonly settings?: object | undefined;
  readonly overrides?: Partial<HostOptions>;
}): Promise<{ readonly host: Host; readonly log: KeptLog; close(): Promise<void> }> {
  const { issuer, port, views, routers = [], protocol = createBareProtocol() } = options;
  const log = createKeptLog();
  const host = createHost({
    settings: httpConfig.parse({ listen: { port }, drainDelay: '0s', ...options.settings }),
    issuer,
    protocol,
    routers,
    renderer: views.renderer,
    assets: views.assets,
    imageOrigins: views.imageOrigins,
    checks: {},
    metrics: createMetrics(),
    logger: log,
    clock: systemClock,
    keysFolder: '/nonexistent',
    ...options.overrides,
  });
  await host.listen();
  return { host, log, close: () => host.close() };
}

function interactionsOf(world: PagesWorld): Interactions {
  const living = (uid: string): Interaction => {
    if (world.interaction?.uid !== uid) throw new InteractionExpired('no such interaction');
    return world.interaction;
  };
  return {
    find: async (_, uid) => living(uid),
    comingConsent: async () => world.coming,
    async finish(ctx, uid, outcome) {
      living(uid);
      world.outcomes.push(outcome);
      ctx.status = 303;
      ctx.redirect(world.endsAt);
    },
  };
}

function neverMailed(): never {
  throw new Error('these pages send nothing');
}

/** What flows need of a store, for one test and one process. */
function createMemory(): Pick<State, 'get' | 'swap'> {
  const entries = new Map<string, Entry>();
  let writes = 0;
  return {
    get: async (key) => entries.get(key),
    async swap(key, seen, value) {
      if (entries.get(key)?.version !== seen) return undefined;
      writes += 1;
      const version = String(writes);
      entries.set(key, { value, version });
      return version;
    },
  };
}

function accountsOf(world: PagesWorld): Accounts {
  return fakeAccounts({
    find: async (id) => world.accounts.get(id),
    async verifyPassword({ login, password }) {
      world.attempts.push({ login, password });
      return world.password(password);
    },
  });
}

function protocolPagesRouter(views: Views, client: ClientView | undefined): Router {
  const pages = createProtocolPages(views.renderer);
  return new Router()
    .get('/_done', (ctx) => {
      ctx.body = 'done';
    })
    .get('/_outage', (ctx) =>
      pages.problem(ctx, { error: 'temporarily_unavailable', description: 'x', status: 503 }),
    )
    .get('/_problem', (ctx) =>
      pages.problem(ctx, {
        error: 'invalid_redirect_uri',
        description: "redirect_uri did not match any of the client's registered redirect_uris",
        status: 400,
      }),
    )
    .get('/_sign-out', (ctx) =>
      pages.confirmSignOut(ctx, { action: '/logout/confirm', xsrf: 'token', client }),
    )
    .get('/_signed-out', (ctx) => pages.signedOut(ctx, { client }));
}
