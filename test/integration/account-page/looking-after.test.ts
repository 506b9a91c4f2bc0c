import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAccountNode, type AccountNode, type Visitor } from '../../support/account-node.ts';
import { codesOf } from '../../support/app-codes.ts';
import { createSoftwareAuthenticator } from '../../support/software-authenticator.ts';

const CALLBACK = 'https://shop.example/callback';
const SECRET = 'app-secret-of-the-account-page-0123456789';

let node: AccountNode;
beforeAll(async () => {
  node = await openAccountNode({
    clients: [
      {
        id: 'shop',
        name: 'The <b>Shop</b>',
        logoUri: 'https://cdn.shop.example/logo.png',
        redirectUris: [CALLBACK],
        secretInClear: SECRET,
      },
    ],
    accounts: {
      attributes: [
        { name: 'team', type: 'enum', values: ['red', 'blue'], editableBy: 'person' },
        { name: 'salary', type: 'number' },
      ],
    },
  });
});
afterAll(() => node.close());

async function signedIn(login: string, userAgent?: string): Promise<Visitor> {
  const visitor = node.visitor(userAgent);
  await visitor.get('/account');
  const page = await visitor.signIn(login);
  expect([page.status, page.url.pathname]).toEqual([200, '/account']);
  return visitor;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

async function ask(form: Readonly<Record<string, string>>): Promise<Response> {
  return await fetch(`${node.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`shop:${SECRET}`)}` },
    body: new URLSearchParams(form),
  });
}

/** Lets the shop in, and gives what it gets. */
async function allowShop(visitor: Visitor, scope = 'openid email offline_access'): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'shop',
    redirect_uri: CALLBACK,
    scope,
    prompt: 'consent',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const page = await visitor.get(`/authorize?${query.toString()}`);
  const away = await visitor.send(page.url.href, { action: 'continue' }).then(
    () => 'nowhere',
    (error: Error) => error.message.replace('was sent away, to ', ''),
  );
  const code = new URL(away).searchParams.get('code') ?? '';
  const grant = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK };
  return (await (await ask({ ...grant, code_verifier: verifier })).json()) as Tokens;
}

const refresh = ({ refresh_token: token }: Tokens): Promise<Response> =>
  ask({ grant_type: 'refresh_token', refresh_token: token });

