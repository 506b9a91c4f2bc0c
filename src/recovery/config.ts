import { z } from 'zod';

/** How people get back into their account. */
export const recoveryConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'Whoever has forgotten a password can have a letter, if there is mail, or a link from an operator.',
      ),
    perAddress: z
      .int()
      .min(1)
      .default(20)
      .describe('Letters asked for in an hour from one IP address at most.'),
    perMailbox: z
      .int()
      .min(1)
      .default(5)
      .describe(
        'Letters to one person that one IP address may ask for in an hour; all together may ask for four times as many. The page looks the same beyond.',
      ),
    overall: z
      .int()
      .min(1)
      .default(1000)
      .describe('Letters asked for in an hour at most, by everybody together.'),
  })
  .prefault({});

export type RecoveryConfig = z.output<typeof recoveryConfig>;
