import { z } from 'zod';
import { duration } from '../config/values.ts';

/** How the record of what happened is kept. */
export const auditConfig = z
  .strictObject({
    node: z
      .string()
      .regex(/^[\w.-]{1,64}$/, 'must be at most 64 letters, digits, or . _ -')
      .optional()
      .describe(
        'The name under which this node keeps its chain of events; left out: the name of the machine.',
      ),
    flushEvery: duration('1s').describe(
      'How often events that nobody waits for are written: what a killed node may lose of them.',
    ),
    queueMax: z
      .int()
      .min(100)
      .max(1_000_000)
      .default(10_000)
      .describe(
        'How many events that nobody waits for are held while the records do not answer; more are counted as lost.',
      ),
    keepFor: duration('365d').describe('How long events are kept; 0d: for ever.'),
  })
  .prefault({});

export type AuditConfig = z.output<typeof auditConfig>;
