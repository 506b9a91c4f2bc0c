import { z } from 'zod';
import { secret } from '../config/values.ts';

/** A connection URL of one of `protocols`, without a password, which has a setting of its own. */
function connectionUrl(standard: string, protocols: readonly string[]): z.ZodDefault<z.ZodString> {
  return z
    .string()
    .refine((text) => protocols.includes(URL.parse(text)?.protocol ?? ''), {
      error: `must be a URL that begins with ${protocols.map((name) => `${name}//`).join(' or ')}`,
      abort: true,
    })
    .refine((text) => !URL.parse(text)?.password, {
      error: 'must not hold a password: name its file or variable in `password`',
    })
    .default(standard);
}

const timeoutMs = (standard: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(50).max(60_000).default(standard);

const addresses = (): z.ZodArray<z.ZodString> =>
  z
    .array(
      z.string().regex(/^(?:[\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/iu, { error: 'expected host:port' }),
    )
    .min(1);

/** A Cluster spreads the keys over several masters. */
const clusterSettings = z.strictObject({
  nodes: addresses().describe(
    'Some of its nodes, which tell of the others: [redis-1:6379, redis-2:6379, ...].',
  ),
});

/** Sentinels know which Redis is the master, and make another one when it is gone. */
const sentinelSettings = z.strictObject({
  nodes: addresses().describe(
    'Where the Sentinels listen: [sentinel-1:26379, sentinel-2:26379, ...].',
  ),
  name: z.string().min(1).default('mymaster').describe('The name by which they know the master.'),
  username: z.string().min(1).optional().describe('The ACL user at the Sentinels.'),
  password: secret().optional().describe('Where the password of the Sentinels is kept.'),
});

/** How the Redis that holds the state is reached. */
const redisSettings = z
  .strictObject({
    url: connectionUrl('redis://127.0.0.1:6379/0', ['redis:', 'rediss:', 'unix:']).describe(
      'Where Redis listens: redis://host:port/database, rediss:// for TLS, unix:///path for a socket.',
    ),
    sentinel: sentinelSettings
      .optional()
      .describe(
        'Asks Sentinels which Redis is the master; of `url` only the database counts then, and rediss:// for TLS to all of them.',
      ),
    cluster: clusterSettings
      .optional()
      .describe(
        'Spreads the state over a Redis Cluster, the addresses that it announces must be in reach; of `url` only rediss:// counts then, for TLS to all of them.',
      ),
    username: z.string().min(1).optional().describe('The ACL user; left out: the default user.'),
    password: secret().optional().describe('Where the password is kept; left out: there is none.'),
    tlsCa: z
      .string()
      .min(1)
      .optional()
      .describe(
        'PEM file of the authorities that may vouch for Redis; left out: those Node knows. Only for rediss://.',
      ),
    keyPrefix: z
      .string()
      .regex(/^[\w:.-]{0,64}$/, 'must be at most 64 letters, digits, or : . _ -')
      .default('latchkey:')
      .describe('What every key begins with, so that a Redis can be shared.'),
    replicas: z
      .int()
      .min(0)
      .max(10)
      .default(0)
      .describe(
        'How many replicas must have confirmed a revocation or a rotation before it is answered; 0: the log of Redis alone.',
      ),
    connectTimeoutMs: timeoutMs(1000).describe('Milliseconds to wait for a connection.'),
    commandTimeoutMs: timeoutMs(700).describe(
      'Milliseconds to wait for the answer to a command before the request is refused with 503.',
    ),
  })
  .refine(({ url, sentinel }) => sentinel === undefined || !url.startsWith('unix:'), {
    path: ['url'],
    error: 'must not be a socket: Sentinels know masters by host and port',
  })
  .refine(
    ({ url, cluster }) =>
      cluster === undefined || ['', '/', '/0'].includes(URL.parse(url)?.pathname ?? ''),
    {
      path: ['url'],
      error: 'must not name a socket or a database: a Cluster has database 0 alone',
    },
  )
  .refine(({ sentinel, cluster }) => sentinel === undefined || cluster === undefined, {
    path: ['cluster'],
    error: 'must not stand beside `sentinel`: a Cluster makes its masters itself',
  });

/** How the PostgreSQL that holds the records is reached. */
const postgresSettings = z.strictObject({
  url: connectionUrl('postgres://127.0.0.1:5432/latchkey', ['postgres:', 'postgresql:']).describe(
    'Where PostgreSQL listens: postgres://host:port/database, or postgres://%2Ffolder/database for a socket.',
  ),
  username: z.string().min(1).default('latchkey').describe('The role to connect as.'),
  password: secret().optional().describe('Where the password is kept; left out: there is none.'),
  tls: z
    .boolean()
    .default(false)
    .describe('Speak TLS and verify the server, as every connection beyond this machine should.'),
  tlsCa: z
    .string()
    .min(1)
    .optional()
    .describe(
      'PEM file of the authorities that may vouch for PostgreSQL; left out: those Node knows.',
    ),
  poolMax: z.int().min(1).max(200).default(10).describe('How many connections a node may hold.'),
  connectTimeoutMs: timeoutMs(2000).describe('Milliseconds to wait for a free connection.'),
  statementTimeoutMs: timeoutMs(5000).describe(
    'Milliseconds to wait for the answer to a statement before the request is refused with 503.',
  ),
});

/** Where state (sessions, grants, tokens, keys) and records (people, clients, audit) are kept. */
export const storageConfig = z
  .strictObject({
    state: z
      .strictObject({
        engine: z
          .enum(['embedded', 'redis'])
          .default('embedded')
          .describe('What holds the short-lived state: the embedded file, or Redis 7 and later.'),
        redis: redisSettings
          .prefault({})
          .describe('How Redis is reached; read only when the engine is redis.'),
      })
      .prefault({})
      .describe('Sessions, grants, codes, tokens, revocations, signing keys.'),
    records: z
      .strictObject({
        engine: z
          .enum(['embedded', 'postgres'])
          .default('embedded')
          .describe(
            'What holds the durable records: the embedded file, or PostgreSQL 15 and later.',
          ),
        postgres: postgresSettings
          .prefault({})
          .describe('How PostgreSQL is reached; read only when the engine is postgres.'),
      })
      .prefault({})
      .describe('People, clients, consents, the audit trail.'),
    embedded: z
      .strictObject({
        file: z
          .string()
          .min(1)
          .default('data/latchkey.sqlite')
          .describe('The file of the embedded engine; it and its folder are created when missing.'),
      })
      .prefault({})
      .describe('The embedded engine: one SQLite file for state, records, or both.'),
  })
  .prefault({});

export type StorageConfig = z.output<typeof storageConfig>;

export type RedisSettings = z.output<typeof redisSettings>;

export type PostgresSettings = z.output<typeof postgresSettings>;
