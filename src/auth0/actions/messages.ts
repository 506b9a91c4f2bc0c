import { z } from 'zod';
import type { Json, JsonObject } from '../../runtime/json.ts';

/** When actions are run, by the names of the functions that they export. */
export const TRIGGERS = ['onExecutePostLogin', 'onExecuteCredentialsExchange'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** To the process that runs actions. */
export interface Order {
  readonly run: number;
  readonly trigger: Trigger;
  readonly event: JsonObject;
}

/** Nothing that goes into a token is longer. */
const TEXT_MAX = 2000;
const json: z.ZodType<Json> = z.json();
const members = z.record(z.string().min(1).max(500), json);
const names = z.array(z.string().max(500)).max(100);

/** What the actions of one run came to. */
export const outcome = z.object({
  idToken: members,
  accessToken: members,
  addedScopes: names,
  removedScopes: names,
  userMetadata: members,
  appMetadata: members,
  denied: z
    .object({ action: z.string(), error: z.string().max(100), reason: z.string().max(TEXT_MAX) })
    .optional(),
});
export type Outcome = z.output<typeof outcome>;

/** From that process: it runs code of others, so what comes is looked at. */
export const report = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), triggers: z.array(z.enum(TRIGGERS)) }),
  z.object({ kind: z.literal('unloadable'), file: z.string(), problem: z.string() }),
  z.object({
    kind: z.literal('log'),
    action: z.string(),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    text: z.string(),
  }),
  z.object({ kind: z.literal('turn'), run: z.int(), action: z.string() }),
  z.object({ kind: z.literal('done'), run: z.int(), outcome }),
  z.object({ kind: z.literal('failed'), run: z.int(), problem: z.string() }),
]);
export type Report = z.output<typeof report>;
