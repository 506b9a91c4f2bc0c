import { readFile } from 'node:fs/promises';
import type { RedisOptions } from 'ioredis';
import { readSecret } from '../../config/secrets.ts';
import type { RedisSettings } from '../config.ts';
import { addressOf } from './slots.ts';

/** What ioredis needs to know to reach the Redis of `settings`; reads the password and the authorities. */
export async function readConnectionOptions(settings: RedisSettings): Promise<RedisOptions> {
  const url = new URL(settings.url);
  const tls = url.protocol === 'rediss:' ? await readAuthorities(settings.tlsCa) : undefined;
  return {
    ...(url.protocol === 'unix:' ? { path: decodeURIComponent(url.pathname) } : addressIn(url)),
    ...(tls && { tls }),
    ...(settings.sentinel && (await sentinelOptions(settings.sentinel, tls))),
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: await readSecret(settings.password) }),
    connectTimeout: settings.connectTimeoutMs,
  };
}

/** They are asked at each connection. */
async function sentinelOptions(
  { nodes, name, username, password }: NonNullable<RedisSettings['sentinel']>,
  tls: RedisOptions['tls'],
): Promise<RedisOptions> {
  return {
    sentinels: nodes.map(addressOf),
    name,
    ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: tls }),
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: await readSecret(password) }),
  };
}

/** IPv6 addresses stand in brackets in a URL only. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/gu, '');
}

const STANDARD_PORT = 6379;

function addressIn(url: URL): RedisOptions {
  return {
    host: bare(url.hostname),
    port: url.port === '' ? STANDARD_PORT : Number(url.port),
    db: Number(url.pathname.slice(1)),
  };
}

async function readAuthorities(file: string | undefined): Promise<{ ca?: string }> {
  return file === undefined ? {} : { ca: await readFile(file, 'utf8') };
}
