import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAccountNode, type AccountNode } from '../../support/account-node.ts';

let node: AccountNode;
beforeEach(async () => {
  node = await openAccountNode();
});
afterEach(() => node.close());

test('whoever signs in where somebody else is signed in sees a page of ours, and goes on as themselves', async () => {
  const browser = node.visitor();
  await browser.get('/account');
  await browser.signIn('ann');
  node.clock.advance(600);
  await browser.get('/account/password');
  const page = await browser.signIn('ben');
  expect(page.html).toContain('Switching accounts');
  expect(page.html).not.toContain('Submitting Callback');
  const action = /<form method="post" action="(?<action>[^"]+)"/u.exec(page.html)?.groups?.[
    'action'
  ];
  const xsrf = /name="xsrf" value="(?<xsrf>[\w-]+)"/u.exec(page.html)?.groups?.['xsrf'] ?? '';
  const done = await browser.send(action ?? '', { xsrf, logout: 'yes', action: 'continue' });
  expect(done.url.pathname).toBe('/account/password');
  const { html } = await browser.get('/account');
  expect(html).toContain('ben@example.com');
  expect(html).not.toContain('ann@example.com');
});
