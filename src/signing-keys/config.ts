import { z } from 'zod';
import { duration, secret } from '../config/values.ts';
import { ringProblems } from './promises.ts';
import { ALGORITHMS } from './ring.ts';

/** How signing keys live. Every key is published, then signs, then only verifies, then is gone. */
export const signingKeysConfig = z
  .strictObject({
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .nonempty()
      .refine((names) => new Set(names).size === names.length, { error: 'names one twice' })
      .default(['RS256', 'ES256'])
      .describe('JWS algorithms that have a ring of keys (RFC 7518 section 3.1, RFC 8037).'),
    signFor: duration('30d').describe('How long one key signs.'),
    publishAhead: duration('1d').describe(
      'How long a key is published before it signs: longer than anyone caches the key set (2d for clients that fetch it once a day).',
    ),
    verifyFor: duration('2d').describe(
      'How long a key stays published after it signed last: longer than its last token lives.',
    ),
    hintsFor: duration('30d').describe(
      'How long the public half is kept after that, unpublished, to understand an id_token_hint.',
    ),
    jwksMaxAge: duration('15m').describe(
      'How long verifiers may cache the key set; `keys rotate --now` waits for it, and a leaked key lives in caches for as long.',
    ),
    clockTolerance: duration('1m').describe(
      'By how much the clocks of any two machines may differ.',
    ),
    masterKey: secret()
      .optional()
      .describe(
        'The key under which private keys are sealed: 32 random bytes, base64url or hex. Left out: `master.key` in `folder`, made at the first start.',
      ),
    otherMasterKeys: z
      .array(secret())
      .default([])
      .describe(
        'Master keys that may also open what was sealed: the other one while you change it.',
      ),
    folder: z
      .string()
      .min(1)
      .default('keys')
      .describe(
        'Where the master key and the last good copies of the rings lie, readable by nobody else.',
      ),
  })
  .superRefine((settings, context) => {
    for (const { path, message } of ringProblems(settings))
      context.addIssue({ code: 'custom', path: [...path], message });
  })
  .prefault({});

/** The section `signingKeys`, durations in seconds. */
export type SigningKeysSettings = z.output<typeof signingKeysConfig>;
