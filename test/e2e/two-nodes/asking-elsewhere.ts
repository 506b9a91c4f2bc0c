import { createLocalJWKSet, jwtVerify, type JWK } from 'jose';
import { expect, test } from 'vitest';
import { ALICE, headingOf } from '../../support/relying-parties/user-agent.ts';
import { API, CALLBACK, SECRET, type House } from './house.ts';

/** An answer to a program, of which texts alone are read here. */
type Body = Readonly<Record<string, string | undefined>>;

/** What is asked at one node is answered at the other. */
export function testAskingElsewhere(house: () => House): void {
  /** A request of one of the other clients at node 0 or 1. */
  async function post(
    node: number,
    path: string,
    form: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly body: Body; readonly headers: Headers }> {
    const { client_id: id = '' } = form;
    const proves = id === 'tv' ? {} : { authorization: `Basic ${btoa(`${id}:${SECRET}`)}` };
    const response = await house().ways[node]?.fetch(`${house().issuer}${path}`, {
      method: 'POST',
      headers: { ...proves, ...headers },
      body: new URLSearchParams(form),
    });
    if (!response) throw new TypeError('there are two nodes');
    return { body: (await response.json()) as Body, headers: response.headers };
  }

  /** The key of the key set to encrypt to, as a node shows it. */
  async function encryptionKeyAt(node: number): Promise<JWK & { readonly kid: string }> {
    const { keys } = await house().keySetAt(node);
    const found = keys.find(({ use, alg }) => use === 'enc' && alg === 'ECDH-ES');
    if (!found) throw new Error('the key set has no key to encrypt to');
    return found;
  }

  /** Pushes an encrypted request at one node, and goes on with it at whatever node. */
  async function pushEncrypted(node: number, key: JWK): Promise<string> {
    const { url, checks } = await house().at(node).request({ scope: 'openid' });
    const { client_id: _, response_type: __, ...asked } = Object.fromEntries(url.searchParams);
    const request = await house().elsewhere.request(asked, key);
    const pushed = await post(node, '/par', { client_id: 'shop', request });
    const uri = pushed.body['request_uri'] ?? '';
    const query = new URLSearchParams({ client_id: 'shop', request_uri: uri });
    const { url: answer } = await house()
      .agent()
      .authorize(`${house().issuer}/authorize?${query.toString()}`);
    const { body } = await post(1 - node, '/token', {
      client_id: 'shop',
      grant_type: 'authorization_code',
      code: answer.searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
      code_verifier: checks.pkceCodeVerifier ?? '',
    });
    return body['scope'] ?? '';
  }

  test('read requests that were encrypted to a key of the other, before and after it turned', async () => {
    const [before, same] = [await encryptionKeyAt(0), await encryptionKeyAt(1)];
    expect(same).toEqual(before);
    for (const node of [0, 1]) expect(await pushEncrypted(node, before)).toBe('openid');
    await house().command('keys rotate --algorithm ECDH-ES --now --immediately');
    for (const node of [0, 1])
      await expect.poll(async () => (await encryptionKeyAt(node)).kid).not.toBe(before.kid);
    const next = await encryptionKeyAt(1);
    for (const node of [0, 1])
      for (const key of [before, next]) expect(await pushEncrypted(node, key)).toBe('openid');
  });

  test('sign answers that are verified by the key set of the other (JARM)', async () => {
    const { url } = await house().at(0).authorize(house().agent(), { response_mode: 'query.jwt' });
    const keys = createLocalJWKSet(await house().keySetAt(1));
    const answer = url.searchParams.get('response') ?? '';
    const { payload } = await jwtVerify(answer, keys, { issuer: house().issuer, audience: 'app' });
    expect(payload).toHaveProperty('code');
  });

  test('take a nonce for DPoP proofs that the other gave', async () => {
    const form = { client_id: 'machine', grant_type: 'client_credentials', resource: API };
    const ask = async (node: number, nonce?: string): ReturnType<typeof post> => {
      const dpop = await house().elsewhere.proof(`${house().issuer}/token`, nonce);
      return await post(node, '/token', form, { dpop });
    };
    const refused = await ask(0);
    expect(refused.body).toMatchObject({ error: 'use_dpop_nonce' });
    const given = refused.headers.get('dpop-nonce') ?? '';
    expect((await ask(1, given)).body).toMatchObject({ token_type: 'DPoP' });
  });

  test('let a device in at the one that asked at the other', async () => {
    const { body } = await post(0, '/device/authorize', { client_id: 'tv', scope: 'openid' });
    const poll = async (node: number): Promise<Body> => {
      const grant = 'urn:ietf:params:oauth:grant-type:device_code';
      const code = body['device_code'] ?? '';
      return (await post(node, '/token', { client_id: 'tv', grant_type: grant, device_code: code }))
        .body;
    };
    expect(await poll(0)).toMatchObject({ error: 'authorization_pending' });
    const agent = house().agent();
    const entry = await agent.open(body['verification_uri_complete'] ?? '');
    const confirm = await agent.submit(entry, { user_code: body['user_code'] ?? '' });
    const consent = await agent.submit(await agent.submit(confirm), { ...ALICE });
    expect(headingOf(await agent.submit(consent))).toBe('Your device is connected');
    // Who asks again within the interval is told to slow down.
    await expect.poll(() => poll(1), { interval: 1000 }).toHaveProperty('id_token');
    expect(await poll(0)).toMatchObject({ error: 'invalid_grant' });
  });

  test('tell a program once of a request to sign in, though it was down, and let the person answer at either', async () => {
    const { elsewhere, issuer, nodes } = house();
    const asked = await post(0, '/bc-authorize', {
      client_id: 'counter',
      scope: 'openid',
      login_hint: ALICE.login,
    });
    const count = (event: string): number =>
      nodes.map((node) => node.output().split(`"${event}"`).length - 1).reduce((a, b) => a + b);
    await expect.poll(() => count('hook.postponed')).toBeGreaterThan(0);
    await elsewhere.listen();
    await expect.poll(() => count('hook.taken')).toBe(1);
    const [told = '', ...more] = elsewhere.events;
    expect(more).toEqual([]);
    const keys = createLocalJWKSet(await house().keySetAt(1));
    const { payload } = await jwtVerify(told, keys, { issuer, typ: 'secevent+jwt' });
    expect(payload).toHaveProperty(
      ['events', 'urn:latchkey:event:sign-in-request', 'client_id'],
      'counter',
    );

    const agent = house().agent();
    const waiting = await agent.submit(await agent.open('/account/requests'), { ...ALICE });
    expect(headingOf(waiting)).toBe('Requests');
    await agent.submit(waiting);
    const form = {
      client_id: 'counter',
      grant_type: 'urn:openid:params:grant-type:ciba',
      auth_req_id: asked.body['auth_req_id'] ?? '',
    };
    expect((await post(1, '/token', form)).body).toHaveProperty('id_token');
    expect((await post(0, '/token', form)).body).toMatchObject({ error: 'invalid_grant' });
  });
}
