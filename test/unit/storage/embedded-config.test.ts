import { describe, expect, test } from 'vitest';
import { storageConfig } from '../../../src/storage/config.ts';

const problems = (settings: unknown): readonly string[] =>
  storageConfig
    .safeParse(settings)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
const redis = (settings: object): unknown => ({ state: { redis: settings } });
const postgres = (settings: object): unknown => ({ records: { postgres: settings } });

describe('the storage section', () => {
  test('left out, is one embedded file', () => {
    expect(storageConfig.parse(undefined)).toMatchObject({
      state: { engine: 'embedded' },
      records: { engine: 'embedded' },
      embedded: { file: 'data/latchkey.sqlite' },
    });
  });

  test.each(['redis://cache:6380/3', 'rediss://cache', 'unix:///run/redis.sock'])(
    'takes %s for Redis',
    (url) => expect(problems(redis({ url }))).toEqual([]),
  );

  test.each([
    'postgres://db/latchkey',
    'postgresql://db:5433/x',
    'postgres://%2Frun%2Fpostgresql/latchkey',
  ])('takes %s for PostgreSQL', (url) => expect(problems(postgres({ url }))).toEqual([]));

  test.each(['cache:6379', 'http://cache', '', '/run/redis.sock'])(
    'refuses %j for Redis with the forms that it may have, once',
    (url) =>
      expect(problems(redis({ url }))).toEqual([
        'state.redis.url: must be a URL that begins with redis:// or rediss:// or unix://',
      ]),
  );

  test.each([
    {},
    { url: 'rediss://nobody' },
    { url: 'redis://nobody/0', cluster: { nodes: ['[::1]:7000'] } },
  ])('takes a Redis Cluster (%j)', (more) =>
    expect(problems(redis({ cluster: { nodes: ['one:7000', 'two:7000'] }, ...more }))).toEqual([]),
  );

  test.each([
    [{ url: 'redis://cache/3' }, 'state.redis.url'],
    [{ url: 'unix:///run/redis.sock' }, 'state.redis.url'],
    [{ sentinel: { nodes: ['one:26379'] } }, 'state.redis.cluster'],
    [{ cluster: { nodes: ['one'] } }, 'state.redis.cluster.nodes.0'],
    [{ cluster: { nodes: [] } }, 'state.redis.cluster.nodes'],
  ])('refuses for a Redis Cluster what it cannot have (%j)', (more, at) =>
    expect(problems(redis({ cluster: { nodes: ['one:7000'] }, ...more }))).toEqual([
      expect.stringContaining(`${at}: `),
    ]),
  );

  test.each([
    redis({ url: 'redis://user:hunter2@cache/0' }),
    postgres({ url: 'postgres://user:hunter2@db/latchkey' }),
  ])('refuses a password in a URL, and does not repeat it', (settings) => {
    const told = problems(settings);
    expect(told).toEqual([expect.stringContaining('must not hold a password')]);
    expect(told.join()).not.toContain('hunter2');
  });

  test.each(['with space', 'brace{', 'x'.repeat(65)])('refuses the key prefix %j', (keyPrefix) =>
    expect(problems(redis({ keyPrefix }))).toHaveLength(1),
  );

  test('refuses what it does not know', () => {
    expect(problems({ ...(redis({ pasword: {} }) as object), memory: true })).toHaveLength(2);
  });
});
