import { z } from 'zod';

/** What the node tells its operators. */
export const logConfig = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('The least weight of what is logged; one JSON line for each event.'),
  })
  .prefault({});
