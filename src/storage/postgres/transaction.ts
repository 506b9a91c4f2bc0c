import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { isConnectionLost, isPassing } from './errors.ts';

const PAUSE_MS_MAX = 50;

/**
 * Runs `work` again when PostgreSQL undid it because another transaction stood in its way, until
 * `limitMs` have passed.
 */
export async function untilUndisturbed<Result>(
  limitMs: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + limitMs;
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || performance.now() > deadline) throw error;
      // Chance lets those go first who are not in each other's way again.
      await delay(randomInt(PAUSE_MS_MAX * tries));
    }
  }
}

/** Runs `work` in one transaction on one connection: all of it or nothing. */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let isUsable = false;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    isUsable = true;
    return result;
  } catch (error) {
    isUsable = !isConnectionLost(error) && (await rollBack(client));
    throw error;
  } finally {
    // A connection that cannot be given back clean is ended, and with it whatever it had begun.
    client.release(!isUsable);
  }
}

async function rollBack(client: PoolClient): Promise<boolean> {
  return await client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}
