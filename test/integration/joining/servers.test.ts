import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccountNode, type AccountNode } from '../../support/account-node.ts';
import { startServers, type TestServers } from '../../support/servers.ts';
import { startSmtp, type TestSmtp } from '../../support/smtp.ts';

const GOOD = 'a horse on a battery staple';
const BETTER = 'another horse on a staple';

let servers: TestServers;
let smtp: TestSmtp;
let node: AccountNode;
beforeAll(async () => {
  [servers, smtp] = await Promise.all([startServers(), startSmtp()]);
  node = await openAccountNode({
    joining: { mode: 'open' },
    ...servers.settings,
    mail: {
      from: 'id@example.com',
      smtp: { host: '127.0.0.1', port: smtp.port, tls: 'none' },
    },
  });
});
afterAll(async () => {
  await node.close();
  await Promise.all([servers.stop(), smtp.close()]);
});

/** What `pattern` finds in the letter to `address` that has it. */
async function inLetter(address: string, pattern: RegExp): Promise<string> {
  const find = (): string | undefined => {
    const letters = smtp.received.filter(({ to }) => to.includes(address));
    return letters.map(({ raw }) => pattern.exec(raw)?.[1]).find((one) => one !== undefined);
  };
  await expect.poll(find).toBeDefined();
  return find() ?? '';
}

test('on Redis and PostgreSQL, with letters by SMTP, people join and recover', async () => {
  const zoe = node.visitor();
  const { url } = await zoe.get('/join');
  await zoe.send(url.href, { email: 'zoe@example.com', action: 'continue' });
  const code = await inLetter('zoe@example.com', /Your code: (\d{6})/u);
  await zoe.send(url.href, { code, action: 'continue' });
  const joined = await zoe.send(url.href, { password: GOOD, action: 'continue' });
  expect(joined.url.pathname).toBe('/account');

  const other = node.visitor();
  await other.get('/recover');
  await other.send('/recover', { login: 'zoe@example.com', action: 'continue' });
  const link = await inLetter('zoe@example.com', /(\/recover\/link\/[\w-]{43})\r?\n/u);
  await other.get(link);
  const step = await other.send(link, { action: 'continue' });
  const done = await other.send(step.url.href, { password: BETTER, action: 'continue' });
  expect(done.html).toContain('You are back');
  expect((await zoe.get('/account')).url.pathname).toMatch(/^\/interaction/u);
  expect((await zoe.signIn('zoe@example.com', { password: BETTER })).url.pathname).toBe('/account');
});
