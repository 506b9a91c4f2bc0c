import { z } from 'zod';
import { AccountExists, type Accounts } from '../accounts/accounts.ts';
import type { Tickets } from '../accounts/tickets.ts';
import type { Factors } from '../factors/factors.ts';
import type { Clock } from '../runtime/clock.ts';
import { randomId } from '../runtime/random.ts';
import type { Actor } from '../runtime/origin.ts';
import type { State } from '../storage/state.ts';

/** The two kinds of links that take back what was changed. */
export type RestoreKind = 'not-me' | 'email-change-undo';

/** Whose account to bring back to which address, and from when on nothing is to be believed. */
const restorePoint = z.object({ accountId: z.string(), email: z.string(), at: z.number() });
export type RestorePoint = z.output<typeof restorePoint>;

/** Takes back what somebody else did to an account. */
export interface Restorer {
  /** The token for a letter to `point.email`, which was a verified address of the account at `point.at`. */
  issue(kind: RestoreKind, point: RestorePoint): Promise<string>;
  /** What a link would do; uses nothing up. Undefined: it is good no more. */
  peek(kind: RestoreKind, token: string): Promise<RestorePoint | undefined>;
  /**
   * Brings back the address, takes away whatever was enrolled since, recovery codes with it, and locks the account:
   * sessions and tokens end, and only recovery lets somebody in. Undefined: it was good no more.
   */
  restore(kind: RestoreKind, token: string, actor: Actor): Promise<RestorePoint | undefined>;
}

export interface RestorerOptions {
  readonly tickets: Tickets;
  readonly accounts: Accounts;
  readonly factors: Factors;
  readonly state: Pick<State, 'get' | 'put'>;
  readonly clock: Clock;
  readonly namespace: string;
}

/** As long as the longest of the tickets. */
const REMEMBERED_SECONDS = 7 * 86_400;

/**
 * Whoever changes the address of an account gets letters of their own from then on, with such links. So the earliest
 * link wins: once one was used, those of the time that it took back are good no more. An earlier one still is.
 */
export function createRestorer(options: RestorerOptions): Restorer {
  const { tickets, accounts, clock } = options;

  async function peek(kind: RestoreKind, token: string): Promise<RestorePoint | undefined> {
    const point = restorePoint.safeParse((await tickets.peek(kind, token))?.payload);
    if (!point.success || (await isTakenBack(point.data, options))) return undefined;
    return (await accounts.find(point.data.accountId)) && point.data;
  }

  return {
    async issue(kind, point) {
      // Each is about itself: a later change must not put an earlier link out of use.
      const about = `${point.accountId} ${randomId()}`;
      return (await tickets.issue({ kind, about, payload: { ...point } })).token;
    },
    peek,
    async restore(kind, token, actor) {
      const point = await peek(kind, token);
      if (point === undefined || (await tickets.use(kind, token)) === undefined) return undefined;
      await remember(point, options);
      // First of all nobody gets in; what else is to be done can wait for that.
      await accounts.lock(point.accountId, actor);
      await bringBackEmail(point, actor, accounts);
      await takeAwayFactors(point, actor, options);
      // Whatever came in between has ended, too.
      await accounts.lock(point.accountId, actor);
      return point;
    },
  };

  async function remember({ accountId, at }: RestorePoint, house: RestorerOptions): Promise<void> {
    const earlier = await takenBack(accountId, house);
    const span = { from: Math.min(at, earlier?.from ?? at), to: clock.now() };
    const life = { ttlSeconds: REMEMBERED_SECONDS, durable: true };
    await house.state.put(keyOf(accountId, house), span, life);
  }
}

const span = z.object({ from: z.number(), to: z.number() });

function keyOf(accountId: string, { namespace }: RestorerOptions): string {
  return `${namespace}:account:restored:${accountId}`;
}

async function takenBack(
  accountId: string,
  house: RestorerOptions,
): Promise<z.output<typeof span> | undefined> {
  const entry = await house.state.get(keyOf(accountId, house));
  return entry && span.parse(entry.value);
}

async function isTakenBack(
  { accountId, at }: RestorePoint,
  house: RestorerOptions,
): Promise<boolean> {
  const past = await takenBack(accountId, house);
  return past !== undefined && past.from <= at && at <= past.to;
}

async function bringBackEmail(
  { accountId, email }: RestorePoint,
  actor: Actor,
  accounts: Accounts,
): Promise<void> {
  const account = await accounts.find(accountId);
  if (account === undefined || (account.email === email && account.emailVerified)) return;
  try {
    await accounts.setEmail(accountId, { address: email, isVerified: true }, actor);
  } catch (error) {
    // It is another account's by now. This one stays locked, and an operator decides.
    if (!(error instanceof AccountExists)) throw error;
  }
}

/** A thief's own factor would keep its owner out, and let the thief in again. */
async function takeAwayFactors(
  { accountId, at }: RestorePoint,
  actor: Actor,
  { factors }: RestorerOptions,
): Promise<void> {
  const has = await factors.of(accountId);
  if (has === undefined) return;
  for (const { id, createdAt } of has.passkeys) {
    if (createdAt >= at) await factors.passkeys.remove(accountId, id, actor);
  }
  if (has.totp !== undefined && has.totp.createdAt >= at)
    await factors.totp.remove(accountId, actor);
  await factors.recoveryCodes.remove(accountId, actor);
  await factors.devices.forgetAll(accountId, actor);
}
