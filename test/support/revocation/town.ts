import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import * as client from 'openid-client';
import { openRooms, type Rooms } from '../../../src/compose.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { settingsSchema } from '../../../src/settings.ts';
import { openWorld, type World, type WorldOptions } from '../../fault/support/world.ts';
import type { Settings } from '../latchkey.ts';
import { createRecordingLogger } from '../recording-logger.ts';
import {
  createOpenidClient,
  type OpenidClient,
  type Tokens,
} from '../relying-parties/openid-client.ts';
import { throughNode, type Way } from '../relying-parties/through-node.ts';
import { createUserAgent, type Person, type UserAgent } from '../relying-parties/user-agent.ts';
import { createAcceptanceLedger, type AcceptanceLedger } from './acceptance-ledger.ts';
import type { ApiPlan } from './api.program.ts';
import { startApis, type Api, type ApiProcess } from './apis.ts';

const API = 'https://api.example.com';
const SECRET = randomBytes(32).toString('base64url');
const CALLBACK = 'https://app.example/callback';
const PASSWORD = 'latchkey-dev';
const NAMES = ['p0', 'p1', 'p2', 'p3'] as const;

/** People, apps and services of one issuer, the APIs that they call, and an operator. */
export interface Town {
  readonly world: World;
  readonly ledger: AcceptanceLedger;
  readonly people: readonly Person[];
  readonly services: readonly string[];
  /** An operator's commands, in this process, beside the nodes. */
  readonly rooms: Rooms;
  /** What an API needs to be told; follows the feed from node `node`, or through `feedPort`. */
  plan(over: Partial<ApiPlan> & { readonly node?: number }): ApiPlan;
  start(plans: readonly ApiPlan[]): Promise<ApiProcess>;
  /** A service's own token, from node `node`. */
  serviceToken(service: string, node: number): Promise<string>;
  signIn(person: Person, how: { readonly node: number; readonly scope: string }): Promise<SignedIn>;
  /** The service takes its own token back, as RFC 7009 says. */
  revokeOwn(service: string, token: string, node: number): Promise<void>;
  close(): Promise<void>;
}

export interface SignedIn {
  readonly tokens: Tokens;
  readonly agent: UserAgent;
  /** Takes a token of the app back, as RFC 7009 says. */
  revoke(token: string): Promise<void>;
}

/** Starts the nodes and opens the operator's rooms beside them. */
export async function openTown(
  options: Omit<WorldOptions, 'settings'> & { readonly settings?: Settings },
): Promise<Town> {
  const services = Array.from({ length: 4 }, (_, index) => `service-${index}`);
  const world = await openWorld({
    ...options,
    settings: { ...settingsFor(services), ...options.settings },
  });
  const ledger = createAcceptanceLedger();
  const processes: ApiProcess[] = [];
  const ways = world.ports.map((port) => throughNode(port));
  const rooms = await openOperator(world);
  const known = new Map<string, Promise<OpenidClient>>();

  const wayTo = (node: number): Way => there(ways[node % ways.length]);
  const clientOf = (id: string, node: number): Promise<OpenidClient> => {
    const key = `${id} ${node % ways.length}`;
    const found =
      known.get(key) ??
      createOpenidClient({
        issuer: world.issuer,
        id,
        redirectUri: CALLBACK,
        authentication: client.ClientSecretBasic(SECRET),
        fetch: wayTo(node).fetch,
      });
    known.set(key, found);
    return found;
  };

  return {
    world,
    ledger,
    services,
    rooms,
    people: NAMES.map((login) => ({ login, password: PASSWORD })),
    plan: ({ node = 0, ...over }) => ({
      framework: 'express',
      issuer: world.issuer,
      audience: API,
      credentials: { clientId: 'orders-api', clientSecret: SECRET },
      whenSilent: 'refuse',
      feedPort: there(world.ports[node % world.ports.length]),
      ...over,
    }),
    async start(plans) {
      const process = await startApis(plans, ledger);
      processes.push(process);
      return process;
    },
    async serviceToken(service, node) {
      const { configuration } = await clientOf(service, node);
      return (await client.clientCredentialsGrant(configuration, { resource: API })).access_token;
    },
    async signIn(person, { node, scope }) {
      const app = await clientOf('app', node);
      const agent = createUserAgent(world.issuer, wayTo(node).fetch);
      const tokens = await app.signIn(agent, { resource: API, scope }, person);
      const revoke = (token: string): Promise<void> =>
        client.tokenRevocation(app.configuration, token);
      return { tokens, agent, revoke };
    },
    async revokeOwn(service, token, node) {
      await client.tokenRevocation((await clientOf(service, node)).configuration, token);
    },
    async close() {
      await Promise.all(processes.map((process) => process.close()));
      await rooms.close().catch(() => undefined); // The state may be gone.
      await Promise.all(ways.map((way) => way.close()));
      await world.close();
    },
  };
}

/** The token is shown until the API refuses it. */
export async function untilRefused(api: Api, token: string, limitMs = 10_000): Promise<void> {
  const limit = performance.now() + limitMs;
  while ((await api.present(token)) !== 401) {
    await delay(2);
    if (performance.now() > limit) throw new Error(`${api.name} does not refuse`);
  }
}

/** p50, p99 and the most of `values`, rounded. */
export function spread(values: readonly number[]): {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
} {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (part: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) /
    10;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

async function openOperator(world: World): Promise<Rooms> {
  const settings = await loadConfig(there(world.nodes[0]).configFile, settingsSchema, {});
  const { logger } = createRecordingLogger();
  return openRooms(settings, { logger, signal: new AbortController().signal });
}

function settingsFor(services: readonly string[]): object {
  const machine = (id: string): object => ({ id, type: 'machine', secretInClear: SECRET });
  return {
    people: NAMES.map((name) => ({
      username: name,
      email: `${name}@example.com`,
      password: PASSWORD,
    })),
    apis: [{ identifier: API, name: 'Orders', scopes: { read: 'Read your orders' } }],
    clients: [
      {
        id: 'app',
        name: 'App',
        secretInClear: SECRET,
        redirectUris: [CALLBACK],
        firstParty: true,
      },
      { ...machine('orders-api'), introspects: [API] },
      ...services.map(machine),
    ],
  };
}

function there<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new TypeError('there is no such node');
  return thing;
}
