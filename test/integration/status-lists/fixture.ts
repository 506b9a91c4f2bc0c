import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT, type JWK } from 'jose';
import Koa from 'koa';
import { systemClock, type Clock } from '../../../src/runtime/clock.ts';
import type { State } from '../../../src/storage/state.ts';
import { statusListsConfig } from '../../../src/status-lists/config.ts';
import {
  createStatusLists,
  type StatusListsRoom,
} from '../../../src/status-lists/create-status-lists.ts';
import type { IssuedToken, StatusReference } from '../../../src/status-lists/status-lists.ts';
import { issue, logger, type Node as RevocationNode, type Site } from '../revocation/fixture.ts';

const LONGEST_TOKEN = 900;
const TOLERANCE = 60;

/** The clock of the machine, which a test may put ahead. */
export interface ShiftedClock extends Clock {
  shift(seconds: number): void;
}

export function createShiftedClock(): ShiftedClock {
  let seconds = 0;
  return {
    now: () => systemClock.now() + seconds,
    nowMs: () => systemClock.nowMs() + seconds * 1000,
    sleep: systemClock.sleep,
    shift(by) {
      seconds += by;
    },
  };
}

/** A key pair that all nodes of a test sign with. */
export interface TestKey {
  readonly secret: JWK;
  readonly publicJwk: JWK;
}

export async function createTestKey(): Promise<TestKey> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  return { secret: await exportJWK(pair.privateKey), publicJwk: await exportJWK(pair.publicKey) };
}

/** One node that gives out indices and serves the lists, on a port of its own. */
export interface ListNode {
  readonly url: string;
  readonly lists: StatusListsRoom;
  readonly revocation: RevocationNode['revocation'];
  readonly state: State;
  issue(handles?: Partial<IssuedToken>): Promise<Issued>;
  /** What a verifier learns of a token here. */
  status(token: Issued): Promise<number>;
  /** The same of many, each list fetched once. */
  statuses(tokens: readonly Issued[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** A token with its place. */
export interface Issued extends IssuedToken {
  readonly status: StatusReference;
}

export const ISSUER = 'https://id.example.com';

export interface ListNodeOptions {
  readonly key: TestKey;
  readonly clock?: Clock;
  readonly settings?: Parameters<typeof statusListsConfig.parse>[0];
  /** Stands between the lists and their state. */
  readonly wrap?: (state: State) => State;
}

/** Opens a node of `site`. */
export async function openListNode(
  site: Pick<Site, 'node'>,
  options: ListNodeOptions,
): Promise<ListNode> {
  const { key, clock = systemClock } = options;
  const node = await site.node({ clock });
  const state = options.wrap?.(node.state) ?? node.state;
  const signing = await importJWK(key.secret, 'ES256');
  const lists = await createStatusLists({
    state,
    clock,
    logger,
    revocation: node.revocation,
    issuer: ISSUER,
    namespace: 'test',
    settings: statusListsConfig.parse(options.settings ?? {}),
    longestToken: LONGEST_TOKEN,
    tolerance: TOLERANCE,
    sign: (payload, typ) =>
      new SignJWT({ ...payload }).setProtectedHeader({ alg: 'ES256', typ }).sign(signing),
  });
  const app = new Koa();
  app.use(lists.router.routes());
  const handle = app.callback();
  const server = createServer((request, response) => void handle(request, response)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    lists,
    revocation: node.revocation,
    state: node.state,
    async issue(handles) {
      const token = { expiresAt: clock.now() + LONGEST_TOKEN, ...issue(node, handles), ...handles };
      return { ...token, status: await lists.assign(token) };
    },
    status: ({ status }) => readStatus(url, status, { key, clock }),
    async statuses(tokens) {
      const uris = [...new Set(tokens.map(({ status }) => status.uri))];
      const read = async (uri: string) => [uri, await readList(url, uri, { key, clock })] as const;
      const byUri = new Map(await Promise.all(uris.map(read)));
      return tokens.map(({ status: { idx, uri } }) => {
        const byte = byUri.get(uri)?.[idx >>> 3] ?? 0;
        return (byte >>> (idx & 7)) & 1;
      });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await lists.close();
      await node.close();
    },
  };
}

interface Reading {
  readonly key: TestKey;
  readonly clock: Clock;
}

/** A verifier as section 8.3 of the draft has it, on `jose` and zlib alone. */
async function readStatus(
  url: string,
  { idx, uri }: StatusReference,
  reading: Reading,
): Promise<number> {
  const bytes = await readList(url, uri, reading);
  const byte = bytes[idx >>> 3];
  if (byte === undefined) throw new RangeError(`the list ends before ${idx}`);
  return (byte >>> (idx & 7)) & 1;
}

/** The bits of a list, verified and decompressed. */
export async function readList(url: string, uri: string, { key, clock }: Reading): Promise<Buffer> {
  const response = await fetch(uri.replace(ISSUER, url), {
    headers: { Accept: 'application/statuslist+jwt' },
  });
  if (response.status !== 200) throw new Error(`no list: ${response.status}`);
  const jwt = await response.text();
  const { payload } = await jwtVerify(jwt, await importJWK(key.publicJwk, 'ES256'), {
    typ: 'statuslist+jwt',
    subject: uri,
    requiredClaims: ['sub', 'iat', 'exp', 'ttl', 'status_list'],
    currentDate: new Date(clock.nowMs()),
  });
  const { bits, lst } = payload['status_list'] as { readonly bits: number; readonly lst: string };
  if (bits !== 1) throw new Error(`expected one bit, found ${bits}`);
  return inflateSync(Buffer.from(lst, 'base64url'));
}

/** Asks until `condition` holds; the test's own limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(50);
}

/** Until the list of the token is there, with the status. */
export async function untilStatus(node: ListNode, token: Issued, status: number): Promise<void> {
  await until(async () => (await node.status(token).catch(() => undefined)) === status);
}
