import { z } from 'zod';
import { duration } from '../config/values.ts';

/** How people prove who they are. */
export const authenticationConfig = z
  .strictObject({
    password: z.boolean().default(true).describe('People may sign in with a password.'),
    passkeys: z
      .boolean()
      .default(true)
      .describe('People may sign in with a passkey, without a password.'),
    emailCode: z
      .boolean()
      .default(false)
      .describe('People may sign in with a code that is sent to their verified e-mail address.'),
    smsCode: z
      .boolean()
      .default(false)
      .describe(
        'Applications of Auth0 tenants may have people sign in with a code by text message; needs `sms.gateway.url`.',
      ),
    secondFactor: z
      .enum(['never', 'if-enrolled', 'required'])
      .default('if-enrolled')
      .describe('When a second factor is asked for; clients may say otherwise.'),
    secondFactorForGroups: z
      .array(z.string().min(1))
      .default([])
      .describe('Groups whose members always need a second factor, whatever the client says.'),
    freshFor: duration('5m').describe('How old a proof may be for a change to one’s own account.'),
  })
  .refine(({ password, passkeys, emailCode }) => password || passkeys || emailCode, {
    error: 'one of password, passkeys and emailCode must be on: nobody could sign in',
  })
  .prefault({});

export type AuthenticationSettings = z.output<typeof authenticationConfig>;
