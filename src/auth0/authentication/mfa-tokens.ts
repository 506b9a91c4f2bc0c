import { z } from 'zod';
import { sha256 } from '../../runtime/digest.ts';
import { randomId } from '../../runtime/random.ts';
import type { State, Version } from '../../storage/state.ts';

const proof = z.strictObject({
  method: z.enum(['password', 'email-code', 'sms-code']),
  accountId: z.string(),
  at: z.number(),
});
const record = z.strictObject({
  clientId: z.string(),
  /** What was proven first. */
  proof,
  /** Names the moment before that. */
  mark: z.string(),
  /** What the first request wanted. */
  wish: z.strictObject({ audience: z.string().optional(), scope: z.string().optional() }),
  /** Whether a factor has to be set up first. */
  isToEnrol: z.boolean(),
  /** The authenticator app that is being set up, sealed. */
  enrolment: z.string().optional(),
});
export type MfaFields = z.input<typeof record>;

/** A sign-in that waits for its second factor. */
export interface MfaSignIn extends z.output<typeof record> {
  readonly token: string;
  readonly version: Version;
}

/** Sign-ins that wait for a second factor, for ten minutes each. */
export interface MfaTokens {
  /** Gives the `mfa_token` by which the application goes on. */
  open(fields: MfaFields): Promise<string>;
  /** Undefined: over, finished, of another client, or none of ours. */
  find(token: string, clientId?: string): Promise<MfaSignIn | undefined>;
  /** False: another request was faster. */
  change(signIn: MfaSignIn, changed: Pick<MfaFields, 'enrolment'>): Promise<boolean>;
  /** True for one caller alone: whoever gets it may let the person in. */
  end(signIn: MfaSignIn): Promise<boolean>;
}

const LIFE = { ttlSeconds: 600 };
const WAITING = { ...LIFE, once: true };
const ENDED = 'ended';
const SECRET_BYTES = 32;

/** `name`: of the tenant. */
export function createMfaTokens(
  state: Pick<State, 'get' | 'put' | 'swap'>,
  name: string,
): MfaTokens {
  const keyOf = (token: string): string => `auth0-${name}:mfa:${sha256(token)}`;
  return {
    async open(fields) {
      const token = randomId(SECRET_BYTES, 'MFA token');
      await state.put(keyOf(token), record.parse(fields), WAITING);
      return token;
    },
    async find(token, clientId) {
      const entry = await state.get(keyOf(token));
      if (entry === undefined || entry.value === ENDED) return undefined;
      const fields = record.parse(entry.value);
      if (clientId !== undefined && fields.clientId !== clientId) return undefined;
      return { ...fields, token, version: entry.version };
    },
    async change({ token, version, ...fields }, changed) {
      const next = record.parse({ ...fields, ...changed });
      return (await state.swap(keyOf(token), version, next, WAITING)) !== undefined;
    },
    async end({ token, version }) {
      return (await state.swap(keyOf(token), version, ENDED, LIFE)) !== undefined;
    },
  };
}
