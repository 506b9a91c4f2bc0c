import type { Clock } from '../runtime/clock.ts';
import { sha256 } from '../runtime/digest.ts';
import type { Json, JsonObject } from '../runtime/json.ts';
import { randomId } from '../runtime/random.ts';
import type { State, Version } from '../storage/state.ts';
import type { Ticket, TicketKind, Tickets } from './tickets.ts';

const TOKEN_BYTES = 32;
const TOKEN = /^[\w-]{43}$/;
const MINUTE = 60;
const DAY = 86_400;
/** Seconds that a ticket is good for. */
const LIVES: Readonly<Record<TicketKind, number>> = {
  recovery: 15 * MINUTE,
  invitation: 7 * DAY,
  'verify-email': DAY,
  'email-change-undo': 7 * DAY,
  'not-me': 7 * DAY,
};

/** The record of one ticket, and the version of the place that decides whether it is good. */
interface Held {
  readonly ticket: Ticket;
  readonly place: string;
  readonly version: Version;
}

/**
 * Tickets in state. A ticket's own record tells what it is for; whether it is good is decided in one place for each
 * kind and person, which names the one ticket that is: so the next takes the place of the last by writing it, and a
 * use is one swap of it.
 */
export function createTickets({
  state,
  clock,
}: {
  readonly state: State;
  readonly clock: Clock;
}): Tickets {
  async function hold(kind: TicketKind, token: string): Promise<Held | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const digest = sha256(token);
    const ticket = readTicket((await state.get(ticketKey(digest)))?.value);
    if (ticket?.kind !== kind || ticket.expiresAt <= clock.now()) return undefined;
    const place = placeKey(kind, ticket.about);
    const entry = await state.get(place);
    return entry?.value === digest ? { ticket, place, version: entry.version } : undefined;
  }

  return {
    async issue({ kind, about, payload = null }) {
      const token = randomId(TOKEN_BYTES, `ticket ${kind}`);
      const digest = sha256(token);
      const expiresAt = clock.now() + LIVES[kind];
      const options = { ttlSeconds: LIVES[kind], durable: true };
      // The record first: a ticket that has its place is a ticket that can be read.
      await state.put(ticketKey(digest), { kind, about, payload, expiresAt }, options);
      const once = kind === 'recovery';
      await state.put(placeKey(kind, about), digest, { ...options, once });
      return { token, expiresAt };
    },

    async peek(kind, token) {
      return (await hold(kind, token))?.ticket;
    },

    async use(kind, token) {
      const held = await hold(kind, token);
      if (held === undefined) return undefined;
      const { ticket, place, version } = held;
      const options = { ttlSeconds: LIVES[kind], durable: true, essential: true };
      const isWon = (await state.swap(place, version, null, options)) !== undefined;
      return isWon ? ticket : undefined;
    },

    async withdraw(kind, about) {
      await state.delete(placeKey(kind, about), { durable: true });
    },
  };
}

function ticketKey(digest: string): string {
  return `ticket:${digest}`;
}

/** By a digest, since addresses are no keys of the state. */
function placeKey(kind: TicketKind, about: string): string {
  return `ticket-of:${kind}:${sha256(about)}`;
}

function readTicket(value: Json | undefined): Ticket | undefined {
  if (!isObject(value)) return undefined;
  const { kind, about, payload, expiresAt } = value;
  if (!isKind(kind) || typeof about !== 'string' || typeof expiresAt !== 'number') return undefined;
  return { kind, about, payload: payload ?? null, expiresAt };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isKind(value: Json | undefined): value is TicketKind {
  return typeof value === 'string' && Object.hasOwn(LIVES, value);
}
