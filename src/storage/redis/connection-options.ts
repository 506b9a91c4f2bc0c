import { readFile } from 'node:fs/promises';
import type { RedisOptions } from 'ioredis';
import { readSecret } from '../../config/secrets.ts';
import type { RedisSettings } from '../config.ts';

/** What ioredis needs to know to reach the Redis of `settings`; reads the password and the authorities. */
export async function readConnectionOptions(settings: RedisSettings): Promise<RedisOptions> {
  const url = new URL(settings.url);
  return {
    ...(url.protocol === 'unix:' ? { path: decodeURIComponent(url.pathname) } : addressIn(url)),
    ...(url.protocol === 'rediss:' ? { tls: await readAuthorities(settings.tlsCa) } : {}),
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: await readSecret(settings.password) }),
    connectTimeout: settings.connectTimeoutMs,
  };
}

const STANDARD_PORT = 6379;

function addressIn(url: URL): RedisOptions {
  return {
    host: url.hostname.replace(/^\[|\]$/gu, ''),
    port: url.port === '' ? STANDARD_PORT : Number(url.port),
    db: Number(url.pathname.slice(1)),
  };
}

async function readAuthorities(file: string | undefined): Promise<{ ca?: string }> {
  return file === undefined ? {} : { ca: await readFile(file, 'utf8') };
}
