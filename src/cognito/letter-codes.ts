import { foldEmail } from '../accounts/login.ts';
import { createQuotas } from '../accounts/quotas.ts';
import { sha256 } from '../runtime/digest.ts';
import type { Origin } from '../runtime/origin.ts';
import { expiredCode, limitExceeded, wrongCode, type CognitoException } from './exception.ts';
import type { Pool } from './pool.ts';
import type { Room } from './room.ts';
import { loginKeyOf, type PoolUser } from './users.ts';

const MINUTE = 60;
const HOUR_LETTERS_OF_MAILBOX = 20;

/** What a code is good for. */
export type CodePurpose = 'verify' | 'reset' | 'sign-in';

/** For whom a code is, and for what. */
export interface CodeAsk {
  readonly user: PoolUser;
  readonly purpose: CodePurpose;
  /** Of e-mail, or a telephone number. */
  readonly address: string;
  readonly origin: Origin;
  /** The sign-in that it is for, and for no other. */
  readonly session?: string | undefined;
}

/** A name to which no letter goes. */
export interface Nobody {
  readonly pool: Pool;
  readonly typed: string;
  readonly origin: Origin;
}

/** What somebody has typed. */
interface Typed {
  readonly code: string;
  readonly clientId: string;
}

/** Codes of letters and text messages, each for one user, one purpose and one address, and all of them counted. */
export interface LetterCodes {
  /** Counts what one address asks for. @throws {CognitoException} beyond the limit. */
  admit(origin: Origin): Promise<void>;
  /** In place of the last. @throws {CognitoException} beyond the limits. */
  issue(ask: CodeAsk): Promise<{ readonly code: string; readonly minutes: number }>;
  /**
   * `tellsExpiry`: what was used or came too late is told from what was mistyped, which tells strangers whether somebody waits
   * for a code.
   *
   * @throws {CognitoException} for a code that is not good.
   */
  check(ask: CodeAsk & Typed & { readonly tellsExpiry?: boolean }): Promise<void>;
  /** Counts for a name that is nobody's, or has no address, what `issue` counts. @throws {CognitoException} beyond the limits. */
  pretend(name: Nobody): Promise<void>;
  /** What `check` throws for any code of such a name. */
  refusalFor(name: Nobody & Typed): Promise<CognitoException>;
}

export function createLetterCodes(
  house: Pick<Room, 'factors' | 'settings' | 'state'>,
): LetterCodes {
  const { factors, settings } = house;
  const { emailCodes } = factors;
  const quotas = createQuotas(house.state, 'cognito');

  async function issued(
    of: { readonly flowId: string; readonly accountId: string; readonly mailbox: string },
    origin: Origin,
  ): ReturnType<LetterCodes['issue']> {
    const { flowId, accountId, mailbox } = of;
    const made = await emailCodes.issue({ flowId, accountId, origin });
    if (made.kind === 'throttled') throw limitExceeded();
    const ration = { mailbox, address: origin.address, max: HOUR_LETTERS_OF_MAILBOX };
    if (!(await quotas.takeLetter(ration))) throw limitExceeded();
    return { code: made.code, minutes: Math.round(made.lifetimeSeconds / MINUTE) };
  }

  return {
    async admit({ address }) {
      const { perAddress: max, overall } = settings;
      if (!(await quotas.take({ address, max, overall }))) throw limitExceeded();
    },
    async issue({ origin, ...ask }) {
      const mailbox = foldEmail(ask.address) ?? ask.address;
      return await issued({ ...ofUser(ask), mailbox }, origin);
    },
    async check({ user, purpose, address, session, tellsExpiry = false, ...shown }) {
      const of = ofUser({ user, purpose, address, session });
      const isWaiting = !tellsExpiry || (await emailCodes.isWaiting(of.flowId));
      const outcome = await emailCodes.check({ ...of, ...shown });
      if (outcome.kind === 'throttled') throw limitExceeded();
      if (outcome.kind === 'refused') throw isWaiting ? wrongCode() : expiredCode();
    },
    async pretend({ pool, typed, origin }) {
      const id = nobodyOf(pool, typed);
      await issued({ flowId: id, accountId: id, mailbox: id }, origin);
    },
    async refusalFor({ pool, typed, ...shown }) {
      const id = nobodyOf(pool, typed);
      const ask = { flowId: id, accountId: id, isOfNobody: true, ...shown };
      const { kind } = await emailCodes.check(ask);
      return kind === 'throttled' ? limitExceeded() : wrongCode();
    },
  };
}

function ofUser({ user, purpose, address, session }: Omit<CodeAsk, 'origin'>): {
  readonly flowId: string;
  readonly accountId: string;
} {
  const flow = `cognito ${user.pool.id} ${purpose} ${foldEmail(address) ?? address}`;
  return {
    flowId: session === undefined ? flow : `${flow} ${session}`,
    accountId: user.account.id,
  };
}

/** Always the same nobody, so that they are counted like anyone else. */
function nobodyOf({ id }: Pick<Pool, 'id'>, typed: string): string {
  return `nobody:${sha256(`${id} ${loginKeyOf(typed)}`)}`;
}
