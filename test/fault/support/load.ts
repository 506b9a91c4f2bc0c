import { setTimeout as delay } from 'node:timers/promises';
import {
  authorize,
  basic,
  type BenchClient,
  PATHS,
  redeem,
  type TokenAnswer,
} from '../../../bench/browser-flow.ts';
import type { Answer } from '../../../bench/lane.ts';
import type { Family, Ledger } from './ledger.ts';
import type { Visitor } from './visitor.ts';
import { API, APP, PERSON, SERVICE, type World } from './world.ts';

/** How many of each kind work at once. */
export interface Crew {
  /** Sign in again and again, and redeem each code twice at once. */
  readonly people?: number;
  /** Sign in once and refresh; as an honest client does, they repeat what was not answered. */
  readonly refreshers?: number;
  /** Refresh a few times, then revoke and begin anew. */
  readonly revokers?: number;
  readonly services?: number;
  readonly introspectors?: number;
  /** Register one client after the other. */
  readonly registrars?: number;
  readonly readers?: number;
}

/** A load that goes on until it is told to stop. */
export interface Load {
  stop(): Promise<void>;
}

export interface LoadOptions {
  /** Which node to ask; left out: the first. */
  readonly node?: () => number;
  /** Between two requests of one of the crew. */
  readonly pauseMs?: number;
}

type Act = () => Promise<void>;
type Person = typeof PERSON;

/** Of the people that every node of the tests knows. */
const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin'];
const AFTER_FAILURE_MS = 50;
const REFRESHES_BEFORE_REVOKING = 3;

/** Resolves once everyone has done their first act. */
export async function startLoad(
  world: World,
  crew: Crew,
  { node, pauseMs = 5 }: LoadOptions = {},
): Promise<Load> {
  const stop = new AbortController();
  const visit = (isBrowser: boolean): Visitor =>
    world.visitor({ isBrowser, ...(node && { node }) });
  let people = 0;
  // Each signs in as somebody else, as far as there are people: nobody runs into another's limits.
  const somebody = (): Person => {
    const login = NAMES[people % NAMES.length] ?? PERSON.login;
    people += 1;
    return { login, password: PERSON.password };
  };
  const actors = [
    ...times(crew.people, () => racer(world.ledger, somebody(), [visit(true), visit(false)])),
    ...times(crew.refreshers, () => refresher(world.ledger, visit(false), somebody())),
    ...times(crew.revokers, () => revoker(world.ledger, visit(false), somebody())),
    ...times(crew.services, () => service(visit(false))),
    ...times(crew.introspectors, () => introspector(world.ledger, visit(false), somebody())),
    ...times(crew.registrars, () => registrar(world.ledger, visit(false))),
    ...times(crew.readers, () => reader(visit(false))),
  ];
  for (const { act } of actors) await act();
  const working = actors.map(({ visitor, act }) =>
    work(visitor, act, { stop: stop.signal, pauseMs }),
  );
  return {
    async stop() {
      stop.abort();
      await Promise.all(working);
    },
  };
}

interface Actor {
  readonly visitor: Visitor;
  readonly act: Act;
}

function times(count = 0, create: () => Actor): readonly Actor[] {
  return Array.from({ length: count }, create);
}

async function work(
  visitor: Visitor,
  act: Act,
  { stop, pauseMs }: { readonly stop: AbortSignal; readonly pauseMs: number },
): Promise<void> {
  while (!stop.aborted) {
    const failures = visitor.failures();
    try {
      await act();
      await delay(pauseMs);
    } catch (error) {
      // A refusal or the lack of an answer stands in the ledger; all else is a mistake of the test.
      if (visitor.failures() === failures) throw error;
      await delay(AFTER_FAILURE_MS);
    }
  }
}

/** The second redemption races the first: whichever is paid, the other must not be. */
function racer(ledger: Ledger, who: Person, [visitor, second]: readonly [Visitor, Visitor]): Actor {
  return {
    visitor,
    async act() {
      const authorized = await authorize(visitor, { client: APP, ...who });
      const answers = await Promise.allSettled(
        [visitor, second].map((lane) => redeem(lane, APP, authorized)),
      );
      for (const answer of answers) {
        if (answer.status === 'fulfilled') ledger.redeemed(authorized.code, tokensOf(answer.value));
      }
    },
  };
}

/** Signs in and redeems the code. */
export async function signUp(
  ledger: Ledger,
  visitor: Visitor,
  who: Person = PERSON,
): Promise<Family> {
  const authorized = await authorize(visitor, { client: APP, ...who });
  const answer = await redeem(visitor, APP, authorized);
  const family = ledger.redeemed(authorized.code, tokensOf(answer));
  if (!family) throw new Error(`the code was not redeemed: ${answer.status} ${answer.body}`);
  return family;
}

/** One refresh with the family's newest token; the family is ended if it is refused. */
export async function refresh(ledger: Ledger, visitor: Visitor, family: Family): Promise<Answer> {
  const answer = await visitor.request(PATHS.token, {
    method: 'POST',
    headers: basic(APP),
    form: { grant_type: 'refresh_token', refresh_token: family.refreshTokens.at(-1) ?? '' },
  });
  const tokens = tokensOf(answer);
  if (tokens) ledger.refreshed(family, tokens);
  if (answer.status === 400) Object.assign(family, { endedBy: answer.body });
  return answer;
}

