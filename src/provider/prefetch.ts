import type { IncomingMessage } from 'node:http';
import type { CookieNames } from './cookies.ts';
import type { RequestScopes } from './request-scope.ts';
import type { InteractionRecords } from './store/interaction-records.ts';
import type { RequestState } from './store/request-state.ts';
import { sessionKeyOfCookie } from './store/sessions.ts';

const COOKIE_BYTES_MAX = 8 * 1024;

/** Reads ahead, in one round trip, what a browser's cookies name: its session and the interaction it is in. */
export type PrefetchNamed = (request: IncomingMessage) => void;

/**
 * Whoever then asks for one of them finds it read, and judges the cookie as ever; what nobody asks for was read in
 * vain.
 */
export function createPrefetchNamed(options: {
  readonly cookies: CookieNames;
  readonly records: InteractionRecords;
  readonly state: RequestState;
  readonly scopes: RequestScopes;
}): PrefetchNamed {
  const { cookies, records, state, scopes } = options;
  return (request) => {
    const { cookie = '' } = request.headers;
    if (cookie === '' || cookie.length > COOKIE_BYTES_MAX) return;
    const named = valuesOf(cookie);
    const session = sessionKeyOfCookie(named.get(cookies.session) ?? '');
    const uid = named.get(cookies.interaction) ?? named.get(cookies.resume);
    // One alone is as quick without.
    if (session === undefined || uid === undefined) return;
    scopes.within(request, () => state.prefetch([session, records.key(uid)]));
  };
}

function valuesOf(cookie: string): ReadonlyMap<string, string> {
  const pairs = cookie.split(/; */).map((pair): readonly [string, string] => {
    const mark = pair.indexOf('=');
    return [pair.slice(0, mark), pair.slice(mark + 1)];
  });
  return new Map(pairs);
}
