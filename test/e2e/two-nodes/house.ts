import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { JWK } from 'jose';
import * as client from 'openid-client';
import { startLatchkey, type Latchkey } from '../../support/latchkey.ts';
import { createElsewhere, type Elsewhere } from '../../support/relying-parties/elsewhere.ts';
import {
  createOpenidClient,
  type OpenidClient,
} from '../../support/relying-parties/openid-client.ts';
import { takingTurns, throughNode, type Way } from '../../support/relying-parties/through-node.ts';
import { createUserAgent, type UserAgent } from '../../support/relying-parties/user-agent.ts';
import { holderSettings } from './certificate-holders.ts';

const run = promisify(execFile);
const COMMAND = fileURLToPath(new URL('../../../latchkey.mjs', import.meta.url));
export const SECRET = randomBytes(32).toString('base64url');
export const CALLBACK = 'https://app.example/callback';
export const API = 'https://api.example.com';
/** People get what a role of theirs permits there, and nothing else. */
export const STRICT_API = 'https://strict.example.com';
/** Whoever is in engineering is in staff, which may read at the API. */
const RIGHTS = {
  apis: [
    {
      identifier: API,
      name: 'API',
      scopes: { read: 'Read' },
      claims: { permissions: 'permissions' },
    },
    { identifier: STRICT_API, name: 'Strict', scopes: { read: 'Read' }, enforcePermissions: true },
  ],
  groups: [{ name: 'engineering' }, { name: 'staff', groups: ['engineering'] }],
  roles: [API, STRICT_API].map((api) => ({
    name: 'reader',
    api,
    permissions: ['read'],
    groups: ['staff'],
  })),
  claims: { custom: [{ claim: 'groups', attribute: 'groups', in: ['id_token'] }] },
};

export interface KeySet {
  readonly keys: (JWK & { readonly kid: string })[];
}

/** Two processes of one installation. */
export interface House {
  readonly issuer: string;
  readonly nodes: readonly Latchkey[];
  readonly ways: readonly Way[];
  readonly elsewhere: Elsewhere;
  /** The app as it goes to node 0 or 1; what is beyond begins again. */
  at(node: number): OpenidClient;
  refreshAt(node: number, token: string): ReturnType<typeof client.refreshTokenGrant>;
  isActiveAt(node: number, token: string): Promise<boolean>;
  keySetAt(node: number): Promise<KeySet>;
  /** Runs a command line on the installation, beside the nodes. */
  command(line: string): Promise<void>;
  /** A browser whose every other request goes to the other node. */
  agent(): UserAgent;
  close(): Promise<void>;
}

/** Starts both at once, on an empty folder if it is the first time. */
export async function openHouse(options: {
  readonly folder: string;
  readonly ports: readonly number[];
  readonly settings: object;
}): Promise<House> {
  const { ports } = options;
  const issuer = `http://127.0.0.1:${ports[0]}`;
  const elsewhere = await createElsewhere({ issuer, secret: SECRET, redirectUri: CALLBACK });
  const nodes = await startNodes({ ...options, issuer, elsewhere });
  const ways = ports.map((port) => throughNode(port));
  const apps = await Promise.all(ways.map((way) => createApp(issuer, way)));
  const at = (node: number): OpenidClient => {
    const app = apps[node % apps.length];
    if (!app) throw new TypeError('there are two nodes');
    return app;
  };
  return {
    issuer,
    nodes,
    ways,
    elsewhere,
    at,
    refreshAt: (node, token) => client.refreshTokenGrant(at(node).configuration, token),
    isActiveAt: async (node, token) =>
      (await client.tokenIntrospection(at(node).configuration, token)).active,
    async keySetAt(node) {
      const response = await ways[node]?.fetch(`${issuer}/.well-known/jwks.json`);
      return (await response?.json()) as KeySet;
    },
    async command(line) {
      const words = [...line.split(' '), '--config', nodes[0]?.configFile ?? ''];
      await run(process.execPath, [COMMAND, ...words]);
    },
    agent: () => createUserAgent(issuer, takingTurns(ways)),
    async close() {
      elsewhere.close();
      await Promise.all(nodes.map((node) => node.stop()));
      await Promise.all(ways.map((way) => way.close()));
    },
  };
}

async function startNodes(options: {
  readonly folder: string;
  readonly ports: readonly number[];
  readonly issuer: string;
  readonly settings: object;
  readonly elsewhere: Elsewhere;
}): Promise<readonly Latchkey[]> {
  const { folder, ports, issuer, elsewhere } = options;
  const holders = await holderSettings(folder, CALLBACK);
  const app = {
    id: 'app',
    name: 'App',
    secretInClear: SECRET,
    redirectUris: [CALLBACK],
    introspects: [API],
  };
  const settings = {
    protocol: { ...elsewhere.settings.protocol, mtls: holders.mtls },
    log: { level: 'info' },
    http: { outbound: { allow: ['127.0.0.1'] }, trustedProxies: holders.trustedProxies },
    clients: [app, ...elsewhere.settings.clients, ...holders.clients],
    ...RIGHTS,
    ...options.settings,
  };
  return await Promise.all(
    ports.map((port) =>
      startLatchkey({
        folder,
        port,
        issuer,
        settings,
        environment: { LATCHKEY_AUDIT_NODE: `node-${port}` },
      }),
    ),
  );
}

function createApp(issuer: string, way: Way): Promise<OpenidClient> {
  return createOpenidClient({
    issuer,
    id: 'app',
    redirectUri: CALLBACK,
    authentication: client.ClientSecretBasic(SECRET),
    fetch: way.fetch,
  });
}
