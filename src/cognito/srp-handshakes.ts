import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { sha256 } from '../runtime/digest.ts';
import { randomId } from '../runtime/random.ts';
import type { Room } from './room.ts';
import { createSrp, type Srp, type Verifier } from './srp.ts';

const record = z.strictObject({
  poolId: z.string(),
  clientId: z.string(),
  /** The name that the proof is made over; as it was typed, when there is no such user. */
  userId: z.string(),
  /** Undefined: nobody, who proves nothing. */
  accountId: z.string().optional(),
  /** Which of the account's passwords the verifier was made of. */
  passwordNumber: z.number(),
  verifier: z.string(),
  A: z.string(),
  b: z.string(),
  B: z.string(),
  /** What had been revoked before the user was read. */
  mark: z.string(),
});

/** A handshake that waits for the client's proof. */
export type Handshake = z.output<typeof record>;

/** What the client needs for its proof, as the API has it. */
interface Opened {
  readonly SALT: string;
  readonly SRP_B: string;
  readonly SECRET_BLOCK: string;
}

/** Handshakes that are under way, for three minutes, each good for one proof. */
export interface SrpHandshakes {
  readonly srp: Srp;
  /** `verifier` undefined: the answer looks alike, and no proof is right. */
  open(
    handshake: Omit<Handshake, 'verifier' | 'b' | 'B'> & {
      readonly verifier: Verifier | undefined;
    },
  ): Promise<Opened>;
  /** Undefined: over, used, or never there. */
  take(secretBlock: string): Promise<Handshake | undefined>;
}

const LIFE = { ttlSeconds: 180 };
const USED = 'used';
const SECRET_BLOCK_BYTES = 96;
const SALT_BYTES = 16;

export function createSrpHandshakes({
  state,
  sealer,
}: Pick<Room, 'state' | 'sealer'>): SrpHandshakes {
  const srp = createSrp();
  const [saltKey] = sealer.keysFor('cognito-salts');

  /** The same salt each time, as somebody's would be. */
  function nobodys({ poolId, userId }: Pick<Handshake, 'poolId' | 'userId'>): Verifier {
    const salt = createHmac('sha256', saltKey).update(`${poolId} ${userId}`).digest();
    return srp.verifierOf(userId, randomId(), salt.subarray(0, SALT_BYTES));
  }

  return {
    srp,
    async open({ verifier: known, ...fields }) {
      const made = nobodys(fields);
      const { salt, verifier } = known ?? made;
      const handshake = { ...fields, verifier, ...srp.serverKeys(verifier) };
      const secretBlock = Buffer.from(randomId(SECRET_BLOCK_BYTES), 'base64url').toString('base64');
      const sealed = sealer.seal(Buffer.from(JSON.stringify(handshake)), CONTEXT);
      await state.put(keyOf(secretBlock), sealed, { ...LIFE, once: true });
      return { SALT: salt, SRP_B: handshake.B, SECRET_BLOCK: secretBlock };
    },
    async take(secretBlock) {
      const key = keyOf(secretBlock);
      const entry = await state.get(key);
      if (typeof entry?.value !== 'string' || entry.value === USED) return undefined;
      if ((await state.swap(key, entry.version, USED, LIFE)) === undefined) return undefined;
      const plain = sealer.open(entry.value, CONTEXT);
      return record.parse(JSON.parse(Buffer.from(plain).toString('utf8')));
    },
  };
}

const CONTEXT = 'cognito-handshake';

function keyOf(secretBlock: string): string {
  return `cognito:handshake:${sha256(secretBlock)}`;
}
