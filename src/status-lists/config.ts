import { z } from 'zod';
import { duration } from '../config/values.ts';

const SIZE_MIN = 1024;
const SIZE_MAX = 1_048_576;

/** Lists by which APIs that do not follow the feed see what was taken back. */
export const statusListsConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Whether access tokens that are JWTs name their place in a status list.'),
    ttl: duration('60s').describe(
      'How long verifiers may keep a list before they fetch it again; so late a revocation may reach them.',
    ),
    lifetime: duration('5m').describe(
      'How long a list is good for that cannot be fetched again; at least twice `ttl`.',
    ),
    size: z
      .int()
      .min(SIZE_MIN)
      .max(SIZE_MAX)
      .refine((size) => Number.isInteger(Math.log2(size)), { error: 'expected a power of two' })
      .default(65_536)
      .describe('Tokens in one list, a power of two; full, it is followed by the next.'),
    period: duration('1h').describe('How long a list that is not full takes new tokens.'),
  })
  .refine(({ ttl, lifetime }) => lifetime >= 2 * ttl, {
    path: ['lifetime'],
    error: 'must be at least twice ttl',
  })
  .prefault({});

export type StatusListsConfig = z.output<typeof statusListsConfig>;
