import { z } from 'zod';
import type { Flow } from '../flows/flows.ts';
import type { JsonObject } from '../runtime/json.ts';

/** What the steps of a sign-in keep between two requests. */
const signInData = z.object({
  /** "Keep me signed in". */
  remember: z.boolean().default(false),
  /** An authenticator app that is being set up. */
  totp: z
    .object({
      sealed: z.string(),
      uri: z.string(),
      key: z.string(),
      qr: z.object({ size: z.number(), path: z.string() }),
    })
    .optional(),
  /** A code is on its way; `accountId` may be of nobody, which nobody can tell. */
  email: z.object({ accountId: z.string(), login: z.string() }).optional(),
  /** A code that is to be the second factor is on its way. */
  isCodeSent: z.boolean().default(false),
  /** The unverified address that a code was sent to. */
  verifying: z.string().optional(),
  /** A second factor was set up on the way, and there are no recovery codes yet. */
  offersCodes: z.boolean().default(false),
  /** The second factor was spared, since this browser was remembered. */
  isDeviceKnown: z.boolean().default(false),
  /** The moment of the last proof: whatever takes back everything of the account after it takes the proofs along. */
  mark: z.string().optional(),
});

export type SignInData = z.output<typeof signInData>;

/** What `flow` keeps. */
export function dataOf({ data }: Pick<Flow, 'data'>): SignInData {
  return signInData.parse(data);
}

/** `data` as a flow keeps it: JSON has no undefined members. */
export function keptData(data: SignInData): JsonObject {
  const kept: JsonObject = JSON.parse(JSON.stringify(data));
  return kept;
}
