import type { Client, Clients } from '../../clients/clients.ts';
import type { Clock } from '../../runtime/clock.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Entry, State } from '../../storage/state.ts';
import type { AuthorizationDetails } from '../authorization-details/authorization-details.ts';
import type { Allowed } from '../consent-queries.ts';
import type { IssuerProfile, WaitingRequest } from '../contract.ts';
import { consentView, everythingIn, viewOfClient } from '../interaction-view.ts';
import type { Permitted } from '../permitted.ts';
import type { Resources } from '../resources.ts';
import { BACKCHANNEL_REQUEST, requestKey, requestsOfKey } from '../store/backchannel-store.ts';
import { number, object, ofKind, text } from '../store/payloads.ts';
import { oidcKey } from '../store/request-state.ts';

/** What requests that wait are found with. */
export interface FindWaitingOptions {
  readonly state: State;
  readonly clients: Pick<Clients, 'find'>;
  readonly resources: Resources;
  readonly permitted: Permitted;
  readonly details: AuthorizationDetails;
  readonly engineScopes: ReadonlySet<string>;
  readonly clock: Clock;
  readonly profile: IssuerProfile;
}

/** One that nobody has answered. */
export interface FoundRequest extends Open {
  /** Where it lies. */
  readonly key: string;
  readonly client: Client;
  /** What the client asks for, by the engine's names of the parameters. */
  readonly params: JsonObject;
  readonly allowed: Allowed;
  readonly request: WaitingRequest;
}

/** An entry of the state that nobody has answered, and whose time is not over. */
interface Open {
  readonly entry: Entry;
  readonly value: JsonObject;
  readonly payload: JsonObject;
}

/** Finds all that wait for somebody; those that nobody could be shown are left out. */
export type FindWaiting = (accountId: string) => Promise<readonly FoundRequest[]>;

/** In the state. */
export function createFindWaiting(options: FindWaitingOptions): FindWaiting {
  const { state, clients, clock, profile } = options;
  const full = (key: string): string => oidcKey(profile.namespace, key);

  async function found(
    digest: string,
    entry: Entry | undefined,
    accountId: string,
  ): Promise<FoundRequest | undefined> {
    const open = openIn(entry, accountId, clock.now());
    const client = open && (await clients.find(text(open.payload, 'clientId') ?? ''));
    const shown = client && (await shownRequest(digest, { ...open, client, accountId }, options));
    return shown && { ...open, ...shown, key: full(requestKey(digest)), client };
  }

  return async (accountId) => {
    const digests = await state.list(full(requestsOfKey(accountId)));
    const entries = await state.getMany(digests.map((digest) => full(requestKey(digest))));
    const all = await Promise.all(
      digests.map((digest, index) => found(digest, entries[index], accountId)),
    );
    return all.filter((one) => one !== undefined);
  };
}

function openIn(entry: Entry | undefined, accountId: string, now: number): Open | undefined {
  const value = ofKind(entry, BACKCHANNEL_REQUEST);
  const payload = value && object(value, 'payload');
  if (entry === undefined || value === undefined || payload === undefined) return undefined;
  const isAnswered = (text(payload, 'grantId') ?? text(payload, 'error')) !== undefined;
  const isOver = (number(payload, 'exp') ?? 0) <= now;
  const isTheirs = text(payload, 'accountId') === accountId;
  return isAnswered || isOver || !isTheirs ? undefined : { entry, value, payload };
}

async function shownRequest(
  digest: string,
  {
    payload,
    client,
    accountId,
  }: {
    readonly payload: JsonObject;
    readonly client: Client;
    readonly accountId: string;
  },
  options: FindWaitingOptions,
): Promise<Pick<FoundRequest, 'params' | 'allowed' | 'request'> | undefined> {
  const params = object(payload, 'params') ?? {};
  const details = options.details.shown(text(params, 'authorization_details'));
  if (details === undefined) return undefined;
  const everything = everythingIn(params, client, options);
  const allowed = await options.permitted.among(accountId, everything);
  const request = {
    // What is asked is part of it: who answers a page answers what that page showed.
    id: sha256(`${digest} ${JSON.stringify(allowed)}`),
    client: viewOfClient(client),
    message: text(params, 'binding_message') ?? '',
    asked: consentView(allowed, options.resources, details),
    askedAt: number(payload, 'iat') ?? 0,
    expiresAt: number(payload, 'exp') ?? 0,
  };
  return { params, allowed, request };
}
