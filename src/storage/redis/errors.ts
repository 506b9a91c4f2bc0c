import { ReplyError } from 'ioredis';
import { LatchkeyError } from '../../runtime/errors.ts';

/** The Redis that the configuration names may throw state away to make room. */
export class RedisMayEvict extends LatchkeyError {
  readonly code = 'ERR_REDIS_MAY_EVICT';
}

/** The Redis that the configuration names is there, but not for us: credentials, TLS, or an old version. */
export class RedisRefused extends LatchkeyError {
  readonly code = 'ERR_REDIS_REFUSED';
}

/**
 * What is known of a command that failed.
 * `unsent`: surely not done, and may be tried again; `lost`: sent, and no answer came, so that it may have
 * been done; `full`: refused for want of memory; `refused`: surely not done, and trying again is no use.
 */
export type Failure = 'unsent' | 'lost' | 'full' | 'refused';

// Redis answers these before it does anything; what they tell of passes with a new connection or soon.
const PASSING = ['LOADING', 'READONLY', 'MASTERDOWN', 'NOSCRIPT', 'CLUSTERDOWN', 'TRYAGAIN'];
// The sentence by which ioredis says that there was no connection to write to.
const NOT_WRITABLE = "Stream isn't writeable";

/** Tells what an error of ioredis means for the command that met it. */
export function failureOf(error: unknown): Failure {
  const message = messageOf(error);
  if (error instanceof ReplyError) {
    if (message.startsWith('OOM')) return 'full';
    return PASSING.some((word) => message.startsWith(word)) ? 'unsent' : 'refused';
  }
  return message.startsWith(NOT_WRITABLE) ? 'unsent' : 'lost';
}

/**
 * What an operator may read of an error. Never the error itself: ioredis hangs the command on it, with
 * every value that was to be written.
 */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The trouble as an operator is to read it: with the setting concerned, where it is known. */
export function advise(trouble: Error): string {
  return (refusalOf(trouble) ?? trouble).message;
}

/** Says in the operator's words why Redis turns us away; `undefined` when it merely is not there. */
export function refusalOf(error: unknown): RedisRefused | undefined {
  const message = messageOf(error);
  if (/^(?:WRONGPASS|NOAUTH|ERR AUTH)/u.test(message)) {
    return new RedisRefused(
      'Redis refuses the credentials: check storage.state.redis.username and storage.state.redis.password',
    );
  }
  if (message.startsWith('NOPERM')) {
    return new RedisRefused(
      `Redis grants the user of storage.state.redis.username too little (${message})`,
    );
  }
  if (message.startsWith('ERR DB index')) {
    return new RedisRefused(
      'Redis has no such database: check the number at the end of storage.state.redis.url',
    );
  }
  if (message.startsWith('ERR This instance has cluster support disabled')) {
    return new RedisRefused(
      'storage.state.redis.cluster names a Redis that stands alone: set storage.state.redis.url in its place',
    );
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/CERT|SELF_SIGNED|ALTNAME|_SSL_|ERR_TLS|EPROTO|UNABLE_TO/u.test(code)) {
    return new RedisRefused(
      `TLS to Redis fails (${code}): check storage.state.redis.url and storage.state.redis.tlsCa`,
    );
  }
  return undefined;
}
