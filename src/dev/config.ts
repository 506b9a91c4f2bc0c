import { z } from 'zod';

/** What the dev profile adds for developers. */
export const devConfig = z
  .strictObject({
    tryPage: z
      .boolean()
      .default(true)
      .describe('Serve the try page at /try and lead / to it. In the dev profile only.'),
  })
  .prefault({});

export type DevConfig = z.output<typeof devConfig>;
