import { afterEach, describe, expect, test } from 'vitest';
import { openAccountNode, PASSWORD, type AccountNode } from '../../support/account-node.ts';

const GOOD = 'a horse on a battery staple';

let node: AccountNode;
afterEach(() => node.close());

/** Of the letter that has come, beside those whose codes are known. */
async function codeTo(address: string, known: readonly string[] = []): Promise<string> {
  const unknown = async (): Promise<string | undefined> => {
    const letters = await node.letters(address);
    return letters.flatMap(({ codes }) => codes).find((code) => !known.includes(code));
  };
  await expect.poll(unknown).toBeDefined();
  return (await unknown()) ?? '';
}

describe('where nobody joins by themselves', () => {
  test('the sign-in page leads nowhere, and prompt=create says how accounts are made', async () => {
    node = await openAccountNode({ joining: { mode: 'invitation' } });
    const visitor = node.visitor();
    expect((await visitor.get('/account')).html).not.toContain('/join"');
    const closed = await visitor.get('/join');
    expect([closed.status, closed.html]).toEqual([403, expect.stringContaining('By invitation')]);
    const sent = await visitor.send(closed.url.href, { email: 'new@example.com' });
    expect(sent.status).toBe(403);
    const { prompt_values_supported: prompts } = (await (
      await fetch(`${node.issuer}/.well-known/openid-configuration`)
    ).json()) as { readonly prompt_values_supported: readonly string[] };
    expect(prompts).toContain('create');
  });

  test('and where joining is off there are no such pages, and no such prompt', async () => {
    node = await openAccountNode({ joining: { mode: 'off' }, recovery: { enabled: false } });
    for (const path of ['/join', '/invitation/x', '/recover', '/recover/link/x'])
      expect((await node.visitor().get(path)).status).toBe(404);
    const answer = await fetch(`${node.issuer}/.well-known/openid-configuration`);
    expect(await answer.text()).not.toContain('"create"');
    expect((await node.visitor().get('/account')).html).not.toContain('/recover');
  });
});

describe('where joining is open', () => {
  test('only to some domains: others are told so, and so much before anybody is looked for', async () => {
    node = await openAccountNode({
      joining: { mode: 'open', allowedDomains: ['company.example'], perAddressWithoutProof: 1 },
    });
    const visitor = node.visitor();
    const { url } = await visitor.get('/join');
    const other = await visitor.send(url.href, { email: 'ann@example.com', action: 'continue' });
    expect([other.status, other.html]).toEqual([422, expect.stringContaining('this domain')]);
    const own = await visitor.send(url.href, { email: 'x@Company.example', action: 'continue' });
    expect(own.html).toContain('name="code"');
    const next = node.visitor();
    const { url: second } = await next.get('/join');
    const late = await next.send(second.href, { email: 'y@company.example', action: 'continue' });
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, '3600']);
  });

  test('people see which questions they may leave open', async () => {
    const editableBy = 'person';
    node = await openAccountNode({
      joining: { mode: 'open', fields: { name: 'optional', username: 'required' } },
      people: [],
      accounts: {
        attributes: [
          { name: 'Motto', type: 'string', editableBy },
          { name: 'Team', type: 'string', required: true, editableBy },
          { name: 'Newsletter', type: 'boolean', editableBy },
        ],
      },
    });
    const visitor = node.visitor();
    const { url } = await visitor.get('/join');
    await visitor.send(url.href, { email: 'new@example.com', action: 'continue' });
    const code = await codeTo('new@example.com');
    const { html } = await visitor.send(url.href, { code, action: 'continue' });
    const labels = [...html.matchAll(/<label for="[^"]+">(?<text>.*?)<\/label>/gu)].map(
      ({ groups }) => groups?.['text']?.replaceAll(/<[^>]+>/gu, ''),
    );
    expect(labels).toEqual([
      'Full name (optional)',
      'Username',
      'Motto (optional)',
      'Team',
      'Newsletter',
      'Password',
    ]);
  });

  test('an app that needs two factors gets two of whoever has just joined', async () => {
    node = await openAccountNode({
      joining: { mode: 'open' },
      authentication: { secondFactor: 'required' },
    });
    const visitor = node.visitor();
    const { url } = await visitor.get('/join');
    await visitor.send(url.href, { email: 'new@example.com', action: 'continue' });
    const code = await codeTo('new@example.com');
    await visitor.send(url.href, { code, action: 'continue' });
    const end = await visitor.send(url.href, { password: GOOD, action: 'continue' });
    expect(end.html).toContain('Protect your account');
    expect((await visitor.get('/account')).url.pathname).toMatch(/^\/interaction/u);
  });
});

test('where addresses have to be verified, nobody goes on before theirs is', async () => {
  node = await openAccountNode({ joining: { requireVerifiedEmail: true } });
  const [mia, ann] = [node.visitor(), node.visitor()];
  await ann.get('/account');
  expect((await ann.signIn('ann')).url.pathname).toBe('/account');

  const page = await mia.get('/account');
  const asked = await mia.signIn('mia');
  expect(asked.html).toContain('We sent a message to mia@example.com');
  // Looking again sends nothing more, and other pages do not let anybody by.
  expect((await mia.get(page.url.href)).html).toContain('Confirm your e-mail');
  expect((await mia.get('/account')).html).toContain('name="password"');
  await mia.get(page.url.href);
  expect(await node.letters('mia@example.com')).toHaveLength(1);
  const first = await codeTo('mia@example.com');
  const wrong = await mia.send(page.url.href, { code: '000000', action: 'continue' });
  expect(wrong.status).toBe(401);
  const again = await mia.send(page.url.href, { action: 'again' });
  expect(again.status).toBe(200);
  const done = await mia.send(page.url.href, {
    code: await codeTo('mia@example.com', [first]),
    action: 'continue',
  });
  expect(done.url.pathname).toBe('/account');
  const later = node.visitor();
  await later.get('/account');
  expect((await later.signIn('mia', { password: PASSWORD })).url.pathname).toBe('/account');
});
