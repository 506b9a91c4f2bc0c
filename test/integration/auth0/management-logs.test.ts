import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CALLBACK, SECRET, SPA, WEB } from './tenant-node.ts';
import { openManagedNode, type Item, type ManagedNode } from './management-client.ts';

const WRONG = { grant_type: 'authorization_code', client_id: SPA, redirect_uri: CALLBACK };

let node: ManagedNode;
let ann: string;

beforeAll(async () => {
  node = await openManagedNode({
    clients: [
      { clientId: SPA, name: 'The shop', appType: 'spa', callbacks: [CALLBACK] },
      {
        clientId: WEB,
        clientSecretInClear: SECRET,
        callbacks: [CALLBACK],
        grantTypes: ['authorization_code', 'password'],
      },
    ],
  });
  const { list } = await node.manage('GET', '/users-by-email?email=ann%40example.com');
  ann = list[0]?.user_id ?? '';
  const browser = node.browser();
  const { body } = await node.signIn({}, { browser });
  const refresh = { grant_type: 'refresh_token', client_id: SPA };
  await node.token({ ...refresh, refresh_token: String(body['refresh_token']) });
  await node.token({ ...refresh, refresh_token: 'nothing' });
  await node.token({ ...WRONG, code: 'nothing', code_verifier: 'x'.repeat(43) });
  await browser.visit(`${node.tenant}/v2/logout`);
  const password = { grant_type: 'password', client_id: WEB, client_secret: SECRET };
  await node.token({ ...password, username: 'ann', password: 'a wrong one' });
  await node.token({ ...password, username: 'nobody-here', password: 'a wrong one' });
  await node.token({ ...password, client_secret: 'wrong', username: 'ann', password: 'x' });
  // Not at the tenant.
  await node.visitor().signIn('ben');
  // What nobody waits for is written within a second.
  await vi.waitFor(async () => expect(await types()).toHaveLength(10), 60_000);
});

afterAll(() => node.close());

async function types(query = ''): Promise<readonly string[]> {
  return typesIn((await node.manage('GET', `/logs?${query}`)).list);
}

function typesIn(logs: readonly Item[]): readonly string[] {
  return logs.map((log) => String(log['type']));
}

/** The day of such an event: it may be yesterday when a test looks at it. */
async function dayOf(type: string): Promise<string> {
  return String((await byType(type))?.['date']).slice(0, 10);
}

async function byType(type: string): Promise<Item | undefined> {
  return (await node.manage('GET', `/logs?q=type:${type}`)).list[0];
}

describe('logs of a tenant', () => {
  test('tell what happened there, the newest first, and nothing of other origins', async () => {
    expect([...(await types())].toSorted()).toEqual(
      [
        'fepft',
        'fp',
        'fu',
        'feacft',
        'fertft',
        's',
        'seacft',
        'seccft',
        'sertft',
        'slo',
      ].toSorted(),
    );
    expect((await types('sort=date:1'))[0]).toBe('seccft');
    const { list } = await node.manage('GET', '/logs');
    expect(JSON.stringify(list)).not.toContain('ben');
  });

  test('are as Auth0 writes them', async () => {
    expect(await byType('s')).toEqual({
      _id: expect.any(String),
      log_id: expect.any(String),
      date: expect.stringMatching(/^\d{4}-.*Z$/u),
      type: 's',
      description: 'Successful login',
      client_id: SPA,
      client_name: 'The shop',
      user_id: ann,
      user_name: 'ann@example.com',
      connection: 'Username-Password-Authentication',
      strategy: 'auth0',
      strategy_type: 'database',
      ip: expect.any(String),
      hostname: new URL(node.tenant).host,
      tenant_name: 'test',
      isMobile: false,
      ...((await byType('s'))?.['user_agent'] !== undefined && { user_agent: expect.any(String) }),
    });
    expect(await byType('fp')).toMatchObject({ user_id: ann, client_id: WEB });
    expect(await byType('fu')).not.toHaveProperty('user_id');
    expect(await byType('fu')).not.toHaveProperty('user_name');
    expect(await byType('fepft')).toMatchObject({ client_id: WEB });
  });

  test('are found by what they say, page by page', async () => {
    const search = async (q: string): Promise<readonly string[]> =>
      await types(`q=${encodeURIComponent(q)}`);
    expect((await search('type:s OR type:slo')).toSorted()).toEqual(['s', 'slo']);
    expect(await search(`user_id:"${ann}" AND type:f*`)).toEqual(['fp']);
    expect(await search(`client_id:${WEB} AND date:[2020-01-01 TO 2021-01-01]`)).toEqual([]);
    expect(await search(`type:slo AND date:[${await dayOf('slo')} TO *]`)).toEqual(['slo']);
    const { body } = await node.manage('GET', '/logs?per_page=3&page=3&include_totals=true');
    expect(body).toMatchObject({ start: 9, limit: 3, length: 1, total: 10 });
    const found = await node.manage('GET', '/logs?per_page=1&include_totals=true&q=type:se*');
    expect(found.body).toMatchObject({ length: 1, total: 3 });
    expect(await node.manage('GET', '/logs?q=user_name:ann')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('not searched by user_name') },
    });
    expect((await node.manage('GET', '/logs?page=10&per_page=100')).status).toBe(400);
  });

  test('are read on from one of them, and each by its id', async () => {
    node.clock.advance(6);
    const [first] = (await node.manage('GET', '/logs?take=1')).list;
    const { list } = await node.manage('GET', `/logs?from=${String(first?.['log_id'])}&take=100`);
    expect(typesIn(list)).toHaveLength(9);
    const id = String(list[3]?.['log_id']);
    expect((await node.manage('GET', `/logs/${id}`)).body).toEqual(list[3]);
    expect((await node.manage('GET', '/logs/bm90aGluZw')).status).toBe(404);
    expect((await node.manage('GET', '/logs?from=nothing')).status).toBe(400);
  });

  test('of one person are what happened to them there', async () => {
    const { list } = await node.manage('GET', `/users/${encodeURIComponent(ann)}/logs`);
    expect(typesIn(list).toSorted()).toEqual(['fp', 's', 'seacft', 'sertft', 'slo'].toSorted());
    const picked = await node.manage('GET', `/users/${encodeURIComponent(ann)}/logs?fields=type`);
    expect(picked.list[0]).toEqual({ type: expect.any(String) });
  });

  test('name what was done by this API, and who had it done', async () => {
    const made = await node.manage('POST', '/users', {
      connection: 'Username-Password-Authentication',
      email: 'nia@example.com',
      password: 'a-long-password-of-the-tests',
    });
    expect(await byType('sapi')).toMatchObject({
      description: 'account.created',
      client_id: 'manager-client',
      user_id: made.body.user_id,
    });
  });
});

test('statistics count sign-ins and people of the tenant', async () => {
  const { list } = await node.manage('GET', '/stats/daily');
  expect(list).toHaveLength(30);
  const date = `${await dayOf('s')}T00:00:00.000Z`;
  expect(list.filter((day) => day['logins'] !== 0)).toEqual([
    expect.objectContaining({ date, logins: 1, leaked_passwords: 0 }),
  ]);
  expect((await node.manage('GET', '/stats/active-users')).body).toBe(1);
  const some = await node.manage('GET', '/stats/daily?from=20200101&to=20200102');
  expect(some.list).toMatchObject([{ logins: 0 }, { date: '2020-01-02T00:00:00.000Z' }]);
  expect((await node.manage('GET', '/stats/daily?from=20200101')).status).toBe(400);
});
