import { z } from 'zod';
import { duration } from '../../config/values.ts';
import { TOKEN_VERSIONS, TRIGGERS } from './names.ts';

/** Triggers of a declared pool: files of the operator's. */
export const triggersConfig = z.strictObject({
  folder: z
    .string()
    .min(1)
    .describe('Where the files are: `NAME.js`, `.cjs` or `.mjs`, each exporting `handler`.'),
  files: z
    .partialRecord(z.enum(TRIGGERS), z.string().regex(/^[\w.-]+\.[cm]?js$/))
    .default({})
    .describe('Files of other names, by trigger.'),
  tokenVersion: z
    .enum(TOKEN_VERSIONS)
    .default('V1_0')
    .describe(
      'What PreTokenGeneration is given (`LambdaVersion`): V2_0 lets it change access tokens, V3_0 also those of clients.',
    ),
  timeout: duration('5s').describe('How long one call may take.'),
});
export type TriggersConfig = z.output<typeof triggersConfig>;
