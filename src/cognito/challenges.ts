import { z } from 'zod';
import type { Clock } from '../runtime/clock.ts';
import { sha256 } from '../runtime/digest.ts';
import { randomId } from '../runtime/random.ts';
import type { State, Version } from '../storage/state.ts';

/** What a user has to answer next. */
export const CHALLENGES = [
  'NEW_PASSWORD_REQUIRED',
  'SOFTWARE_TOKEN_MFA',
  'EMAIL_OTP',
  'SMS_MFA',
  'SELECT_MFA_TYPE',
  'MFA_SETUP',
] as const;
export type ChallengeName = (typeof CHALLENGES)[number];

const record = z.strictObject({
  name: z.enum(CHALLENGES),
  poolId: z.string(),
  clientId: z.string(),
  accountId: z.string(),
  /** What had been revoked before the person was checked. */
  mark: z.string(),
  /** How it was signed in, for the record. */
  amr: z.array(z.string()),
  /** The enrolment of an authenticator app that is under way, sealed. */
  enrolment: z.string().optional(),
  /** NumericDate. */
  expiresAt: z.number(),
  /** That app was shown to work. */
  isEnrolled: z.boolean().default(false),
});
export type ChallengeFields = Omit<z.input<typeof record>, 'expiresAt'>;

/** A sign-in that waits for an answer. */
export interface Challenge extends z.output<typeof record> {
  /** Known to the application alone, which brings it back. */
  readonly session: string;
  readonly version: Version;
}

/** Sign-ins that are under way, each for as long as its client lets people think (`AuthSessionValidity`). */
export interface Challenges {
  /** Gives the `Session` by which the answer finds it. */
  open(fields: ChallengeFields, lifeSeconds: number): Promise<string>;
  /** Undefined: over, used, never there, or of a release that kept other things of it. */
  find(session: string): Promise<Challenge | undefined>;
  /** False: another request was faster. */
  change(challenge: Challenge, changed: Partial<ChallengeFields>): Promise<boolean>;
  /** True for one caller alone. */
  end(challenge: Challenge): Promise<boolean>;
}

const USED = 'used';
const SECRET_BYTES = 32;

export function createChallenges({
  state,
  clock,
}: {
  readonly state: State;
  readonly clock: Clock;
}): Challenges {
  const lifeOf = (expiresAt: number): { readonly ttlSeconds: number } => ({
    ttlSeconds: Math.max(1, expiresAt - clock.now()),
  });

  return {
    async open(fields, lifeSeconds) {
      const session = randomId(SECRET_BYTES, 'Cognito challenge');
      const expiresAt = clock.now() + lifeSeconds;
      const opened = record.parse({ ...fields, expiresAt });
      await state.put(keyOf(session), opened, { ...lifeOf(expiresAt), once: true });
      return session;
    },
    async find(session) {
      const entry = await state.get(keyOf(session));
      if (entry === undefined || entry.value === USED) return undefined;
      const { data } = record.safeParse(entry.value);
      return data && { session, version: entry.version, ...data };
    },
    async change({ session, version, ...fields }, changed) {
      const next = record.parse({ ...fields, ...changed });
      const life = { ...lifeOf(next.expiresAt), once: true };
      return (await state.swap(keyOf(session), version, next, life)) !== undefined;
    },
    async end({ session, version, expiresAt }) {
      return (await state.swap(keyOf(session), version, USED, lifeOf(expiresAt))) !== undefined;
    },
  };
}

function keyOf(session: string): string {
  return `cognito:challenge:${sha256(session)}`;
}
