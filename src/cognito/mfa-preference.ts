import { z } from 'zod';
import { ofUser, userOf } from './addressed.ts';
import { CognitoException } from './exception.ts';
import { MFA_NAMES, offers, type MfaName } from './mfa.ts';
import { operation, signedOperation, type Operation } from './operation.ts';
import type { Room } from './room.ts';
import { updateUser } from './user-queries.ts';
import type { PoolUser } from './users.ts';

const settings = z
  .object({ Enabled: z.boolean().default(false), PreferredMfa: z.boolean().default(false) })
  .nullish();
const wanted = z.object({
  SoftwareTokenMfaSettings: settings,
  EmailMfaSettings: settings,
  SMSMfaSettings: z
    .object({ Enabled: z.literal(false, { error: 'SMS is not supported here' }).optional() })
    .nullish(),
});
type Wanted = z.output<typeof wanted>;

/** `SetUserMFAPreference`: which second factors a user is asked for, where the pool leaves that to them. */
export function setUserMfaPreference(room: Room): Operation {
  const input = wanted.extend({ AccessToken: z.string() });
  return operation(input, async ({ AccessToken, ...given }) => {
    const { user } = await room.accessTokens.bearer(AccessToken);
    await prefer(user, given, room);
    return {};
  });
}

/** `AdminSetUserMFAPreference`: the same, said by an operator. */
export function adminSetUserMfaPreference(room: Room): Operation {
  return signedOperation(
    wanted.extend(ofUser.shape),
    async ({ UserPoolId, Username, ...given }) => {
      await prefer(await userOf({ UserPoolId, Username }, room), given, room);
      return {};
    },
  );
}

/** @throws {CognitoException} for a factor that the user, or the pool, does not have. */
async function prefer(user: PoolUser, given: Wanted, { factors, records }: Room): Promise<void> {
  const { SoftwareTokenMfaSettings: app, EmailMfaSettings: email } = given;
  const has = await factors.of(user.account.id, user.account);
  const hasEmail = offers(user.pool, 'email') && user.account.emailVerified;
  if (isOn(app) && has?.totp === undefined) throw notSetUp('SOFTWARE_TOKEN_MFA');
  if (isOn(email) && !hasEmail) throw notSetUp('EMAIL_OTP');
  await records.write(
    updateUser(records.queries, user.row, {
      ...(app && { software_token: Number(app.Enabled) }),
      ...(email && { email_mfa: Number(email.Enabled) }),
      preferred_mfa: preferredBy(given, user.row.preferred_mfa),
    }),
  );
}

function isOn(setting: z.output<typeof settings>): boolean {
  return setting?.Enabled === true;
}

/** What is not spoken of stays as it was. */
function preferredBy(
  { SoftwareTokenMfaSettings: app, EmailMfaSettings: email }: Wanted,
  before: string | null,
): string | null {
  const said = [
    { name: MFA_NAMES.app, setting: app },
    { name: MFA_NAMES.email, setting: email },
  ];
  const preferred = said.filter(({ setting: one }) => isOn(one) && one?.PreferredMfa);
  if (preferred.length > 1)
    throw new CognitoException('InvalidParameterException', 'Only one factor can be preferred.');
  const isSpokenOf = said.some(({ name, setting: one }) => name === before && one);
  return preferred[0]?.name ?? (isSpokenOf ? null : before);
}

function notSetUp(name: MfaName): CognitoException {
  return new CognitoException(
    'InvalidParameterException',
    `User does not have delivery config set to turn on ${name}`,
  );
}
