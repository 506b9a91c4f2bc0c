import { afterAll, beforeAll, expect, test } from 'vitest';
import { csrfIn, PASSWORD } from '../../support/account-node.ts';
import { openTenantNode, type TenantNode } from './tenant-node.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const TV = 'tv-client';

let node: TenantNode;

beforeAll(async () => {
  node = await openTenantNode({
    clients: [{ clientId: TV, appType: 'native', grantTypes: [GRANT, 'refresh_token'] }],
  });
});

afterAll(() => node.close());

interface Asked {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
}

async function ask(): Promise<Asked> {
  const answer = await fetch(`${node.tenant}/oauth/device/code`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: TV, scope: 'openid email offline_access' }),
  });
  return (await answer.json()) as Asked;
}

function xsrfIn(html: string): string {
  return /name="xsrf" value="(?<token>[^"]*)"/u.exec(html)?.groups?.['token'] ?? '';
}

/** Types the code, says yes, and signs in. */
async function letIn({ user_code: userCode, verification_uri: url }: Asked): Promise<string> {
  const browser = node.browser();
  const post = async (to: string, fields: Readonly<Record<string, string>>) => {
    const visit = await browser.visit(to, { method: 'POST', body: new URLSearchParams(fields) });
    return { url: visit.url.href, html: (await visit.response?.text()) ?? '' };
  };
  const first = await browser.visit(url);
  const xsrf = xsrfIn((await first.response?.text()) ?? '');
  const typed = await post(url, { xsrf, user_code: userCode });
  const confirmed = await post(url, {
    xsrf: xsrfIn(typed.html),
    user_code: userCode,
    confirm: 'yes',
  });
  const signedIn = await post(confirmed.url, {
    csrf: csrfIn(confirmed.html),
    login: 'ann',
    password: PASSWORD,
    action: 'continue',
  });
  return signedIn.html;
}

test('a device asks where Auth0 has it, and its code is typed at /activate', async () => {
  const asked = await ask();
  expect(asked.verification_uri).toBe(`${node.tenant}/activate`);
  expect(asked.verification_uri_complete).toBe(
    `${node.tenant}/activate?user_code=${asked.user_code}`,
  );
  const poll = { grant_type: GRANT, client_id: TV, device_code: asked.device_code };
  expect(await node.token(poll)).toMatchObject({
    status: 403,
    body: { error: 'authorization_pending' },
  });
  await letIn(asked);
  node.clock.advance(10);
  const { status, body } = await node.token(poll);
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { id_token: expect.any(String), refresh_token: expect.any(String) },
  });
});