const userinfo = ({ access_token: token }: Tokens): Promise<Response> =>
  fetch(`${node.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } });

describe('sessions', () => {
  test('one that is signed out ends at once, its tokens with it, and nobody else can do that', async () => {
    const here = await signedIn('ann');
    const phone = await signedIn('ann', 'Mozilla/5.0 (iPhone) Version/18.0 Mobile Safari/604.1');
    const stranger = await signedIn('ben');
    const tokens = await allowShop(phone, 'openid email');
    const page = await here.get('/account/devices');
    expect(page.html).toContain('Safari on iPhone');
    const session = /name="session" value="(?<uid>[^"]+)"/u.exec(page.html)?.groups?.['uid'] ?? '';
    await stranger.send('/account/devices/end', { session });
    expect((await phone.get('/account')).url.pathname).toBe('/account');
    const ended = await here.send('/account/devices/end', { session }, page);
    expect(ended.url.search).toBe('?done=session-ended');
    expect(ended.html).not.toContain('Safari on iPhone');
    expect((await phone.get('/account')).url.pathname).toMatch(/^\/interaction/u);
    expect((await userinfo(tokens)).status).toBe(401);
    expect((await here.get('/account/activity')).html).toContain('A device was signed out');
  });

  test('all others end together, and this one stays', async () => {
    const [here, one, another] = [
      await signedIn('cat'),
      await signedIn('cat'),
      await signedIn('cat'),
    ];
    await here.get('/account/devices');
    const done = await here.send('/account/devices/end-others');
    expect([done.url.pathname, done.html]).toEqual([
      '/account/devices',
      expect.not.stringContaining('name="session"'),
    ]);
    for (const gone of [one, another])
      expect((await gone.get('/account')).url.pathname).toMatch(/^\/interaction/u);
  });
});

test('a remembered device is listed, and forgotten by its owner alone', async () => {
  const mia = await signedIn('mia');
  const page = await mia.get('/account/authenticator');
  const key = /class="key"><code>(?<key>[^<]+)</u.exec(page.html)?.groups?.['key'] ?? '';
  const action = /action="(?<action>\/account\/authenticator\/[^"]+)"/u.exec(page.html);
  const nextCode = codesOf(key);
  await mia.send(action?.groups?.['action'] ?? '', { code: await nextCode() });
  const tablet = node.visitor('Mozilla/5.0 (iPad) Version/18.0 Safari/604.1');
  await tablet.get('/account/devices');
  const asked = await tablet.signIn('mia');
  const fields = { code: await nextCode(), 'remember-device': 'yes', action: 'continue' };
  const devices = await tablet.send(asked.url.href, fields);
  expect(devices.html).toContain('These do not ask for your second factor for a while.');
  const device = /name="device" value="(?<id>[^"]+)"/u.exec(devices.html)?.groups?.['id'] ?? '';

  const stranger = await signedIn('ben');
  await stranger.get('/account/profile');
  await stranger.send('/account/devices/forget', { device });
  expect((await tablet.get('/account/devices')).html).toContain(device);
  const forgotten = await tablet.send('/account/devices/forget', { device });
  expect(forgotten.url.search).toBe('?done=device-forgotten');
  expect(forgotten.html).not.toContain(device);
});

describe('clients', () => {
  test('one whose access is removed has nothing left, and asks again', async () => {
    const dan = await signedIn('dan');
    const tokens = await allowShop(dan);
    const page = await dan.get('/account/clients');
    expect(page.html).toContain('The &lt;b&gt;Shop&lt;/b&gt;');
    expect(page.html).toContain('See your e-mail address');
    expect(page.html).not.toContain('latchkey-account');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/img-src 'self' https:\/\/cdn\.shop\.example(?:;|$)/u);
    expect((await userinfo(tokens)).status).toBe(200);
    const done = await dan.send('/account/clients/remove', { client: 'shop' });
    expect(done.url.search).toBe('?done=client-removed');
    expect(done.html).toContain('No app has access');
    expect((await userinfo(tokens)).status).toBe(401);
    expect(await (await refresh(tokens)).json()).toMatchObject({ error: 'invalid_grant' });
    const none = await dan.send('/account/clients/remove', { client: 'shop' }, page);
    expect(none.url.search).toBe('');
  });
});

describe('the last way in', () => {
  test('a password goes only where a passkey is, and then that passkey stays', async () => {
    const eve = await signedIn('eve');
    const refused = await eve.get('/account/password');
    expect(refused.html).not.toContain('/account/password/remove');
    await eve.send('/account/password/remove', {}, refused);
    expect((await eve.get('/account/security')).html).toContain('A password is set.');

    const authenticator = createSoftwareAuthenticator({ origin: node.issuer });
    const page = await eve.get('/account/passkeys/add');
    const action = /action="(?<action>[^"]+)"/u.exec(page.html)?.groups?.['action'] ?? '';
    const options: unknown = JSON.parse((await eve.send(`${action}/challenge`, {}, page)).html);
    const credential = JSON.stringify(authenticator.create(options));
    await eve.send(action, { credential }, page);

    await stepUp(eve, authenticator);
    const form = await eve.get('/account/password');
    const removed = await eve.send('/account/password/remove', {}, form);
    expect(removed.url.search).toBe('?done=password-removed');
    expect(removed.html).toContain('No password is set.');
    const path = /href="(?<path>\/account\/passkeys\/(?!add)[^"]+)"/u.exec(removed.html);
    const url = path?.groups?.['path'] ?? '';
    const last = await eve.get(url);
    expect(last.html).toContain('This is the only way in that you have.');
    expect((await eve.send(`${url}/remove`, {}, last)).html).toContain('only way in');
    expect((await eve.get('/account/security')).html).toContain(url);
  });

  async function stepUp(
    visitor: Visitor,
    authenticator: ReturnType<typeof createSoftwareAuthenticator>,
  ): Promise<void> {
    const page = await visitor.get('/account/password');
    expect(page.html).toContain('Is it really you?');
    const asked = await visitor.send(`${page.url.href}/passkey`, {}, page);
    const credential = JSON.stringify(authenticator.get(JSON.parse(asked.html)));
    const done = await visitor.send(page.url.href, { credential, action: 'passkey' }, page);
    expect(done.url.pathname).toBe('/account/password');
  }
});

describe('the profile', () => {
  test('has name, picture, language and what the installation lets people fill in, and nothing else', async () => {
    const fay = await signedIn('fay');
    await fay.get('/account/profile');
    const form = {
      name: 'Fay <i>Wray</i>',
      picture: 'https://img.example/fay.png',
      locale: 'de',
      'attribute.team': 'blue',
      // Not on the page, and not theirs to say.
      'attribute.salary': '1000000',
      email: 'fay@evil.example',
      email_verified: 'true',
      owner: 'true',
    };
    const saved = await fay.send('/account/profile', form);
    expect(saved.url.search).toBe('?done=profile');
    expect(saved.html).toContain('<html lang="de"');
    expect(saved.html).toContain('Fay &lt;i&gt;Wray&lt;/i&gt;');
    expect(saved.headers.get('content-security-policy')).toMatch(
      /img-src 'self' https:\/\/img\.example(?:;|$)/u,
    );
    await fay.get('/account/data');
    const data = (await fay.send('/account/data/download')).html;
    expect(JSON.parse(data)).toMatchObject({
      account: {
        email: 'fay@example.com',
        claims: { name: 'Fay <i>Wray</i>', locale: 'de' },
        attributes: { team: 'blue' },
      },
    });
  });

  test('shows a picture of our own that an operator has set, and it stays when something else is changed', async () => {
    const yves = await signedIn('yves');
    const own = `${node.issuer}/assets/alice.svg`;
    await yves.get('/account/profile');
    const saved = await yves.send('/account/profile', { name: 'Yves', picture: own });
    expect(saved.url.search).toBe('?done=profile');
    expect(saved.html).toContain(`<img class="avatar" src="${own}"`);
    expect(saved.headers.get('content-security-policy')).toContain("img-src 'self'");
    expect((await fetch(own)).headers.get('content-type')).toBe('image/svg+xml');
  });

  test.each(['http://img.example/x.png', 'javascript:alert(1)', "https://a';script-src *//x"])(
    'shows no picture that is not safe: %s',
    async (picture) => {
      const gus = await signedIn('gus');
      await gus.get('/account/profile');
      const refused = await gus.send('/account/profile', { name: 'Gus', picture });
      const policy = refused.headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/img-src 'self'(?:;|$)/u);
      expect(policy).toContain("script-src 'self';");
      expect((await gus.get('/account')).html).not.toContain('<img class="avatar"');
    },
  );

  test('says which field is wrong, and keeps what was typed', async () => {
    const hal = await signedIn('hal');
    await hal.get('/account/profile');
    const wrong = await hal.send('/account/profile', { name: 'Hal', 'attribute.team': 'green' });
    expect(wrong.status).toBe(422);
    expect(wrong.html).toContain('value="Hal"');
    expect(wrong.html).toContain('aria-invalid="true"');
  });
});

describe('what is kept of somebody', () => {
  test('is downloaded without a secret in it', async () => {
    const ida = await signedIn('ida');
    await ida.get('/account/recovery-codes');
    const codes = await ida.send('/account/recovery-codes');
    const [, code = 'none'] = /<li><code>([^<]+)</u.exec(codes.html) ?? [];
    await ida.get('/account/data');
    const file = await ida.send('/account/data/download');
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="account.json"');
    expect(file.headers.get('content-type')).toContain('application/json');
    expect(JSON.parse(file.html)).toMatchObject({
      account: { username: 'ida', hasPassword: true },
      recoveryCodesLeft: 10,
      sessions: [{ address: '127.0.0.1' }],
    });
    for (const secret of [code, 'argon2', 'sealed', 'secret'])
      expect(file.html).not.toContain(secret);
  });

  test('cannot be deleted by people where the installation does not let them', async () => {
    const jon = await signedIn('jon');
    expect((await jon.get('/account/data')).html).not.toContain('/account/delete');
    expect((await jon.get('/account/delete')).url.pathname).toBe('/account/data');
    await jon.send('/account/delete', { confirmation: 'jon@example.com' });
    expect((await jon.get('/account')).url.pathname).toBe('/account');
  });
});

describe('activity', () => {
  test('is one’s own, the newest first, page by page', async () => {
    const kim = await signedIn('kim');
    for (let index = 0; index < 30; index += 1) {
      await kim.get('/account/profile');
      await kim.send('/account/profile', { name: `Kim ${index}` });
    }
    const first = await kim.get('/account/activity');
    const count = (html: string): number => html.split('Profile changed').length - 1;
    expect(count(first.html)).toBe(25);
    const older = /href="(?<older>\/account\/activity\?before=[^"]+)"/u.exec(first.html);
    const second = await kim.get(older?.groups?.['older'] ?? '');
    expect(count(second.html)).toBe(5);
    expect(second.html).toContain('Signed in');
    expect(second.html).toContain('Account created');
    expect((await kim.get('/account/activity?before=nonsense')).status).toBe(200);
    const lee = await signedIn('lee');
    expect(count((await lee.get('/account/activity')).html)).toBe(0);
  });
});

test('failures in a row are shown with what is left of the limit, to the person alone', async () => {
  const lee = await signedIn('lee');
  expect((await lee.get('/account/activity')).html).not.toContain('Failed attempts in a row');
  const stranger = node.visitor('Mozilla/5.0 (Windows NT 10.0) Edge/18');
  for (let time = 0; time < 3; time += 1) {
    const page = await stranger.get('/account');
    await stranger.send(page.url.href, { login: 'lee', password: 'guessed', action: 'continue' });
  }
  const { html } = await lee.get('/account/activity');
  expect(html).toContain('Failed attempts in a row');
  expect(html.replaceAll(/\s+/gu, ' ')).toMatch(/Password: 3 of \d+/u);
});

test('nothing of all that was our fault', () => {
  const faults = node.log.filter(({ level }) => level === 'error');
  expect(faults).toEqual([]);
});
