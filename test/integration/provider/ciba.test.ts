import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { NewClient } from '../../../src/clients/clients.ts';
import type { BackchannelAnswer, BrowserSession } from '../../../src/provider/contract.ts';
import type { JsonObject } from '../../../src/runtime/json.ts';
import { createRelyingParty, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const GRANT = 'urn:openid:params:grant-type:ciba';
/** The ID token then says how they signed in. */
const CLAIMS = JSON.stringify({ id_token: { acr: null, amr: null, auth_time: null } });
const NOTIFICATION = 'https://shop.example.com/ping';
const STRICT = 'https://strict.example.com';
const ACTOR = { by: 'test', origin: { address: 'test' } };
const ASK = { scope: 'openid email offline_access', login_hint: 'alice@example.com' };

let house: House;
let shop: RelyingParty;
let session: BrowserSession;
const pings: { readonly authorization: string | null; readonly body: unknown }[] = [];
let pingStatus: number;

beforeAll(async () => {
  house = await openHouse({
    nodes: 2,
    protocol: {
      ciba: { enabled: true, interval: '1s', perPerson: 100 },
      authorizationDetails: {
        types: [{ type: 'payment', name: 'Pay', fields: [{ name: 'to', label: 'To' }] }],
      },
    },
    apis: [
      { identifier: API, name: 'The API', scopes: { read: 'Read' } },
      { identifier: STRICT, name: 'Strict', scopes: { read: 'Read' }, enforcePermissions: true },
    ],
    async outboundFetch(url, init) {
      const sent = new Request(url, init);
      pings.push({
        authorization: sent.headers.get('authorization'),
        body: await sent.json(),
      });
      return new Response(null, { status: pingStatus });
    },
  });
  shop = await createRelyingParty(house, asking());
  const { accountId, authTime } = { accountId: house.alice.id, authTime: 1_700_000_000 };
  session = { uid: 'here', accountId, authTime, amr: ['pwd'], isMultiFactor: false };
});
afterAll(() => house.close());
afterEach(() => {
  pings.length = 0;
});

function asking(more: object = {}): NewClient {
  return {
    metadata: {
      client_name: 'The shop',
      redirect_uris: [],
      response_types: [],
      grant_types: [GRANT, 'refresh_token'],
      backchannel_token_delivery_mode: 'poll',
      authorization_details_types: ['payment'],
      ...more,
    },
  };
}

function begin(
  more: Record<string, string> = {},
  client: RelyingParty = shop,
): Promise<oidc.BackchannelAuthenticationResponse> {
  return oidc.initiateBackchannelAuthentication(client.configuration, { ...ASK, ...more });
}

function poll(id: string, client: RelyingParty = shop, at?: string): Promise<Response> {
  return client.post('/token', { grant_type: GRANT, auth_req_id: id }, at);
}

async function json(answered: Response | Promise<Response>): Promise<JsonObject> {
  return (await (await answered).json()) as JsonObject;
}

async function tokensIn(
  answered: Promise<Response>,
): Promise<{ readonly access_token: string; readonly id_token: string }> {
  return (await (await answered).json()) as { access_token: string; id_token: string };
}

/** What the person says on the page to the newest request of all. */
async function answer(
  isApproved = true,
  { node = house.first, by = session } = {},
): Promise<BackchannelAnswer> {
  const { backchannelRequests } = node.protocol;
  const [newest] = await backchannelRequests.list(by.accountId);
  return say(newest?.id ?? '', isApproved, { node, by });
}

function say(
  id: string,
  isApproved = true,
  { node = house.first, by = session } = {},
): Promise<BackchannelAnswer> {
  const ctx = { req: {}, state: { origin: { address: 'test' } } } as never;
  return node.protocol.backchannelRequests.answer(ctx, { session: by, id, isApproved });
}

async function clear(): Promise<void> {
  for (const { id } of await house.first.protocol.backchannelRequests.list(house.alice.id))
    await say(id, false);
}
afterEach(clear);

describe('a client that asks for somebody who is elsewhere (OpenID Connect CIBA)', () => {
  test('gets tokens once they approve, and refreshes by itself', async () => {
    const asked = await begin({ binding_message: 'Counter 3', resource: API, claims: CLAIMS });
    expect(asked).toMatchObject({ expires_in: 300, interval: 1 });
    expect(await json(poll(asked.auth_req_id))).toMatchObject({ error: 'authorization_pending' });
    const [waiting] = await house.first.protocol.backchannelRequests.list(house.alice.id);
    expect(waiting).toMatchObject({
      client: { name: 'The shop' },
      message: 'Counter 3',
      asked: { scopes: ['openid', 'email', 'offline_access'] },
    });
    expect(await answer()).toBe('done');
    const tokens = await oidc.pollBackchannelAuthenticationGrant(shop.configuration, asked);
    expect(tokens.claims()).toMatchObject({
      sub: house.alice.id,
      auth_time: session.authTime,
      amr: ['pwd'],
    });
    expect(decodeJwt(tokens.access_token)['sid']).toBeUndefined();
    const info = await oidc.fetchUserInfo(shop.configuration, tokens.access_token, house.alice.id);
    expect(info.email).toBe('alice@example.com');
    expect((await shop.refresh(tokens.refresh_token ?? '')).status).toBe(200);
    expect(house.audited).toContainEqual(
      expect.objectContaining({ type: 'ciba.approved', accountId: house.alice.id }),
    );
    const apps = await house.first.protocol.connectedClients.list(house.alice.id);
    expect(apps.map(({ client }) => client.name)).toContain('The shop');
  });

  test('is given what the page showed: when a role lets them give more meanwhile, it is shown first', async () => {
    const { groups, alice } = house;
    const { backchannelRequests } = house.first.protocol;
    const asked = await begin({ scope: 'openid read', resource: STRICT });
    const [before] = await backchannelRequests.list(alice.id);
    expect(before?.asked.resources).toMatchObject([{ identifier: STRICT, scopes: [] }]);
    const reader = { api: STRICT, name: 'reader' };
    await groups.roles.create({ ...reader, permissions: ['read'] }, ACTOR);
    await groups.roles.give(reader, { kind: 'account', id: alice.id }, ACTOR);
    expect(await say(before?.id ?? '')).toBe('gone');
    const [now] = await backchannelRequests.list(alice.id);
    expect(now?.asked.resources).toMatchObject([{ scopes: [{ name: 'read' }] }]);
    expect(await say(now?.id ?? '')).toBe('done');
    expect(await json(poll(asked.auth_req_id))).toMatchObject({ scope: 'openid read' });
  });

  test('names them by an ID token of theirs, too, and by nothing else', async () => {
    const first = await begin();
    await answer();
    const tokens = await tokensIn(poll(first.auth_req_id));
    const post = (form: object): Promise<JsonObject> =>
      json(shop.post('/bc-authorize', { scope: 'openid', ...form }));
    expect(await post({ id_token_hint: tokens.id_token })).toHaveProperty('auth_req_id');
    for (const form of [{}, { login_hint_token: 'x' }, { ...ASK, id_token_hint: 'x' }])
      expect(await post(form)).toMatchObject({ error: 'invalid_request' });
    for (const form of [{ user_code: '1' }, { request_context: '{}' }])
      expect(await post({ ...ASK, ...form })).toMatchObject({ error: 'invalid_request' });
    expect(await post({ ...ASK, binding_message: 'Shop\u202E' })).toMatchObject({
      error: 'invalid_binding_message',
    });
  });

  test('hears that they refused', async () => {
    const asked = await begin();
    expect(await answer(false)).toBe('done');
    expect(await json(poll(asked.auth_req_id))).toEqual({
      error: 'access_denied',
      error_description: 'End-User refused the request',
    });
    expect(house.audited).toContainEqual(expect.objectContaining({ type: 'ciba.refused' }));
  });

  test('is answered once, of a yes and a no at once on two nodes, and paid once', async () => {
    const asked = await begin();
    const [waiting] = await house.first.protocol.backchannelRequests.list(house.alice.id);
    const said = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        say(waiting?.id ?? '', index % 3 !== 0, {
          node: house.nodes[index % 2] ?? house.first,
          by: session,
        }),
      ),
    );
    expect(said.filter((outcome) => outcome === 'done')).toHaveLength(1);
    const isApproved = said.indexOf('done') % 3 !== 0;
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        poll(asked.auth_req_id, shop, house.nodes[index % 2]?.url),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(isApproved ? 1 : 0);
  });

  test('is told to slow down, and cannot fetch what another asked for', async () => {
    const asked = await begin();
    // Of two that are not a second apart, however long one takes.
    await expect.poll(() => json(poll(asked.auth_req_id))).toMatchObject({ error: 'slow_down' });
    const other = await createRelyingParty(house, asking());
    await answer();
    expect(await json(poll(asked.auth_req_id, other))).toMatchObject({ error: 'invalid_grant' });
  });

  test('gets nothing once the person took it back, or is gone, or the session proves too little', async () => {
    const asked = await begin();
    await answer();
    const { client_id: clientId } = shop.configuration.clientMetadata();
    await house.takeBack.disconnect(house.alice.id, clientId, { reason: 'test', actor: ACTOR });
    expect(await json(poll(asked.auth_req_id))).toMatchObject({ error: 'invalid_grant' });
    await begin();
    await house.accounts.disable(house.alice.id, ACTOR);
    expect(await answer()).toBe('gone');
    await house.accounts.enable(house.alice.id, ACTOR);
    await clear();
    const careful = await createRelyingParty(house, {
      ...asking(),
      policy: { secondFactor: 'required' },
    });
    const more = await begin({ claims: CLAIMS }, careful);
    expect(await answer()).toBe('more-proof');
    expect(await answer(true, { node: house.first, by: { ...session, isMultiFactor: true } })).toBe(
      'done',
    );
    const tokens = await tokensIn(poll(more.auth_req_id, careful));
    expect(decodeJwt(tokens.id_token)['acr']).toBe('urn:latchkey:acr:2fa');
  });

  test('can be answered by nobody else', async () => {
    await begin();
    const [waiting] = await house.first.protocol.backchannelRequests.list(house.alice.id);
    const by = { ...session, accountId: 'somebody-else' };
    expect(await house.first.protocol.backchannelRequests.list(by.accountId)).toEqual([]);
    expect(await say(waiting?.id ?? '', true, { node: house.first, by })).toBe('gone');
  });

  test('asks in detail, and gets just that', async () => {
    const details = [{ type: 'payment', to: 'Bookshop' }];
    const asked = await begin({ authorization_details: JSON.stringify(details), resource: API });
    const [waiting] = await house.first.protocol.backchannelRequests.list(house.alice.id);
    expect(waiting?.asked.details).toMatchObject([{ name: 'Pay' }]);
    await answer();
    const tokens = await tokensIn(poll(asked.auth_req_id));
    expect(decodeJwt(tokens.access_token)['authorization_details']).toEqual(details);
  });

  test('does not learn whether somebody is there', async () => {
    const asked = await begin({ login_hint: 'nobody@example.com' });
    expect(asked).toMatchObject({ expires_in: 300, interval: 1 });
    expect(await json(poll(asked.auth_req_id))).toMatchObject({ error: 'authorization_pending' });
  });

  test('is told of the answer by ping, with its own token, which is nowhere in clear', async () => {
    const teller = await createRelyingParty(
      house,
      asking({
        backchannel_token_delivery_mode: 'ping',
        backchannel_client_notification_endpoint: NOTIFICATION,
      }),
    );
    pingStatus = 503;
    const token = 'a-token-of-the-shop-0123456789';
    const asked = await begin({ client_notification_token: token }, teller);
    await answer();
    await expect.poll(() => pings.length).toBe(1);
    pingStatus = 204;
    await expect.poll(() => pings.length).toBe(2);
    expect(pings[1]).toEqual({
      authorization: `Bearer ${token}`,
      body: { auth_req_id: asked.auth_req_id },
    });
    expect((await poll(asked.auth_req_id, teller)).status).toBe(200);
    const missing = await json(teller.post('/bc-authorize', ASK));
    expect(missing).toMatchObject({ error: 'invalid_request' });
  });

  test('is announced', () => {
    expect(shop.configuration.serverMetadata()).toMatchObject({
      backchannel_authentication_endpoint: `${house.issuer}/bc-authorize`,
      backchannel_token_delivery_modes_supported: ['poll', 'ping'],
    });
  });
});

test('nobody is asked more often than the limit says, whether they are there or not', async () => {
  const strict = await openHouse({ protocol: { ciba: { enabled: true, perPerson: 2 } } });
  try {
    const party = await createRelyingParty(strict, asking());
    for (const login_hint of ['alice@example.com', 'nobody@example.com']) {
      const form = { scope: 'openid', login_hint };
      const statuses = [];
      for (let index = 0; index < 3; index += 1)
        statuses.push((await party.post('/bc-authorize', form)).status);
      expect(statuses).toEqual([200, 200, 400]);
    }
    expect(strict.audited.filter(({ type }) => type === 'ciba.throttled')).toHaveLength(2);
  } finally {
    await strict.close();
  }
});

test('a client cannot register itself to ask people from afar', async () => {
  const open = await openHouse({
    protocol: { ciba: { enabled: true } },
    registration: { mode: 'open' },
  });
  try {
    const answered = await fetch(`${open.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(asking().metadata),
    });
    expect(await json(answered)).toMatchObject({ error: 'invalid_client_metadata' });
  } finally {
    await open.close();
  }
});
