import { z } from 'zod';
import { duration, givenSecret } from '../config/values.ts';
import { isMailbox } from './mailbox.ts';

const mailbox = z.string().refine(isMailbox, {
  error: 'expected an e-mail address such as "accounts@example.com"; its name is pages.name',
});

const smtpSettings = z.strictObject({
  host: z
    .string()
    .min(1)
    .optional()
    .describe('The mail server; left out: there is none, and letters wait.'),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('Its port; left out: 465 for implicit TLS, else 587.'),
  tls: z
    .enum(['implicit', 'starttls', 'none'])
    .default('starttls')
    .describe(
      'implicit: TLS from the first byte; starttls: asked for, and refused without; none: in clear, for this machine or a network that is yours alone.',
    ),
  user: z.string().min(1).optional().describe('Whom to sign in as; left out: nobody.'),
  password: givenSecret().optional().describe('The password of `user`.'),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file with the authorities that vouch for it; left out: those that Node trusts.'),
});

/** How letters leave. */
export const mailConfig = z
  .strictObject({
    smtp: smtpSettings.prefault({}).describe('The mail server that takes our letters.'),
    from: mailbox
      .optional()
      .describe('The address that letters come from; their name is `pages.name`.'),
    replyTo: mailbox.optional().describe('Where answers go; left out: to `from`.'),
    maxPerSecond: z
      .int()
      .min(1)
      .max(100)
      .default(10)
      .describe('How many letters a node sends in a second at most.'),
    keepFor: duration('7d').describe(
      'How long is kept to whom which letter went, or why it did not; never what it said.',
    ),
  })
  .superRefine(({ smtp, from }, context) => {
    if (smtp.host !== undefined && from === undefined)
      context.addIssue({
        code: 'custom',
        path: ['from'],
        message: 'is missing: a mail server takes no letter without an address that it comes from',
      });
    if ((smtp.user === undefined) !== (smtp.password === undefined))
      context.addIssue({
        code: 'custom',
        path: ['smtp', smtp.user === undefined ? 'user' : 'password'],
        message: 'is missing: user and password go together',
      });
  })
  .prefault({});

export type MailConfig = z.output<typeof mailConfig>;
