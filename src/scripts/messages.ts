import { z } from 'zod';
import type { Json, JsonObject } from '../runtime/json.ts';

/** To the process that runs scripts. */
export interface Order {
  readonly run: number;
  /** Which script. */
  readonly name: string;
  readonly input: JsonObject;
}

const json: z.ZodType<Json> = z.json();

/** From that process: it runs code of others, so what comes is looked at. */
export const report = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), names: z.array(z.string()) }),
  z.object({ kind: z.literal('unloadable'), problem: z.string() }),
  z.object({
    kind: z.literal('log'),
    name: z.string(),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    text: z.string(),
  }),
  z.object({ kind: z.literal('turn'), run: z.int(), part: z.string() }),
  z.object({ kind: z.literal('done'), run: z.int(), output: json }),
  z.object({ kind: z.literal('failed'), run: z.int(), problem: z.string(), detail: z.string() }),
]);
export type Report = z.output<typeof report>;
