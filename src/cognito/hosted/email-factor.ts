import type { FurtherIssuer } from '../../capability.ts';
import { originOf } from '../../http/page.ts';
import { CognitoException, type ExceptionName } from '../exception.ts';
import { addressOf, MFA_NAMES, mfaOf, type HeardFactor } from '../mfa.ts';
import { phoneOf, verifyNumber } from '../phone-numbers.ts';
import type { Room } from '../room.ts';
import type { PoolUser } from '../users.ts';

type EmailFactor = NonNullable<FurtherIssuer['reception']>['emailFactor'];
type Visit = Parameters<EmailFactor['send']>[0];

/** Within which every limit on letters and on guesses is over. */
const HOUR = 3600;

/** `EMAIL_OTP` and `SMS_MFA` at the hosted pages: of whom the JSON API asks them, with the same messages, limits and trigger. */
export function createEmailFactor(
  room: Pick<Room, 'accounts' | 'clock' | 'factors' | 'letters' | 'pools' | 'records' | 'users'>,
): EmailFactor {
  const { factors, letters, pools, users } = room;

  async function userOf(accountId: string, clientId: string): Promise<PoolUser | undefined> {
    const { pool } = (await pools.findClient(clientId)) ?? {};
    return pool && (await users.byAccount(pool, accountId));
  }

  /** Which of the two, the preferred one before the other. Undefined: neither. */
  async function factorOf(user: PoolUser): Promise<HeardFactor | undefined> {
    const { names, preferred } = await mfaOf(user, factors);
    const heard = names.filter((name) => name !== MFA_NAMES.app);
    return heard.find((name) => name === preferred) ?? heard[0];
  }

  /** The message, or the code from it, of one sign-in. */
  async function askOf(
    { ctx, interaction: { client, uid } }: Visit,
    accountId: string,
  ): Promise<Omit<Parameters<Room['letters']['check']>[0], 'code'> | undefined> {
    const user = await userOf(accountId, client.id);
    const factor = user && (await factorOf(user));
    if (user === undefined || factor === undefined) return undefined;
    const [purpose, address] = ['sign-in' as const, addressOf(user, factor)];
    return { user, address, purpose, session: uid, origin: originOf(ctx), clientId: client.id };
  }

  return {
    async isOpenTo(accountId, { client }) {
      const user = await userOf(accountId, client.id);
      return user !== undefined && (await factorOf(user)) !== undefined;
    },
    async mediumOf(accountId, { client }) {
      const user = await userOf(accountId, client.id);
      return user && (await factorOf(user)) === MFA_NAMES.sms ? 'phone' : 'email';
    },
    async send(visit, accountId) {
      const ask = await askOf(visit, accountId);
      const { id: clientId, name: clientName } = visit.interaction.client;
      const occasion = { source: 'Authentication', clientId, clientMetadata: undefined } as const;
      try {
        if (ask !== undefined) await letters.send({ ...ask, occasion, clientName });
        return { kind: 'sent' };
      } catch (error) {
        if (isLimit(error)) return { kind: 'throttled', retryAfterSeconds: HOUR };
        if (isType(error, 'InvalidSmsRoleAccessPolicyException')) return { kind: 'unsent' };
        throw error;
      }
    },
    async check(visit, { accountId, code }) {
      const ask = await askOf(visit, accountId);
      try {
        if (ask === undefined) return { kind: 'refused' };
        await letters.check({ ...ask, code: code.replaceAll(/\s/gu, '') });
        await verifyByThat(ask, room);
        return { kind: 'proven' };
      } catch (error) {
        if (isLimit(error)) return { kind: 'throttled', retryAfterSeconds: HOUR };
        if (error instanceof CognitoException) return { kind: 'refused' };
        throw error;
      }
    },
  };
}

/** A number that was not verified yet is so by a code that went there. */
async function verifyByThat(
  {
    user,
    address,
    origin,
  }: Pick<Parameters<Room['letters']['check']>[0], 'user' | 'address' | 'origin'>,
  room: Parameters<typeof verifyNumber>[3],
): Promise<void> {
  const phone = phoneOf(user);
  if (phone?.isVerified === false && phone.number === address)
    await verifyNumber(user, address, { by: 'self', origin }, room);
}

function isLimit(error: unknown): boolean {
  return isType(error, 'LimitExceededException');
}

function isType(error: unknown, type: ExceptionName): boolean {
  return error instanceof CognitoException && error.type === type;
}
