import type { Outcome, Trigger } from '../messages.ts';

type Members = Record<string, unknown>;

/** What the actions of one run came to so far. */
export interface Result {
  readonly idToken: Members;
  readonly accessToken: Members;
  readonly addedScopes: string[];
  readonly removedScopes: string[];
  readonly userMetadata: Members;
  readonly appMetadata: Members;
  denied: Outcome['denied'];
}

/** Nothing yet. */
export function createResult(): Result {
  return {
    idToken: {},
    accessToken: {},
    addedScopes: [],
    removedScopes: [],
    userMetadata: {},
    appMetadata: {},
    denied: undefined,
  };
}

/** The second argument of `action`, which writes into `result`. What Auth0 has and we have not says so when it is called. */
export function createApi(trigger: Trigger, action: string, result: Result): object {
  const api: Members = {};
  const write = (into: Members) => (name: unknown, value: unknown) => {
    into[String(name)] = value;
    return api;
  };
  const list = (into: string[]) => (name: unknown) => {
    into.push(String(name));
    return api;
  };
  const deny = (error: string, reason: unknown): object => {
    result.denied = { action, error, reason: typeof reason === 'string' ? reason : '' };
    return api;
  };
  const isOfPerson = trigger === 'onExecutePostLogin';
  const parts: Record<string, Members> = {
    access: {
      deny: isOfPerson
        ? (reason: unknown) => deny('access_denied', reason)
        : (code: unknown, reason: unknown) => deny(String(code), reason),
    },
    accessToken: { setCustomClaim: write(result.accessToken) },
  };
  if (isOfPerson) {
    Object.assign(parts['accessToken'] ?? {}, {
      addScope: list(result.addedScopes),
      removeScope: list(result.removedScopes),
    });
    parts['idToken'] = { setCustomClaim: write(result.idToken) };
    parts['user'] = {
      setUserMetadata: write(result.userMetadata),
      setAppMetadata: write(result.appMetadata),
    };
  }
  for (const [name, part] of Object.entries(parts)) api[name] = saying(part, `api.${name}`);
  return saying(api, 'api');
}

/** `members`; any other one is a function that throws its own name. */
function saying(members: Members, path: string): Members {
  return new Proxy(members, {
    get(target, name) {
      if (typeof name === 'symbol' || name in target) return Reflect.get(target, name);
      return missing(`${path}.${name}`);
    },
  });
}

function missing(path: string): object {
  return new Proxy(() => undefined, {
    get: (_, name) => (typeof name === 'symbol' ? undefined : missing(`${path}.${name}`)),
    apply() {
      throw new TypeError(`${path} is not there in Latchkey: docs/guides/replace-auth0.md`);
    },
  });
}