function refresher(ledger: Ledger, visitor: Visitor, who: Person): Actor {
  let family: Family | undefined;
  return {
    visitor,
    async act() {
      if (family?.endedBy !== undefined) family = undefined;
      family ??= await signUp(ledger, visitor, who);
      const { status } = await refresh(ledger, visitor, family);
      if (status !== 200) throw new Error('not refreshed');
    },
  };
}

function revoker(ledger: Ledger, visitor: Visitor, who: Person): Actor {
  let family: Family | undefined;
  return {
    visitor,
    async act() {
      family ??= await signUp(ledger, visitor, who);
      if (family.refreshTokens.length <= REFRESHES_BEFORE_REVOKING) {
        const { status } = await refresh(ledger, visitor, family);
        if (family.endedBy !== undefined) family = undefined;
        if (status !== 200) throw new Error('not refreshed');
        return;
      }
      await revoke(ledger, visitor, family);
      family = undefined;
    },
  };
}

/** Takes the family back; what was answered 200 stands in the ledger. */
export async function revoke(ledger: Ledger, visitor: Visitor, family: Family): Promise<void> {
  await revokeToken(ledger, visitor, family.refreshTokens.at(-1) ?? '');
  // Its access tokens end with the grant (RFC 7009 section 2.1).
  ledger.revoked.push(...family.accessTokens);
}

/** Takes one token back; what was answered 200 stands in the ledger. */
export async function revokeToken(ledger: Ledger, visitor: Visitor, token: string): Promise<void> {
  const answer = await visitor.request('/revoke', {
    method: 'POST',
    headers: basic(APP),
    form: { token },
  });
  if (answer.status !== 200) throw new Error('not revoked');
  ledger.revoked.push(token);
}

/** A token for the service itself. */
export function clientCredentials(visitor: Visitor): Promise<Answer> {
  return visitor.request(PATHS.token, {
    method: 'POST',
    headers: basic(SERVICE),
    form: { grant_type: 'client_credentials', resource: API, scope: 'read:messages' },
  });
}

function service(visitor: Visitor): Actor {
  return {
    visitor,
    async act() {
      const answer = await clientCredentials(visitor);
      if (answer.status !== 200) throw new Error('no token');
    },
  };
}

function introspector(ledger: Ledger, visitor: Visitor, who: Person): Actor {
  let family: Family | undefined;
  return {
    visitor,
    async act() {
      family ??= await signUp(ledger, visitor, who);
      const token = family.accessTokens.at(-1) ?? '';
      const userinfo = await visitor.request(PATHS.userinfo, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { status } = await introspect(visitor, token);
      if (userinfo.status !== 200 || status !== 200) throw new Error('not told');
    },
  };
}

function registrar(ledger: Ledger, visitor: Visitor): Actor {
  return {
    visitor,
    async act() {
      const answer = await register(visitor, 'Registered under load');
      if (answer.status !== 201) throw new Error('not registered');
      ledger.clients.push(clientOf(answer));
    },
  };
}

/** Dynamic registration of a confidential client. */
export function register(visitor: Visitor, name: string): Promise<Answer> {
  return visitor.request('/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    json: { client_name: name, redirect_uris: ['https://registered.example/callback'] },
  });
}

/** The client that `answer` made. */
export function clientOf({ body }: Answer): BenchClient {
  const { client_id: id, client_secret: secret } = JSON.parse(body) as Record<string, string>;
  return { id: id ?? '', secret: secret ?? '', redirectUri: '' };
}

/** Whether the provider knows the client by its secret. */
export async function isKnown(visitor: Visitor, client: BenchClient): Promise<boolean> {
  const form = { token: 'nothing' };
  const answer = await visitor.request(PATHS.introspect, {
    method: 'POST',
    headers: basic(client),
    form,
  });
  return answer.status === 200;
}

function reader(visitor: Visitor): Actor {
  return {
    visitor,
    async act() {
      for (const path of [PATHS.jwks, PATHS.discovery]) await visitor.request(path);
    },
  };
}

function introspect(visitor: Visitor, token: string): Promise<Answer> {
  return visitor.request(PATHS.introspect, {
    method: 'POST',
    headers: basic(APP),
    form: { token },
  });
}

/** Whether the provider says that `token` is good. */
export async function isActive(visitor: Visitor, token: string): Promise<boolean> {
  const { status, body } = await introspect(visitor, token);
  if (status !== 200) throw new Error(`introspection answered ${status}: ${body}`);
  return (JSON.parse(body) as { active: boolean }).active;
}

/** Of the tokens whose revocation was answered 200, those that the provider says are good. */
export async function revokedAlive(visitor: Visitor, ledger: Ledger): Promise<readonly string[]> {
  return alive(visitor, ledger.revoked);
}

/** Families of which more than one refresh token is good. */
export async function twiceAlive(
  visitor: Visitor,
  { families }: Ledger,
): Promise<readonly Family[]> {
  const found: Family[] = [];
  for (const family of families) {
    if ((await alive(visitor, family.refreshTokens)).length > 1) found.push(family);
  }
  return found;
}

async function alive(visitor: Visitor, tokens: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const token of tokens) if (await isActive(visitor, token)) found.push(token);
  return found;
}

function tokensOf({ status, body }: Answer): TokenAnswer | undefined {
  return status === 200 ? (JSON.parse(body) as TokenAnswer) : undefined;
}
