import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccountNode, type AccountNode, type Visitor } from '../../support/account-node.ts';

const GRANT = 'urn:openid:params:grant-type:ciba';
const SECRET = 'app-secret-of-the-counter-0123456789abcdef';

let node: AccountNode;
beforeAll(async () => {
  node = await openAccountNode({
    protocol: { ciba: { enabled: true, lifetime: '30m' } },
    clients: [
      {
        id: 'counter',
        name: 'The <b>Counter</b>',
        secretInClear: SECRET,
        redirectUris: [],
        responseTypes: [],
        grantTypes: [GRANT, 'refresh_token'],
        backchannelTokenDeliveryMode: 'poll',
      },
    ],
  });
});
afterAll(() => node.close());

async function post(path: string, form: Record<string, string>): Promise<Record<string, string>> {
  const answer = await fetch(`${node.issuer}${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`counter:${SECRET}`)}` },
    body: new URLSearchParams(form),
  });
  return (await answer.json()) as Record<string, string>;
}

async function asked(login: string): Promise<() => Promise<Record<string, string>>> {
  const { auth_req_id: id = '' } = await post('/bc-authorize', {
    scope: 'openid email',
    login_hint: `${login}@example.com`,
    binding_message: 'Counter 3',
  });
  return () => post('/token', { grant_type: GRANT, auth_req_id: id });
}

async function signedIn(login: string): Promise<Visitor> {
  const visitor = node.visitor();
  await visitor.get('/account/requests');
  const page = await visitor.signIn(login);
  expect([page.status, page.url.pathname]).toEqual([200, '/account/requests']);
  return visitor;
}

function requestIn(html: string): string {
  return /name="request" value="([\w-]+)"/.exec(html)?.[1] ?? '';
}

test('somebody is told by letter, looks, approves, and the client has its tokens', async () => {
  const poll = await asked('ann');
  await expect
    .poll(async () => (await node.letters('ann@example.com')).map(({ name }) => name))
    .toContain('sign-in-request');
  const [letter] = (await node.letters('ann@example.com')).filter(
    ({ name }) => name === 'sign-in-request',
  );
  expect(letter?.links).toContain(`${node.issuer}/account/requests`);
  expect(letter?.text).toContain('Counter 3');
  const ann = await signedIn('ann');
  const overview = await ann.get('/account');
  expect(overview.html).toContain('An app waits for your answer');
  const page = await ann.get('/account/requests');
  for (const words of ['The &lt;b&gt;Counter&lt;/b&gt;', 'Counter 3', 'See your e-mail address'])
    expect(page.html).toContain(words);
  const request = requestIn(page.html);
  const done = await ann.send('/account/requests', { request, action: 'continue' });
  expect(done.html).toContain('You approved the request.');
  expect(await poll()).toHaveProperty('access_token');
  const late = await ann.send('/account/requests', { request, action: 'cancel' }, page);
  expect([late.status, late.html]).toEqual([422, expect.stringContaining('answered already')]);
  const activity = await ann.get('/account/activity');
  expect(activity.html).toContain('Request of an app approved');
});

test('whoever refuses lets nobody in', async () => {
  const poll = await asked('ben');
  const ben = await signedIn('ben');
  const page = await ben.get('/account/requests');
  await ben.send('/account/requests', { request: requestIn(page.html), action: 'cancel' });
  expect(await poll()).toMatchObject({ error: 'access_denied' });
});

test('an answer needs a fresh proof, and is of the person alone', async () => {
  const poll = await asked('cat');
  const cat = await signedIn('cat');
  const page = await cat.get('/account/requests');
  const dan = await signedIn('dan');
  const request = requestIn(page.html);
  const none = await dan.get('/account/requests');
  expect(none.html).toContain('Nothing is waiting for you.');
  const ofAnother = await dan.send(
    '/account/requests',
    { request, action: 'continue' },
    await dan.get('/account/profile'),
  );
  expect(ofAnother.status).toBe(422);
  // Five minutes are over: whoever finds the browser open approves nothing.
  node.clock.advance(400);
  const form = { request, action: 'continue' };
  const asksAgain = await cat.send('/account/requests', form, page);
  expect(asksAgain.url.pathname).toMatch(/^\/interaction\//);
  expect(await poll()).toMatchObject({ error: 'authorization_pending' });
});
