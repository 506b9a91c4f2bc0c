import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import {
  csrfIn,
  openAccountNode,
  type AccountNode,
  type Seen,
  type Visitor,
} from '../../support/account-node.ts';
import {
  createSoftwareAuthenticator,
  type SoftwareAuthenticator,
} from '../../support/software-authenticator.ts';

const NEW = 'a horse on a battery staple';
const ACTOR = { by: 'test', origin: { address: 'test' } };
const ALIAS = 'other.example';

/** A node with its rooms, and what the tests do there. */
interface World {
  readonly node: AccountNode;
  readonly rooms: Rooms;
  /** From the letter to the first step behind it. */
  recover(visitor: Visitor, login: string): Promise<Seen>;
  link(login: string): Promise<string>;
  idOf(login: string): Promise<string>;
  close(): Promise<void>;
}

async function openWorld(settings: Readonly<Record<string, unknown>>): Promise<World> {
  const node = await openAccountNode(settings);
  const rooms = await node.openRooms();
  const link = async (login: string): Promise<string> => {
    const find = async (): Promise<string | undefined> => {
      const letters = await node.letters(`${login}@example.com`);
      return letters.find(({ name }) => name === 'recovery')?.links[0];
    };
    await expect.poll(find).toBeDefined();
    return (await find()) ?? '';
  };
  return {
    node,
    rooms,
    link,
    async recover(visitor, login) {
      await visitor.get('/recover');
      await visitor.send('/recover', { login, action: 'continue' });
      const path = new URL(await link(login)).pathname;
      await visitor.get(path);
      return await visitor.send(path, { action: 'continue' });
    },
    idOf: async (login) => (await rooms.accounts.findByLogin(login))?.id ?? '',
    async close() {
      await rooms.close();
      await node.close();
    },
  };
}

/** What the page's script is given to sign. */
async function challengeOf(visitor: Visitor, page: Seen): Promise<unknown> {
  return JSON.parse((await visitor.send(`${page.url.pathname}/passkey`, {}, page)).html);
}

describe('where people have passwords', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({ http: { hosts: [ALIAS] } });
  });
  afterAll(() => world.close());

  async function enrol(login: string): Promise<SoftwareAuthenticator> {
    const { passkeys } = world.rooms.factors;
    const accountId = await world.idOf(login);
    const begun = await passkeys.beginEnrolment(accountId);
    const passkey = createSoftwareAuthenticator({ origin: world.node.issuer });
    const response = passkey.create(begun?.options);
    const answer = { accountId, challenge: begun?.challenge ?? '', response, actor: ACTOR };
    expect(await passkeys.finishEnrolment(answer)).toBeDefined();
    return passkey;
  }

  test('a passkey is a second factor: the letter and it make a new password, and nobody else’s does', async () => {
    const [mine, others] = [await enrol('ann'), await enrol('ben')];
    const ann = world.node.visitor();
    const step = await world.recover(ann, 'ann');
    expect(step.html).toContain('Confirm with your passkey');
    const answered = async (passkey: SoftwareAuthenticator): Promise<Seen> => {
      const response = passkey.get(await challengeOf(ann, step));
      const fields = { method: 'passkey', credential: JSON.stringify(response) };
      return await ann.send(step.url.href, { ...fields, action: 'continue' }, step);
    };
    expect((await answered(others)).status).toBe(401);
    expect((await answered(mine)).html).toContain('Choose a new password');
    const done = await ann.send(step.url.href, { password: NEW, action: 'continue' }, step);
    expect(done.html).toContain('You are back');
  });

  test('letters lead to the issuer, whatever host was asked (Host header poisoning)', async () => {
    const page = await asked(ALIAS, 'GET', undefined, '');
    const cookie = page.headers['set-cookie']?.map((one) => one.split(';')[0]).join('; ') ?? '';
    const csrf = csrfIn(page.body);
    const form = new URLSearchParams({ csrf, login: 'cat', action: 'continue' });
    expect((await asked(ALIAS, 'POST', form, cookie)).status).toBe(303);
    expect(await world.link('cat')).toMatch(new RegExp(`^${world.node.issuer}/recover/link/`, 'u'));
    expect((await asked('evil.example', 'POST', form, cookie)).status).toBe(421);
  });

  function asked(
    host: string,
    method: string,
    form: URLSearchParams | undefined,
    cookie: string,
  ): Promise<{ status: number | undefined; headers: IncomingMessage['headers']; body: string }> {
    const { port } = new URL(world.node.issuer);
    const type = 'application/x-www-form-urlencoded';
    const headers = { host, cookie, accept: 'text/html', 'content-type': type };
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: '/recover', method, headers };
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      });
      sent.on('error', reject);
      sent.end(form?.toString());
    });
  }
});

describe('where nobody has a password', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({ authentication: { password: false } });
  });
  afterAll(() => world.close());

  test('a new passkey is the end, and lifts a lock', async () => {
    const { node, rooms } = world;
    const id = await world.idOf('ann');
    await rooms.accounts.lock(id, ACTOR);
    const ann = node.visitor();
    const step = await world.recover(ann, 'ann');
    expect(step.html).toContain('Make a new passkey');
    const wrong = await ann.send(step.url.href, { password: NEW, action: 'continue' }, step);
    expect(wrong.status).toBe(401);
    const response = createSoftwareAuthenticator({ origin: node.issuer }).create(
      await challengeOf(ann, step),
    );
    const credential = JSON.stringify(response);
    const done = await ann.send(step.url.href, { credential, action: 'continue' }, step);
    expect(done.html).toContain('You are back');
    expect((await rooms.accounts.find(id))?.state).toBe('active');
    expect(await rooms.factors.passkeys.list(id)).toHaveLength(1);
  });
});
