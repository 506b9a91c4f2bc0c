import { z } from 'zod';

/** What the dev profile adds for developers. */
export const devConfig = z
  .strictObject({
    seed: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe(
        'A text that ids, keys, codes and client secrets follow from, the same at every run of a test. In the dev profile, on empty embedded storage.',
      ),
    tryPage: z
      .boolean()
      .default(true)
      .describe('Serve the try page at /try and lead / to it. In the dev profile only.'),
  })
  .prefault({});

export type DevConfig = z.output<typeof devConfig>;
