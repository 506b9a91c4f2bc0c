import { z } from 'zod';
import { duration } from '../config/values.ts';

/** What people may do for themselves. */
export const accountPageConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Serve the account page at /account, where people look after their own account.'),
    deletion: z
      .boolean()
      .default(false)
      .describe('People may delete their own account; owners of the installation never can.'),
    activityFor: duration('90d').describe(
      'How far back people see what happened to their account; the audit may not go back so far.',
    ),
  })
  .prefault({});

export type AccountPageConfig = z.output<typeof accountPageConfig>;
