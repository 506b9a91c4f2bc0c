import type { Revocation } from '../revocation/revocation.ts';
import type { State } from '../storage/state.ts';
import { ACR } from './acr.ts';
import type { BrowserSessions, IssuerProfile, ListedSession } from './contract.ts';
import { createEndSession, type EndSessionOptions } from './end-session.ts';
import { number, ofKind, text } from './store/payloads.ts';
import { oidcKey } from './store/request-state.ts';
import { sessionPayload, sightingIn } from './store/session-record.ts';
import { isAlive, sessionKey, sessionsOfKey } from './store/sessions.ts';

interface BrowserSessionsOptions extends EndSessionOptions {
  readonly state: State;
  readonly revocation: Revocation;
  readonly profile: IssuerProfile;
}

/** Over the engine's own sessions. */
export function createBrowserSessions(options: BrowserSessionsOptions): BrowserSessions {
  const { provider, scopes, state, profile } = options;
  const full = (key: string): string => oidcKey(profile.namespace, key);

  return {
    async current(ctx) {
      const session = await scopes.within(ctx.req, () => provider().Session.get(ctx));
      const { uid, accountId, loginTs, amr = [], acr } = session;
      if (accountId === undefined || loginTs === undefined) return undefined;
      return { uid, accountId, authTime: loginTs, amr, isMultiFactor: acr === ACR.multiple };
    },
    end: createEndSession(options),
    async list(accountId) {
      const uids = await state.list(full(sessionsOfKey(accountId)));
      const entries = await state.getMany(uids.map((uid) => full(sessionKey(uid))));
      const sessions = await Promise.all(
        uids.map((uid, index) => listed(uid, ofKind(entries[index], 'Session'))),
      );
      return sessions
        .filter((session) => session !== undefined)
        .toSorted((one, other) => other.lastSeenAt - one.lastSeenAt);

      async function listed(
        uid: string,
        value: ReturnType<typeof ofKind>,
      ): Promise<ListedSession | undefined> {
        const payload = value && sessionPayload(value);
        if (value === undefined || payload === undefined) return undefined;
        if (text(payload, 'accountId') !== accountId) return undefined;
        if (!(await isAlive(uid, value, options))) return undefined;
        const signedInAt = number(payload, 'loginTs') ?? 0;
        const { at = signedInAt, address = '', userAgent } = sightingIn(value) ?? {};
        return { uid, signedInAt, lastSeenAt: at, userAgent, address };
      }
    },
  };
}
