import { describe, expect, test } from 'vitest';
import { confirmationOf } from '../../../src/storage/redis/durable.ts';
import { RedisMayEvict, RedisRefused } from '../../../src/storage/redis/errors.ts';
import {
  isAtLeast,
  readServerFacts,
  remarksOf,
  unfitnessOf,
} from '../../../src/storage/redis/server-facts.ts';

const INFO = [
  '# Server',
  'redis_version:7.2.4',
  'redis_mode:standalone',
  'run_id:abc',
  'executable:/usr/bin/redis-server:odd',
  '# Memory',
  'maxmemory_policy:noeviction',
  '# Persistence',
  'aof_enabled:1',
  '# Replication',
  'role:master',
  'connected_slaves:2',
  '',
].join('\r\n');

const PLACE = { mode: 'standalone', name: 'one', called: 'the Redis of storage.state.redis.url' };

const facts = readServerFacts(INFO, 'everysec');

describe('what Redis says of itself', () => {
  test('is read from INFO', () => {
    expect(facts).toEqual({
      version: '7.2.4',
      mode: 'standalone',
      runId: 'abc',
      heirOf: '',
      uptimeSeconds: 0,
      role: 'master',
      evictionPolicy: 'noeviction',
      appendOnly: true,
      appendFsync: 'everysec',
      replicas: 2,
    });
  });

  test.each([
    ['7.0.15', false],
    ['7.1.99', false],
    ['7.2.0', true],
    ['7.10.0', true],
    ['8.0.0', true],
    ['10.0', true],
  ])('version %s is 7.2 or later: %s', (version, expected) => {
    expect(isAtLeast({ ...facts, version }, 7, 2)).toBe(expected);
  });
});

describe('a Redis', () => {
  test('that keeps everything and is new enough is fit', () => {
    expect(unfitnessOf(facts, PLACE)).toBeUndefined();
  });

  test('before version 7 is not fit', () => {
    expect(unfitnessOf({ ...facts, version: '6.2.14' }, PLACE)).toBeInstanceOf(RedisRefused);
  });

  test.each(['cluster', 'sentinel', ''])('in the mode "%s" is not fit', (mode) => {
    expect(unfitnessOf({ ...facts, mode }, PLACE)).toBeInstanceOf(RedisRefused);
  });

  test('is fit for a Cluster in cluster mode alone, and the refusal says which it is', () => {
    const place = {
      ...PLACE,
      mode: 'cluster',
      called: 'the Redis a:1 of storage.state.redis.cluster',
    };
    expect(unfitnessOf({ ...facts, mode: 'cluster' }, place)).toBeUndefined();
    expect(unfitnessOf(facts, place)?.message).toContain('a:1');
  });

  test('that evicts, or does not say whether it does, is not fit', () => {
    expect(unfitnessOf({ ...facts, evictionPolicy: 'volatile-ttl' }, PLACE)).toBeInstanceOf(
      RedisMayEvict,
    );
    expect(unfitnessOf({ ...facts, evictionPolicy: '' }, PLACE)).toBeInstanceOf(RedisMayEvict);
  });
});

test('an operator is told of replicas that need not confirm, and of those that are missing', () => {
  expect(remarksOf(facts, 0)).toEqual([expect.stringContaining('storage.state.redis.replicas')]);
  expect(remarksOf(facts, 2)).toEqual([]);
  expect(remarksOf(facts, 3)).toEqual([expect.stringContaining('2 of the 3 replicas')]);
});

describe('a durable write is confirmed', () => {
  test('by replicas where some are asked for, whatever else there is', () => {
    expect(confirmationOf(facts, 1)).toBe('replicas');
    expect(confirmationOf(undefined, 1)).toBe('replicas');
  });

  test('by the log of a Redis alone, from 7.2 on', () => {
    expect(confirmationOf(facts, 0)).toBe('log');
    expect(confirmationOf({ ...facts, version: '7.0.15' }, 0)).toBe('none');
    expect(confirmationOf({ ...facts, appendOnly: false }, 0)).toBe('none');
  });

  test('by nobody where that is not known, and the operator is told of the second', () => {
    expect(confirmationOf(undefined, 0)).toBe('none');
    const old = { ...facts, version: '7.0.15', replicas: 0 };
    expect(remarksOf(old, 0)).toEqual([expect.stringContaining('last second')]);
    expect(remarksOf({ ...old, appendFsync: 'always' }, 0)).toEqual([]);
    expect(remarksOf({ ...facts, replicas: 0 }, 0)).toEqual([]);
  });
});
