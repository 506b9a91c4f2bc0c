import type { Factors } from '../factors/factors.ts';
import type { JsonObject } from '../runtime/json.ts';
import { phoneOf } from './phone-numbers.ts';
import type { MfaFactor, Pool } from './pool.ts';
import type { PoolUser } from './users.ts';

/** Second factors by their names in the API, in the order in which it lists them. */
export const MFA_NAMES = {
  app: 'SOFTWARE_TOKEN_MFA',
  email: 'EMAIL_OTP',
  sms: 'SMS_MFA',
} as const satisfies Readonly<Record<MfaFactor, string>>;
export type MfaName = (typeof MFA_NAMES)[MfaFactor];

/** Those whose codes are sent. */
export type HeardFactor = (typeof MFA_NAMES)['email' | 'sms'];

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
  const chosen = [
    ...(hasApp ? (['app'] as const) : []),
    ...(isChosen(user, 'email') ? (['email'] as const) : []),
    ...(isChosen(user, 'sms') ? (['sms'] as const) : []),
  ];
  const names = (chosen.length > 0 ? chosen : asksAnyway(user)).map((one) => MFA_NAMES[one]);
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

function isChosen(user: PoolUser, factor: 'email' | 'sms'): boolean {
  const { row } = user;
  return canHear(user, factor) && (factor === 'email' ? row.email_mfa : row.sms_mfa) === 1;
}

/** Whether codes can go to a user: to what was shown to be theirs. */
export function canHear(user: PoolUser, factor: 'email' | 'sms'): boolean {
  if (!offers(user.pool, factor)) return false;
  return factor === 'email' ? user.account.emailVerified : phoneOf(user)?.isVerified === true;
}

/** Where the codes of a user go. */
export function addressOf(user: PoolUser, name: HeardFactor): string {
  return (name === MFA_NAMES.sms ? phoneOf(user)?.number : user.account.email) ?? '';
}

/** Of whoever has nothing else, where the pool asks everybody. A number that nobody has verified yet is verified by that, as at AWS. */
function asksAnyway(user: PoolUser): readonly ('email' | 'sms')[] {
  const { pool } = user;
  if (pool.mfa !== 'on') return [];
  if (canHear(user, 'email')) return ['email'];
  return offers(pool, 'sms') && phoneOf(user) !== undefined ? ['sms'] : [];
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
