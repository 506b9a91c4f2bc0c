import { z } from 'zod';
import { ofUser, userOf } from './addressed.ts';
import { CognitoException } from './exception.ts';
import { canHear, MFA_NAMES, type MfaName } from './mfa.ts';
import { operation, signedOperation, type Operation } from './operation.ts';
import type { MfaFactor } from './pool.ts';
import type { Room } from './room.ts';
import { updateUser } from './user-queries.ts';
import type { PoolUser } from './users.ts';

const settings = z
  .object({ Enabled: z.boolean().default(false), PreferredMfa: z.boolean().default(false) })
  .nullish();
const wanted = z.object({
  SoftwareTokenMfaSettings: settings,
  EmailMfaSettings: settings,
  SMSMfaSettings: settings,
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
  const { SoftwareTokenMfaSettings: app, EmailMfaSettings: email, SMSMfaSettings: sms } = given;
  const has = await factors.of(user.account.id, user.account);
  const ready = {
    app: has?.totp !== undefined,
    email: canHear(user, 'email'),
    sms: canHear(user, 'sms'),
  };
  for (const { factor, setting } of settingsOf(given))
    if (isOn(setting) && !ready[factor]) throw notSetUp(MFA_NAMES[factor]);
  await records.write(
    updateUser(records.queries, user.row, {
      ...(app && { software_token: Number(app.Enabled) }),
      ...(email && { email_mfa: Number(email.Enabled) }),
      ...(sms && { sms_mfa: Number(sms.Enabled) }),
      preferred_mfa: preferredBy(given, user.row.preferred_mfa),
    }),
  );
}

/** What is said of which factor. */
function settingsOf({
  SoftwareTokenMfaSettings: app,
  EmailMfaSettings: email,
  SMSMfaSettings: sms,
}: Wanted): readonly {
  readonly factor: MfaFactor;
  readonly setting: z.output<typeof settings>;
}[] {
  return [
    { factor: 'app', setting: app },
    { factor: 'email', setting: email },
    { factor: 'sms', setting: sms },
  ];
}

function isOn(setting: z.output<typeof settings>): boolean {
  return setting?.Enabled === true;
}

/** What is not spoken of stays as it was. */
function preferredBy(given: Wanted, before: string | null): string | null {
  const said = settingsOf(given).map(({ factor, setting }) => ({
    name: MFA_NAMES[factor],
    setting,
  }));
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
