import type { FurtherIssuer } from '../../capability.ts';
import { originOf } from '../../http/page.ts';
import type { Interaction } from '../../provider/contract.ts';
import { masked } from '../deliveries.ts';
import { awaitsPassword } from '../password-auth.ts';
import { namingMedia } from '../pool.ts';
import type { Room } from '../room.ts';
import { toVerify } from '../sign-up.ts';
import { directoryLogin, type PoolUser } from '../users.ts';
import { problemOf } from './pool-pages.ts';
import type { Arrivals } from './arrivals.ts';
import { createEmailFactor } from './email-factor.ts';
import { pathOf, STARTS } from './paths.ts';

type Reception = NonNullable<FurtherIssuer['reception']>;
type Detour = Parameters<Reception['detour']>[0];

/**
 * People sign in by what their pool knows them by. Whoever has still to be confirmed is led to the page for the code,
 * once their password was right. Whoever has to set a password is led to do so: after the right one, and after any
 * where there is none, so that these pages tell of a name what the JSON API tells of it, and no more.
 */
export function createReception(
  room: Pick<
    Room,
    'accounts' | 'clock' | 'factors' | 'letters' | 'pools' | 'records' | 'sms' | 'users'
  > & {
    readonly arrivals: Arrivals;
  },
): Reception {
  const { arrivals, pools, users } = room;

  async function userOf(
    { client }: Pick<Interaction, 'client'>,
    find: (pool: PoolUser['pool']) => Promise<PoolUser | undefined>,
  ): Promise<PoolUser | undefined> {
    const { pool } = (await pools.findClient(client.id)) ?? {};
    return pool && (await find(pool));
  }

  return {
    emailFactor: createEmailFactor(room),
    async begin(interaction) {
      const start = STARTS.find((path) => path === interaction.start);
      if (start === undefined) return undefined;
      const { pool } = (await pools.findClient(interaction.client.id)) ?? {};
      const isOpen = start !== '/signup' || pool?.selfSignUp === true;
      return isOpen ? pathOf(start, interaction) : undefined;
    },
    async directoryLogin(login, interaction) {
      const user = await userOf(interaction, (pool) => users.find(pool, login));
      return user === undefined
        ? `${interaction.client.id}/${login}`
        : directoryLogin(user.account);
    },
    async detour(visit, caller) {
      const { interaction } = visit;
      if ('login' in caller) {
        const user = await userOf(interaction, (pool) => users.find(pool, caller.login));
        return user && awaitsPassword(user) ? resetPage(user, interaction) : undefined;
      }
      const user = await userOf(interaction, (pool) => users.byAccount(pool, caller.accountId));
      if (user?.row.status === 'RESET_REQUIRED') return resetPage(user, interaction);
      if (user?.row.status !== 'UNCONFIRMED') return undefined;
      await arrivals.remember(interaction.uid, caller);
      return await codePage(user, visit, room);
    },
  };
}

function resetPage(user: PoolUser, interaction: Interaction): string {
  return pathOf('/forgotPassword', interaction, { login_hint: typedOf(user), reset: 'yes' });
}

/** With another letter, as long as there may be one. Undefined: there is no address to write to. */
async function codePage(
  user: PoolUser,
  { ctx, interaction }: Detour,
  { letters, sms }: Pick<Room, 'letters' | 'sms'>,
): Promise<string | undefined> {
  const address = toVerify(user, { sms });
  if (address === undefined) return undefined;
  const origin = originOf(ctx);
  await problemOf(async () => {
    await letters.admit(origin);
    const occasion = { source: 'ResendCode', clientId: interaction.client.id } as const;
    await letters.send({ user, address, origin, occasion, purpose: 'verify' });
  });
  return pathOf('/signup/code', interaction, { login_hint: typedOf(user), to: masked(address) });
}

/** What they type to sign in. */
function typedOf({ pool, row }: PoolUser): string {
  return namingMedia(pool).length > 0 ? row.login_key : row.username;
}
