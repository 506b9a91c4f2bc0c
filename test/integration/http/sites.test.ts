import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { get as getSecurely } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Router } from '@koa/router';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { tlsConfig } from '../../../src/http/config.ts';
import type { Site } from '../../../src/http/site.ts';
import { openViews, type Views } from '../../../src/http/views.ts';
import {
  createBareProtocol,
  openHost,
  PLAIN_THEME,
  VIEWS_FOLDER,
} from '../../support/pages-host.ts';
import { freePort } from '../../support/ports.ts';

let views: Views;
beforeAll(async () => {
  views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(port: number, path: string, host = `localhost:${port}`): Promise<Answer> {
  const sent = get({ host: '127.0.0.1', port, path, headers: { host }, agent: false });
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: await text(response) };
}

async function openTwo(
  site: Partial<Site> = {},
  overrides: { readonly keysFolder?: string } = {},
): Promise<{
  readonly first: number;
  readonly second: number;
  /** Somebody has asked for `/here`. */
  readonly asked: Promise<void>;
  close(): Promise<void>;
}> {
  const asked = Promise.withResolvers<void>();
  const [first, second] = [await freePort(), await freePort()];
  const here = (words: string): Router =>
    new Router().get('/here', async (ctx) => {
      asked.resolve();
      await delay(50);
      ctx.body = words;
    });
  const sites: readonly Site[] = [
    {
      name: 'other',
      setting: 'other.listen',
      issuer: `http://localhost:${second}/`,
      listen: { host: '127.0.0.1', port: second },
      hosts: [],
      routers: [here('site')],
      ...site,
    },
  ];
  const issuer = `http://localhost:${first}`;
  const options = {
    issuer,
    port: first,
    views,
    routers: [here('issuer')],
    overrides: { ...overrides, sites },
  };
  return { first, second, asked: asked.promise, close: (await openHost(options)).close };
}

test('a site has a port, a host name and routes of its own', async () => {
  const { first, second, close } = await openTwo();
  try {
    expect(await ask(first, '/here')).toEqual({ status: 200, text: 'issuer' });
    expect(await ask(second, '/here')).toEqual({ status: 200, text: 'site' });
    expect(await ask(second, '/livez')).toMatchObject({ status: 200 });
    // Each is asked by its own name alone.
    expect(await ask(second, '/here', `localhost:${first}`)).toMatchObject({ status: 421 });
    expect(await ask(first, '/here', `localhost:${second}`)).toMatchObject({ status: 421 });
    expect(await ask(second, '/authorize')).toMatchObject({ status: 404 });
  } finally {
    await close();
  }
});

test('a site with an engine gives out its documents and leaves the rest to it', async () => {
  const document = {
    body: Buffer.from('{}'),
    etag: '"1"',
    contentType: 'application/json',
    cacheControl: 'no-store',
  };
  const protocol = createBareProtocol({
    document: (path) => (path === '/keys' ? document : undefined),
    owns: (path) => path === '/token',
    handle: async (_, response) => void response.writeHead(200).end('engine'),
  });
  const { first, second, close } = await openTwo({ protocol });
  try {
    expect(await ask(second, '/keys')).toEqual({ status: 200, text: '{}' });
    expect(await ask(second, '/token')).toEqual({ status: 200, text: 'engine' });
    expect(await ask(first, '/keys')).toMatchObject({ status: 404 });
  } finally {
    await close();
  }
});

test('a node that stops answers what its sites were asked', async () => {
  const { second, asked, close } = await openTwo();
  const answer = ask(second, '/here');
  await asked;
  await close();
  expect(await answer).toEqual({ status: 200, text: 'site' });
  await expect(ask(second, '/here')).rejects.toThrow('ECONNREFUSED');
});

test('a site speaks https by a certificate of its own beside an issuer that does not', async () => {
  const keysFolder = await mkdtemp(join(tmpdir(), 'latchkey-sites-'));
  const tls = tlsConfig.parse({ from: 'dev-ca' });
  const site = { issuer: 'https://dev.example.test/', tls };
  const { first, second, close } = await openTwo(site, { keysFolder });
  try {
    const sent = getSecurely({
      host: '127.0.0.1',
      port: second,
      path: '/here',
      servername: 'dev.example.test',
      headers: { host: 'dev.example.test' },
      ca: await readFile(join(keysFolder, 'dev-authority.crt')),
      agent: false,
    });
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    expect(await text(response)).toBe('site');
    expect(await ask(first, '/here')).toEqual({ status: 200, text: 'issuer' });
  } finally {
    await close();
    await rm(keysFolder, { recursive: true });
  }
});
