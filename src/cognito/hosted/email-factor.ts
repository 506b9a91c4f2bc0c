import type { FurtherIssuer } from '../../capability.ts';
import { originOf } from '../../http/page.ts';
import { CognitoException } from '../exception.ts';
import { MFA_NAMES, mfaOf } from '../mfa.ts';
import type { Room } from '../room.ts';
import type { PoolUser } from '../users.ts';

type EmailFactor = NonNullable<FurtherIssuer['reception']>['emailFactor'];
type Visit = Parameters<EmailFactor['send']>[0];

/** Within which every limit on letters and on guesses is over. */
const HOUR = 3600;

/** `EMAIL_OTP` at the hosted pages: of whom the JSON API asks it, with the same letters, limits and trigger. */
export function createEmailFactor({
  factors,
  letters,
  pools,
  users,
}: Pick<Room, 'factors' | 'letters' | 'pools' | 'users'>): EmailFactor {
  async function userOf(accountId: string, clientId: string): Promise<PoolUser | undefined> {
    const { pool } = (await pools.findClient(clientId)) ?? {};
    return pool && (await users.byAccount(pool, accountId));
  }

  /** The letter, or the code from it, of one sign-in. */
  async function askOf(
    { ctx, interaction: { client, uid } }: Visit,
    accountId: string,
  ): Promise<Omit<Parameters<Room['letters']['check']>[0], 'code'> | undefined> {
    const user = await userOf(accountId, client.id);
    const address = user?.account.email;
    if (user === undefined || address === undefined) return undefined;
    const purpose = 'sign-in-code';
    return { user, address, purpose, session: uid, origin: originOf(ctx), clientId: client.id };
  }

  return {
    async isOpenTo(accountId, { client }) {
      const user = await userOf(accountId, client.id);
      return user !== undefined && (await mfaOf(user, factors)).names.includes(MFA_NAMES.email);
    },
    async send(visit, accountId) {
      const ask = await askOf(visit, accountId);
      const { id: clientId, name: clientName } = visit.interaction.client;
      const occasion = { source: 'Authentication', clientId, clientMetadata: undefined } as const;
      try {
        if (ask !== undefined) await letters.send({ ...ask, occasion, clientName });
        return { kind: 'sent' };
      } catch (error) {
        if (!isLimit(error)) throw error;
        return { kind: 'throttled', retryAfterSeconds: HOUR };
      }
    },
    async check(visit, { accountId, code }) {
      const ask = await askOf(visit, accountId);
      try {
        if (ask === undefined) return { kind: 'refused' };
        await letters.check({ ...ask, code: code.replaceAll(/\s/gu, '') });
        return { kind: 'proven' };
      } catch (error) {
        if (isLimit(error)) return { kind: 'throttled', retryAfterSeconds: HOUR };
        if (error instanceof CognitoException) return { kind: 'refused' };
        throw error;
      }
    },
  };
}

function isLimit(error: unknown): boolean {
  return error instanceof CognitoException && error.type === 'LimitExceededException';
}
