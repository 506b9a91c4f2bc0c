import { z } from 'zod';
import type { DeclaredAttribute } from '../accounts/attributes-config.ts';

const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const field = z.enum(['off', 'optional', 'required']);

/** How people come to have an account. */
export const joiningConfig = z
  .strictObject({
    mode: z
      .enum(['off', 'invitation', 'open'])
      .default('invitation')
      .describe(
        'off: operators make all accounts; invitation: so do people who were invited; open: so does whoever has an e-mail address, if there is mail.',
      ),
    allowedDomains: z
      .array(z.string().regex(DOMAIN, { error: 'expected a domain such as "example.com"' }))
      .default([])
      .describe('Domains of the addresses that may join where it is open; empty: all.'),
    fields: z
      .strictObject({
        name: field.default('optional').describe('The full name.'),
        username: field.default('off').describe('A name to sign in with beside the address.'),
      })
      .prefault({})
      .describe('What is asked beside address, password and attributes.'),
    terms: z
      .strictObject({
        version: z
          .string()
          .regex(/^[\w.-]{1,64}$/, { error: 'expected a version such as "2026-11"' })
          .describe('Kept with each account that accepts them.'),
        url: z.url({ protocol: /^https?$/ }).describe('Where they can be read.'),
        atSignIn: z
          .boolean()
          .default(true)
          .describe(
            'Whoever signs in and has not accepted this version is asked first; false: only whoever joins is.',
          ),
      })
      .optional()
      .describe('Terms that have to be accepted.'),
    perAddress: z
      .int()
      .min(1)
      .default(20)
      .describe('Letters asked for in an hour from one IP address at most.'),
    perAddressWithoutProof: z
      .int()
      .min(0)
      .default(5)
      .describe('The same for browsers without JavaScript, which cannot prove their work.'),
    perMailbox: z
      .int()
      .min(1)
      .default(5)
      .describe(
        'Letters to one e-mail address that one IP address may ask for in an hour; all together may ask for four times as many. The page looks the same beyond.',
      ),
    overall: z
      .int()
      .min(1)
      .default(1000)
      .describe('Letters asked for in an hour at most, by everybody together.'),
    proofOfWork: z
      .boolean()
      .default(true)
      .describe('Browsers compute for about a second before a letter is sent.'),
    requireVerifiedEmail: z
      .boolean()
      .default(false)
      .describe('Whoever signs in with an address that is not verified has to verify it first.'),
  })
  .prefault({});

export type JoiningConfig = z.output<typeof joiningConfig>;

/** Where no letter leaves nobody could prove an address; links of invitations can still be handed over. */
export function effectiveSettings(
  settings: JoiningConfig,
  { hasMail }: { readonly hasMail: boolean },
): JoiningConfig {
  return settings.mode === 'open' && !hasMail ? { ...settings, mode: 'invitation' } : settings;
}

/** What keeps everybody from joining, by their paths from the top of the configuration. */
export function joiningProblems({
  joining,
  accounts,
}: {
  readonly joining: JoiningConfig;
  readonly accounts: { readonly attributes: readonly DeclaredAttribute[] };
}): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  if (joining.mode !== 'open') return [];
  return accounts.attributes.flatMap(({ name, required, editableBy }, index) =>
    required && editableBy === 'operator'
      ? [
          {
            path: ['accounts', 'attributes', index, 'editableBy'],
            message: `must be person while joining is open: nobody who joins could fill in "${name}", which is required`,
          },
        ]
      : [],
  );
}
