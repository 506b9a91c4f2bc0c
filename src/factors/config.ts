import { z } from 'zod';
import { duration, origin } from '../config/values.ts';
import { canHavePasskeys, originProblem, rpIdProblem } from './relying-party.ts';

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const passkeySettings = z.strictObject({
  rpId: z
    .string()
    .regex(HOST, { error: 'expected a host such as "example.com", in lower case' })
    .optional()
    .describe(
      'The domain that passkeys are made for: the host of the issuer or a domain above it; left out: the host. Changing it makes every passkey useless.',
    ),
  origins: z
    .array(origin())
    .default([])
    .describe('Origins that passkeys may be used at beside the issuer, within `rpId`.'),
});

const emailCodeSettings = z.strictObject({
  lifetime: duration('10m').describe('How long a code in an e-mail is good.'),
  tries: z
    .int()
    .min(1)
    .max(10)
    .default(5)
    .describe('Tries that one code puts up with, right or wrong.'),
  perPath: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('Codes that one address may ask for one person within 15 minutes.'),
});

const deviceSettings = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Whether people may have their browser remembered, to be spared the second factor.'),
  for: duration('30d').describe('How long a browser is remembered.'),
});

/** What people prove themselves with beside a password. */
export const factorsConfig = z
  .strictObject({
    passkeys: passkeySettings.prefault({}).describe('Passkeys (WebAuthn).'),
    emailCodes: emailCodeSettings.prefault({}).describe('Codes and links in e-mails.'),
    rememberDevices: deviceSettings.prefault({}).describe('Browsers that are remembered.'),
  })
  .prefault({});

export type FactorSettings = z.output<typeof factorsConfig>;

/** What passkeys would not work with: every browser would refuse them. */
export function passkeyProblems(settings: {
  readonly issuer: string;
  readonly factors: FactorSettings;
}): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const { rpId, origins } = settings.factors.passkeys;
  const { hostname } = new URL(settings.issuer);
  const wrong = rpId === undefined ? undefined : rpIdProblem(rpId, hostname);
  if (wrong !== undefined) return [{ path: ['rpId'], message: wrong }];
  if (!canHavePasskeys(hostname)) return [];
  return origins.flatMap((one, index) => {
    const message = originProblem(one, rpId ?? hostname);
    return message === undefined ? [] : [{ path: ['origins', index], message }];
  });
}
