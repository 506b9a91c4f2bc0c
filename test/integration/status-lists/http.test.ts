import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbeddedSite, type Site } from '../revocation/fixture.ts';
import {
  createShiftedClock,
  createTestKey,
  ISSUER,
  openListNode,
  untilStatus,
  type Issued,
  type ListNode,
} from './fixture.ts';

const clock = createShiftedClock();
let site: Site;
let node: ListNode;
let token: Issued;
let path: string;

beforeAll(async () => {
  site = await openEmbeddedSite(clock);
  node = await openListNode(site, { key: await createTestKey(), clock });
  token = await node.issue({});
  await untilStatus(node, token, 0);
  path = token.status.uri.replace(ISSUER, '');
});
afterAll(async () => {
  await node.close();
  await site.close();
});

const get = (at: string, init?: RequestInit): Promise<Response> => fetch(`${node.url}${at}`, init);

describe('a list over HTTP', () => {
  test('is a JWT of its own type, for scripts of any origin', async () => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe('application/statuslist+jwt');
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect((await response.text()).split('.')).toHaveLength(3);
  });

  test('is not sent again to who has it', async () => {
    const etag = (await get(path)).headers.get('ETag') ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/u);
    const again = await get(path, { headers: { 'If-None-Match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect(again.headers.get('ETag')).toBe(etag);
    expect(again.headers.get('Access-Control-Allow-Origin')).toBe('*');
    const other = await get(path, { headers: { 'If-None-Match': '"other"' } });
    expect(other.status).toBe(200);
  });

  test('has no body for HEAD', async () => {
    const response = await get(path, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('answers the preflight of a browser', async () => {
    const response = await get(path, { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('Access-Control-Allow-Methods')).toBe('GET, HEAD');
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
  });

  test('is not there as a CWT', async () => {
    const headers = { Accept: 'application/statuslist+cwt' };
    expect((await get(path, { headers })).status).toBe(406);
  });

  test('is not kept as it was in the past', async () => {
    expect((await get(`${path}?time=1686925000`)).status).toBe(501);
  });

  test('that nobody knows is not found', async () => {
    expect((await get('/status-lists/nothing')).status).toBe(404);
  });

  test('is among all lists', async () => {
    const response = await get('/status-lists');
    expect(response.headers.get('Content-Type')).toMatch(/^application\/json/u);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(await response.json()).toEqual({ status_lists: [token.status.uri] });
  });
});
