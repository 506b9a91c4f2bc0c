import { describe, expect, test } from 'vitest';
import { withDocuments } from '../../../src/clients/documents/with-documents.ts';
import type { Clients } from '../../../src/clients/clients.ts';
import type { JsonObject } from '../../../src/runtime/json.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';
import { openRegistry, type Registry } from './fixture.ts';

const HOST = 'app.example.com';
const ID = `https://${HOST}/client.json`;
const HOUR = 3600;
const DAY = 86_400;

/** Hosts of documents, and one or more nodes that read them. */
interface Web {
  readonly registry: Registry;
  /** By URL; anything else is not found. */
  readonly answers: Map<string, () => Response | Promise<Response>>;
  readonly asked: string[];
  node(settings?: object): Promise<Clients>;
}

async function openWeb(): Promise<Web> {
  const registry = await openRegistry();
  const answers = new Map<string, () => Response | Promise<Response>>();
  const asked: string[] = [];
  return {
    registry,
    answers,
    asked,
    async node(settings = {}) {
      return withDocuments(await registry.open(), {
        ...registry,
        logger: createRecordingLogger().logger,
        profile: 'production',
        settings: { hosts: [HOST], blocked: [], refresh: HOUR, keep: 7 * DAY, ...settings },
        async outboundFetch(url) {
          asked.push(url);
          return (await answers.get(url)?.()) ?? new Response(null, { status: 404 });
        },
      });
    },
  };
}

function document(id: string, more: JsonObject = {}, headers = {}): () => Response {
  const redirects = [`${new URL(id).origin}/callback`];
  const body = { client_id: id, client_name: 'The app', redirect_uris: redirects, ...more };
  return () => Response.json(body, { headers });
}

