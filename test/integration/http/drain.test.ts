import { Agent, request } from 'node:http';
import { Router } from '@koa/router';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { openViews, type Views } from '../../../src/http/views.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { rounds } from '../../support/counts.ts';
import { openHost, PLAIN_THEME, VIEWS_FOLDER } from '../../support/pages-host.ts';
import { freePort } from '../../support/ports.ts';
import { sendRaw } from '../../support/raw-http.ts';

let views: Views;
beforeAll(async () => {
  views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
});

interface Tally {
  answered: number;
  failed: number;
}

interface Lane {
  readonly port: number;
  readonly path: string;
  readonly agent: Agent;
}

/** Sends requests over kept-alive connections as a proxy does, until the node refuses new connections. */
async function load(to: Omit<Lane, 'agent'>, tally: Tally, signal: AbortSignal): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!signal.aborted) await ask({ ...to, agent }, tally);
  agent.destroy();
}

function ask(lane: Lane, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const sent = request({ ...lane, host: '127.0.0.1' }, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode === 200) tally.answered += 1;
        else tally.failed += 1;
        resolve();
      });
    });
    sent.once('error', (error: NodeJS.ErrnoException) => {
      // Refused means that the node was gone before the request was sent: a proxy sends it elsewhere.
      if (error.code !== 'ECONNREFUSED') tally.failed += 1;
      resolve();
    });
    sent.end();
  });
}

describe('a node that stops', () => {
  test.each(Array.from({ length: rounds(1, 20) }, (_, round) => round))(
    'fails no request of a keep-alive load (round %i)',
    async () => {
      // `drainDelay`, however long that takes on a machine that is busy.
      const drained = Promise.withResolvers<void>();
      const port = await freePort();
      const router = new Router().get('/work', async (ctx) => {
        await delay(2);
        ctx.body = 'x'.repeat(2000);
      });
      const { host, close } = await openHost({
        issuer: `http://127.0.0.1:${port}`,
        port,
        views,
        routers: [router],
        overrides: { clock: { ...systemClock, sleep: () => drained.promise } },
      });
      const tally: Tally = { answered: 0, failed: 0 };
      const stop = new AbortController();
      const paths = ['/work', '/work', '/work', '/assets/page.css'];
      const clients = Array.from({ length: 4 }, () => paths).flat();
      const loads = clients.map((path) => load({ port, path }, tally, stop.signal));
      await expect.poll(() => tally.answered).toBeGreaterThan(200);

      const before = tally.answered;
      const closed = host.close();
      expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503);
      expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
      await expect.poll(() => tally.answered).toBeGreaterThan(before + 200);
      // As a proxy would: it has read 503 at /readyz and sends no more.
      stop.abort();
      await Promise.all(loads);
      drained.resolve();
      await closed;
      await close();
      expect(tally.failed).toBe(0);
    },
  );

  test('answers what is under way, and does not wait for more on its connection', async () => {
    const port = await freePort();
    const arrived = Promise.withResolvers<void>();
    const router = new Router().get('/slow', async (ctx) => {
      arrived.resolve();
      await delay(300);
      ctx.body = 'done';
    });
    const { close, log } = await openHost({
      issuer: `http://127.0.0.1:${port}`,
      port,
      views,
      routers: [router],
    });
    const answer = sendRaw(port, `GET /slow HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    await arrived.promise;
    await close();
    expect(await answer).toMatch(/^HTTP\/1.1 200[\s\S]*done$/);
    expect(log.lines.map(({ event }) => event)).not.toContain('node.cut_off');
  });

  test('cuts off what takes longer than is allowed', async () => {
    const port = await freePort();
    const arrived = Promise.withResolvers<void>();
    const router = new Router().get('/never', () => {
      arrived.resolve();
      return new Promise(() => {});
    });
    const { close, log } = await openHost({
      issuer: `http://127.0.0.1:${port}`,
      port,
      views,
      routers: [router],
      settings: { drainLimit: '1s' },
    });
    const answer = sendRaw(port, `GET /never HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    await arrived.promise;
    await close();
    expect(await answer).toBe('');
    expect(log.lines.map(({ event }) => event)).toContain('node.cut_off');
  });
});

test('a slow head is answered 408 and ends (slowloris)', async () => {
  const port = await freePort();
  const { close } = await openHost({
    issuer: `http://127.0.0.1:${port}`,
    port,
    views,
    settings: { limits: { headersTimeout: '1s', requestTimeout: '2s' } },
  });
  expect(await sendRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\nX: ')).toMatch(/^HTTP\/1.1 408/);
  await close();
});

test('a port that is taken is told as such', async () => {
  const port = await freePort();
  const options = { issuer: `http://127.0.0.1:${port}`, port, views };
  const first = await openHost(options);
  await expect(openHost(options)).rejects.toMatchObject({
    code: 'ERR_CANNOT_LISTEN',
    message: expect.stringContaining(
      'or set http.listen.port, and the URL that names it, to a free port',
    ),
  });
  await first.close();
});

test('figures and readiness are on a listener of their own, and only there', async () => {
  const port = await freePort();
  const metricsPort = await freePort();
  const { close } = await openHost({
    issuer: `http://127.0.0.1:${port}`,
    port,
    views,
    settings: { metrics: { enabled: true, port: metricsPort } },
  });
  const figures = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  expect(await figures.text()).toContain('latchkey_event_loop_delay_seconds');
  expect((await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${metricsPort}/elsewhere`)).status).toBe(404);
  await close();
});
