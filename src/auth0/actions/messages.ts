import { z } from 'zod';
import type { Json } from '../../runtime/json.ts';

/** When actions are run, by the names of the functions that they export. */
export const TRIGGERS = ['onExecutePostLogin', 'onExecuteCredentialsExchange'] as const;
export type Trigger = (typeof TRIGGERS)[number];

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
