import { z } from 'zod';
import { duration, interval } from '../config/values.ts';

/** How what was taken back is remembered and told. */
export const revocationConfig = z
  .strictObject({
    longestToken: duration('1d').describe(
      'No access token lives longer; so long the feed tells of a revocation.',
    ),
    longestRecord: duration('45d').describe(
      'No session, grant or refresh token lives longer; so long the nodes remember a revocation.',
    ),
    tolerance: duration('60s').describe(
      'How far the clock of whoever verifies tokens may be behind; a revocation is told and remembered so much longer.',
    ),
    staleAfter: duration('1s').describe(
      'How old the knowledge of a node may be before it reads the log again to answer whether a token is valid.',
    ),
    feed: z
      .strictObject({
        public: z
          .boolean()
          .default(false)
          .describe('Anyone may follow the feed; otherwise only clients that authenticate.'),
        heartbeat: interval('250ms', { min: 0.05, max: 5 }).describe(
          'How often a follower hears from a feed that has nothing new; one that has not for four times as long knows that it is cut off.',
        ),
        followersMax: z
          .int()
          .min(1)
          .max(100_000)
          .default(1000)
          .describe('How many followers one node serves at a time.'),
      })
      .prefault({})
      .describe('The numbered feed that APIs follow.'),
  })
  .prefault({});

export type RevocationConfig = z.output<typeof revocationConfig>;