describe('clients that documents describe', () => {
  test('are found by their URL, public, of others, and with what the installation lets them', async () => {
    const web = await openWeb();
    web.answers.set(ID, document(ID));
    const clients = await web.node({ apis: ['https://api.example.com'] });
    expect(await clients.find(ID)).toMatchObject({
      id: ID,
      source: 'document',
      secretHash: undefined,
      metadata: { client_name: 'The app', token_endpoint_auth_method: 'none' },
      policy: { firstParty: false, requirePkce: true, apis: ['https://api.example.com'] },
    });
    expect(await clients.list()).toStrictEqual([]);
    expect(await web.registry.events()).toMatchObject([
      { type: 'client.created', clientId: ID, by: 'document', origin: { address: HOST } },
    ]);
  });

  test('are of the hosts that are listed, and not blocked', async () => {
    const web = await openWeb();
    const other = 'https://other.example.com/client.json';
    const port = `https://${HOST}:8443/client.json`;
    for (const id of [ID, other, port]) web.answers.set(id, document(id));
    const listed = await web.node();
    expect(await listed.find(other)).toBeUndefined();
    expect(await listed.find(port)).toBeUndefined();
    expect(await (await web.node({ blocked: [ID] })).find(ID)).toBeUndefined();
    expect(web.asked).toStrictEqual([]);
    expect(await (await web.node({ hosts: ['*'] })).find(other)).toBeDefined();
  });

  test('are read once in an hour for all nodes, and stay the same object', async () => {
    const web = await openWeb();
    web.answers.set(ID, document(ID));
    const [one, two] = [await web.node(), await web.node()];
    const [first] = await Promise.all([one.find(ID), one.find(ID)]);
    expect(await two.find(ID)).toStrictEqual(first);
    expect(await one.find(ID)).toBe(first);
    expect(web.asked).toHaveLength(1);
    web.registry.clock.advance(HOUR);
    expect(await one.find(ID)).toBe(first);
    expect(web.asked).toHaveLength(2);
    web.answers.set(ID, document(ID, { client_name: 'Another name' }));
    web.registry.clock.advance(HOUR);
    expect((await one.find(ID))?.metadata['client_name']).toBe('Another name');
    expect((await web.registry.events()).map(({ type }) => type)).toStrictEqual([
      'client.created',
      'client.updated',
    ]);
  });

  test('are read as often as their host says, but not more than once in a minute', async () => {
    const web = await openWeb();
    const clients = await web.node();
    const readsIn = async (cacheControl: string, seconds: number): Promise<number> => {
      const id = `https://${HOST}/${cacheControl.length}-${seconds}`;
      web.answers.set(id, document(id, {}, { 'cache-control': cacheControl }));
      await clients.find(id);
      const before = web.asked.length;
      web.registry.clock.advance(seconds);
      await clients.find(id);
      return web.asked.length - before;
    };
    expect(await readsIn('max-age=300', 299)).toBe(0);
    expect(await readsIn('max-age=300', 301)).toBe(1);
    expect(await readsIn('max-age=999999', HOUR + 1)).toBe(1);
    expect(await readsIn('no-store', 59)).toBe(0);
    expect(await readsIn('no-store', 61)).toBe(1);
  });

  test('outlive the time in which their host does not answer, but not that in which it has none', async () => {
    const web = await openWeb();
    web.answers.set(ID, document(ID));
    const clients = await web.node();
    await clients.find(ID);
    web.registry.clock.advance(HOUR);
    web.answers.set(ID, () => Promise.reject(new TypeError('fetch failed')));
    expect(await clients.find(ID)).toBeDefined();
    web.registry.clock.advance(6 * DAY);
    web.answers.set(ID, () => new Response(null, { status: 503 }));
    expect(await clients.find(ID)).toBeDefined();
    // So do other nodes, that have never seen it.
    expect(await (await web.node()).find(ID)).toBeDefined();
    web.registry.clock.advance(60);
    web.answers.delete(ID);
    expect(await clients.find(ID)).toBeUndefined();
    web.answers.set(ID, () => Promise.reject(new TypeError('fetch failed')));
    expect(await (await web.node()).find(ID)).toBeUndefined();
  });

  test('are forgotten when their host has not answered for a week', async () => {
    const web = await openWeb();
    web.answers.set(ID, document(ID));
    const clients = await web.node();
    await clients.find(ID);
    web.answers.set(ID, () => new Response(null, { status: 503 }));
    web.registry.clock.advance(7 * DAY + 2 * HOUR);
    expect(await clients.find(ID)).toBeUndefined();
  });

  test.each<[string, () => Response]>([
    ['a page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['a text that somebody put up', () => new Response(JSON.stringify({ client_id: ID }))],
    ['what is no JSON', () => jsonText('{')],
    ['a list', () => jsonText('[]')],
    ['the document of another', document('https://other.example.com/client.json')],
    ['one that is too large', document(ID, { client_name: 'a', note: 'x'.repeat(20_000) })],
    ['one that leads elsewhere', () => Response.redirect('https://other.example.com/', 302)],
  ])('are not there where %s is', async (_, answer) => {
    const web = await openWeb();
    web.answers.set(ID, answer);
    const clients = await web.node();
    expect(await clients.find(ID)).toBeUndefined();
    expect(await clients.find(ID)).toBeUndefined();
    expect(web.asked).toHaveLength(1);
    expect(await web.registry.events()).toStrictEqual([]);
  });

  test('cannot be used to have a host asked again and again', async () => {
    const web = await openWeb();
    const clients = await web.node({ hosts: ['*'] });
    const ask = (host: string, count: number): Promise<unknown> =>
      Promise.all(Array.from({ length: count }, (_, n) => clients.find(`https://${host}/${n}`)));
    await ask(HOST, 30);
    expect(web.asked).toHaveLength(10);
    await Promise.all(Array.from({ length: 30 }, (_, n) => ask(`host-${n}.example.com`, 5)));
    expect(web.asked).toHaveLength(60);
    web.registry.clock.advance(60);
    web.answers.set(ID, document(ID));
    expect(await clients.find(ID)).toBeDefined();
  });

  test('come after clients of ours with the same id', async () => {
    const web = await openWeb();
    web.answers.set(ID, document(ID));
    const clients = await web.node();
    const actor = { by: 'cli', origin: { address: 'cli' } };
    const metadata = { redirect_uris: ['https://app.example.com/ours'] };
    await clients.create({ id: ID, metadata }, actor);
    expect((await clients.find(ID))?.source).toBe('cli');
    expect(web.asked).toStrictEqual([]);
  });
});

function jsonText(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'application/json' } });
}
