import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import {
  Provider,
  type Account as EngineAccount,
  type Client as EngineClient,
} from 'oidc-provider';
import type { Account } from '../accounts/accounts.ts';
import type { Client } from '../clients/clients.ts';
import type { Held } from '../groups/groups.ts';
import type { Clock } from '../runtime/clock.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import type { Entry } from '../storage/state.ts';
import type { AccessTokenClaims } from './access-token-claims.ts';
import type { GrantRefusal, ProvenPerson } from './further-grant.ts';
import type { Advice } from './advice.ts';
import type { ClientTls } from './contract.ts';

/** When a request came, in a way that can be held against when another was answered. */
export interface Arrival {
  /** The node that took it; a restart is another node. */
  readonly node: string;
  /** Counts the requests of that node. */
  readonly order: number;
  readonly atMs: number;
}

/** The use of a refresh token, between the engine's `consume` and its `save` of the next one. */
export interface Rotation {
  readonly familyId: string;
  readonly presented: string;
}

/** A browser session as one request knows it. */
export interface KnownSession {
  /** The secret half of its cookie. */
  readonly secret: string;
  readonly entry: Entry;
  /** What the engine was given or gave us last: what it changes is told from this. */
  readonly base: JsonObject;
}

/** What one request knows: read once, shared by all that work on it, gone with it. */
export interface RequestScope {
  readonly origin: Origin;
  /** Where the client could show a certificate. */
  readonly tls: ClientTls | undefined;
  readonly arrival: Arrival;
  /** State entries as this request read them first. */
  readonly entries: Map<string, Promise<Entry | undefined>>;
  readonly clients: Map<string, Promise<Client | undefined>>;
  readonly accounts: Map<string, Promise<Account | undefined>>;
  /** What people hold, by account. */
  readonly held: Map<string, Promise<Held>>;
  /** Browser sessions by uid, as this request found or wrote them last. */
  readonly sessions: Map<string, KnownSession>;
  /** Access tokens that were recognised, by what was presented. */
  readonly tokens: Map<string, Promise<AccessTokenClaims | undefined>>;
  /** Writes that nothing but the answer waits for. */
  readonly writes: Promise<unknown>[];
  /** Runs when the engine is done and just before the answer leaves. */
  readonly beforeAnswer: ((answered: Arrival) => void)[];
  /** The revocation mark of whatever this request issues. */
  mark: string | undefined;
  rotation: Rotation | undefined;
  /** What the engine took for its own bug. */
  failure: unknown;
  /** Another request gave the session a new id meanwhile: ours must not reach the browser. */
  isSessionCookieStale: boolean;
  /** What this request wants and others may want at the same moment. */
  readonly contended: Set<string>;
  /** The endpoint, the client and the person of an answer past the engine, which else tells them. */
  route: string | undefined;
  client: EngineClient | undefined;
  account: EngineAccount | undefined;
  /** Who has proven who they are to the client itself. */
  proven: ProvenPerson | undefined;
  /** What the adviser of the issuer says of this request. */
  advice: Promise<Advice> | undefined;
  /** Claims of the token under way that come from those it is exchanged for. */
  exchanged: JsonObject | undefined;
  /** The refusal of a grant that is not the engine's, to be answered as it is. */
  refusal: GrantRefusal | undefined;
  /** A request that came encrypted, and the signed one that was in it. */
  openedRequest: { readonly jwe: string; readonly jwt: string } | undefined;
  /** The scopes that registration asks for, those of APIs among them. */
  registeredScope: string | undefined;
  /** The secret that registration gave out. */
  issuedSecret: string | undefined;
}

/** The scopes of the requests of one protocol. */
export interface RequestScopes {
  /** The scope of `request`, begun if it is the first to ask. */
  open(request: IncomingMessage, origin: Origin, tls?: ClientTls): RequestScope;
  /** The scope of `request`; one for this call alone when it did not come through `open`. */
  of(request: IncomingMessage): RequestScope;
  /** Does `work` for `request` outside of the engine, which else knows whose turn it is. */
  within<Result>(request: IncomingMessage, work: () => Result): Result;
  /** The scope of the request under way; one for this call alone outside of any. */
  current(): RequestScope;
  /** The instant at which an answer leaves: every later request has a greater `order`. */
  answerNow(): Arrival;
}

const NOWHERE: Origin = { address: 'unknown' };

/** `node` names this process for as long as it runs. */
export function createRequestScopes(options: {
  readonly clock: Clock;
  readonly node: string;
}): RequestScopes {
  const { clock, node } = options;
  const scopes = new WeakMap<IncomingMessage, RequestScope>();
  const underWay = new AsyncLocalStorage<RequestScope>();
  let arrived = 0;

  function create(origin: Origin, tls?: ClientTls): RequestScope {
    arrived += 1;
    return { ...emptyScope(origin, { node, order: arrived, atMs: clock.nowMs() }), tls };
  }

  function of(request: IncomingMessage): RequestScope {
    return scopes.get(request) ?? create(NOWHERE);
  }

  return {
    open(request, origin, tls) {
      const scope = scopes.get(request) ?? create(origin, tls);
      scopes.set(request, scope);
      return scope;
    },
    of,
    within: (request, work) => underWay.run(of(request), work),
    current() {
      const { ctx } = Provider;
      return ctx === undefined ? (underWay.getStore() ?? create(NOWHERE)) : of(ctx.req);
    },
    answerNow: () => ({ node, order: arrived, atMs: clock.nowMs() }),
  };
}

function emptyScope(origin: Origin, arrival: Arrival): Omit<RequestScope, 'tls'> {
  return {
    origin,
    arrival,
    entries: new Map(),
    clients: new Map(),
    accounts: new Map(),
    held: new Map(),
    sessions: new Map(),
    tokens: new Map(),
    writes: [],
    beforeAnswer: [],
    mark: undefined,
    rotation: undefined,
    failure: undefined,
    isSessionCookieStale: false,
    contended: new Set(),
    route: undefined,
    client: undefined,
    account: undefined,
    proven: undefined,
    advice: undefined,
    exchanged: undefined,
    refusal: undefined,
    openedRequest: undefined,
    registeredScope: undefined,
    issuedSecret: undefined,
  };
}

/** What `map` holds under `key`, made by `create` when this request asks for it first. */
export function once<Key, Value>(
  map: Map<Key, Promise<Value>>,
  key: Key,
  create: () => Promise<Value>,
): Promise<Value> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = create();
  map.set(key, made);
  return made;
}
