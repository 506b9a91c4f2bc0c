import type { Factors } from '../factors/factors.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { MfaFactor, Pool } from './pool.ts';
import type { PoolUser } from './users.ts';

/** Second factors by their names in the API, in the order in which it lists them. */
export const MFA_NAMES = {
  app: 'SOFTWARE_TOKEN_MFA',
  email: 'EMAIL_OTP',
} as const satisfies Readonly<Record<MfaFactor, string>>;
export type MfaName = (typeof MFA_NAMES)[MfaFactor];

/** What a user may be asked for beside the password. */
export interface Mfa {
  /** Any of these is enough. */
  readonly names: readonly MfaName[];
  /** The one that is asked for without a question. */
  readonly preferred: MfaName | undefined;
}

/** By what the pool has, what the user set up, and what they chose. */
export async function mfaOf(user: PoolUser, factors: Pick<Factors, 'of'>): Promise<Mfa> {
  const hasApp = await asksForApp(user, factors);
  const hasEmail = asksForEmail(user, { hasApp });
  const names = [...(hasApp ? [MFA_NAMES.app] : []), ...(hasEmail ? [MFA_NAMES.email] : [])];
  const preferred = names.find((name) => names.length === 1 || name === user.row.preferred_mfa);
  return { names, preferred };
}

/** Once it is set up, until the user switches it off, where the pool lets them. */
async function asksForApp(
  { pool, row, account }: PoolUser,
  factors: Pick<Factors, 'of'>,
): Promise<boolean> {
  if (!offers(pool, 'app')) return false;
  const has = await factors.of(account.id, account);
  return has?.totp !== undefined && (pool.mfa === 'on' || row.software_token !== 0);
}

/** By the user's choice; and of whoever has nothing else, where the pool asks everybody. */
function asksForEmail(
  { pool, row, account }: PoolUser,
  { hasApp }: { readonly hasApp: boolean },
): boolean {
  if (!offers(pool, 'email') || !account.emailVerified) return false;
  return row.email_mfa === 1 || (pool.mfa === 'on' && !hasApp);
}

/** The same as users and operators are told. */
export async function mfaView(user: PoolUser, factors: Pick<Factors, 'of'>): Promise<JsonObject> {
  const { names, preferred } = await mfaOf(user, factors);
  return {
    ...(names.length > 0 && { UserMFASettingList: names }),
    ...(preferred !== undefined && { PreferredMfaSetting: preferred }),
  };
}

/** Whether a pool takes a second factor of this kind. */
export function offers({ mfa, mfaFactors }: Pool, factor: MfaFactor): boolean {
  return mfa !== 'off' && mfaFactors.includes(factor);
}
