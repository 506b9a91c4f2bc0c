import { z } from 'zod';
import type { Actor } from '../runtime/origin.ts';
import type { Records } from '../storage/records.ts';
import type { Revoked } from './revocation.ts';

/** A revocation that was decided. */
export interface Intent {
  readonly id: string;
  readonly what: Revoked;
  readonly reason: string;
  readonly actor: Actor;
}

/** Revocations that state did not confirm. In records, so that any node carries them out, and a lost node loses none. */
export interface Outbox {
  /** Again with the same id: nothing more. */
  keep(intent: Intent, now: number): Promise<void>;
  /** The oldest, at most `limit`. */
  list(limit: number): Promise<readonly Intent[]>;
  remove(ids: readonly string[]): Promise<void>;
}

const storedIntent = z.object({
  id: z.string(),
  what: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('token'), jti: z.string(), expiresAt: z.number() }),
    z.object({ kind: z.literal('grant'), grantId: z.string() }),
    z.object({ kind: z.literal('session'), sessionUid: z.string() }),
    z.object({ kind: z.literal('account'), accountId: z.string() }),
    z.object({ kind: z.literal('client'), clientId: z.string() }),
    z.object({ kind: z.literal('before') }),
  ]),
  reason: z.string(),
  actor: z.object({
    by: z.string(),
    origin: z.object({
      address: z.string(),
      userAgent: z.string().optional(),
      requestId: z.string().optional(),
      site: z.string().optional(),
    }),
  }),
});

/** The outbox of one issuer. */
export function createOutbox(records: Records, namespace: string): Outbox {
  const { queries } = records;
  const prefix = `${namespace}:`;

  return {
    async keep({ id, what, reason, actor }, now) {
      const entry = JSON.stringify({ id, what, reason, actor });
      const row = { id: prefix + id, entry, created_at: now };
      await records.write(
        queries
          .insertInto('revocation_outbox')
          .values(row)
          .onConflict((conflict) => conflict.doNothing()),
      );
    },

    async list(limit) {
      const rows = await records.all(
        queries
          .selectFrom('revocation_outbox')
          .select(['id', 'entry'])
          .where('id', 'like', `${prefix}%`)
          .orderBy('created_at')
          .limit(limit),
      );
      // `like` takes `_` for any character.
      return rows
        .filter(({ id }) => id.startsWith(prefix))
        .map(({ entry }) => storedIntent.parse(JSON.parse(entry)));
    },

    async remove(ids) {
      if (ids.length === 0) return;
      const rows = ids.map((id) => prefix + id);
      await records.write(queries.deleteFrom('revocation_outbox').where('id', 'in', rows));
    },
  };
}
