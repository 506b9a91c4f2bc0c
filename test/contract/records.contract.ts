import type { Compilable } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RecordConflict, RecordsUnavailable, type Records } from '../../src/storage/records.ts';
import type { AccountTable } from '../../src/storage/tables.ts';
import { rounds } from '../support/counts.ts';

/** What an engine lends to the contract. */
export interface RecordsEngine {
  /** A handle on the same records, as one more node would open it; nobody has migrated it yet. */
  open(): Promise<Records>;
  /** Called once all handles are closed. */
  close(): Promise<void>;
}

const MANY = 32;

/** Holds every {@link Records} to one behaviour. Each engine's test file calls it, and skips nothing. */
export function describeRecordsContract(name: string, arrange: () => Promise<RecordsEngine>): void {
  describe(`${name} keeps the records contract`, () => {
    let engine: RecordsEngine;
    let here: Records;
    let there: Records;

    beforeEach(async () => {
      engine = await arrange();
      here = await engine.open();
      there = await engine.open();
      // Both at once, as two nodes that start together: this is itself a test of the lock.
      await Promise.all([here.migrate(), there.migrate()]);
    });

    afterEach(async () => {
      await Promise.all([here.close(), there.close()]);
      await engine.close();
    });

    const insertAccount = (id: string, more: Partial<AccountTable> = {}): Compilable =>
      here.queries.insertInto('account').values({ ...account(id), ...more });
    const findAccount = (id: string): Compilable<AccountTable> =>
      here.queries.selectFrom('account').selectAll().where('id', '=', id);
    const touch = (id: string, updatedAt: number): Compilable =>
      here.queries.updateTable('account').set({ updated_at: updatedAt }).where('id', '=', id);

    /** `count` things done at once, by both nodes in turn. */
    function together<T>(
      count: number,
      act: (node: Records, n: number) => Promise<T>,
    ): Promise<PromiseSettledResult<T>[]> {
      return Promise.allSettled(
        Array.from({ length: count }, (_, n) => act(n % 2 === 0 ? here : there, n)),
      );
    }

    describe('the schema', () => {
      test('is brought up to date again without harm to what is there', async () => {
        await here.write(insertAccount('a'));
        await Promise.all([there.migrate(), here.migrate(), there.migrate()]);
        expect(await there.first(findAccount('a'))).toEqual(account('a'));
      });
    });

    describe('reading', () => {
      test('a row comes back as it was written, on every node', async () => {
        const row = {
          ...account('a'),
          username: 'Ali \u{1F511} \u00e4',
          email: null,
          claims: JSON.stringify({
            name: "O'Hara; drop table account; --",
            odd: '\\u0000 $1 ? ""',
          }),
          owner: 1,
          created_at: 4_102_444_800,
          updated_at: Number.MAX_SAFE_INTEGER,
        };
        await here.write(here.queries.insertInto('account').values(row));
        expect(await there.first(findAccount('a'))).toEqual(row);
      });

      test('nothing found is undefined, or an empty list', async () => {
        expect(await here.first(findAccount('none'))).toBeUndefined();
        expect(await here.all(findAccount('none'))).toEqual([]);
      });

      test('rows come in the order asked for, numbers compared as numbers', async () => {
        for (const [id, at] of Object.entries({ a: 9, b: 10, c: 1_000_000_000_000 })) {
          await here.write(insertAccount(id, { created_at: at }));
        }
        const rows = await there.all(
          there.queries
            .selectFrom('account')
            .select(['id', 'created_at'])
            .orderBy('created_at', 'desc'),
        );
        expect(rows).toEqual([
          { id: 'c', created_at: 1_000_000_000_000 },
          { id: 'b', created_at: 10 },
          { id: 'a', created_at: 9 },
        ]);
      });

      test('text is compared byte by byte: no folding, no normal forms', async () => {
        await here.write(insertAccount('a'), insertAccount('A'), insertAccount('\u00e4'));
        expect((await there.first(findAccount('A')))?.id).toBe('A');
        expect(await there.first(findAccount('\u00c4'))).toBeUndefined();
        expect(await there.first(findAccount('a\u0308'))).toBeUndefined();
      });

      test('a count is a number', async () => {
        await here.write(insertAccount('a'), insertAccount('b'));
        const counted = await there.first(
          there.queries
            .selectFrom('account')
            .select(({ fn }) => [fn.countAll().as('rows'), fn.max('created_at').as('latest')]),
        );
        expect(counted).toEqual({ rows: 2, latest: account('b').created_at });
      });
    });

    describe('writing', () => {
      test('each statement of a batch says what it did', async () => {
        const [inserted, updated, none, removed] = await here.write(
          insertAccount('a'),
          here.queries
            .updateTable('account')
            .set({ disabled_at: 7 })
            .where('id', '=', 'a')
            .returning(['id', 'disabled_at']),
          touch('none', 1),
          here.queries.deleteFrom('account').where('id', '=', 'a'),
        );
        expect(inserted).toEqual({ rowsAffected: 1, rows: [] });
        expect(updated).toEqual({ rowsAffected: 1, rows: [{ id: 'a', disabled_at: 7 }] });
        expect(none).toEqual({ rowsAffected: 0, rows: [] });
        expect(removed).toEqual({ rowsAffected: 1, rows: [] });
      });

      test('an empty batch does nothing', async () => {
        expect(await here.write()).toEqual([]);
      });

      test('a later statement sees what an earlier one did', async () => {
        await here.write(insertAccount('a'), touch('a', 42));
        expect((await there.first(findAccount('a')))?.updated_at).toBe(42);
      });

      test('one refused statement undoes the whole batch', async () => {
        await here.write(insertAccount('taken'));
        await expect(
          here.write(insertAccount('a'), touch('taken', 42), insertAccount('taken')),
        ).rejects.toThrow(RecordConflict);
        expect(await there.first(findAccount('a'))).toBeUndefined();
        expect((await there.first(findAccount('taken')))?.updated_at).not.toBe(42);
        await here.write(insertAccount('a'));
      });

      test('a conflict names nothing of what was written', async () => {
        await here.write(insertAccount('a', { email_key: 'alice@example.com' }));
        const refused = here.write(insertAccount('b', { email_key: 'alice@example.com' }));
        await expect(refused).rejects.toSatisfy(
          (error) => error instanceof RecordConflict && !error.message.includes('alice'),
        );
      });

      test('unique keys refuse a second, but any number may have none', async () => {
        await here.write(insertAccount('a', { username_key: 'x' }));
        await expect(there.write(insertAccount('b', { username_key: 'x' }))).rejects.toThrow(
          RecordConflict,
        );
        await here.write(insertAccount('b', { username_key: null }));
        await here.write(insertAccount('c', { username_key: null }));
      });

      test('a row that may already be there is passed over when the statement says so', async () => {
        const insert = here.queries
          .insertInto('account')
          .values(account('a'))
          .onConflict((conflict) => conflict.column('id').doNothing());
        expect(await here.write(insert)).toMatchObject([{ rowsAffected: 1 }]);
        expect(await there.write(insert)).toMatchObject([{ rowsAffected: 0 }]);
      });

      test('a statement that is wrong is neither a conflict nor a missing engine', async () => {
        const wrong = here.queries.selectFrom('account').select('no_such_column' as 'id');
        const refused = here.all(wrong);
        await expect(refused).rejects.toThrow(Error);
        await expect(refused).rejects.not.toBeInstanceOf(RecordsUnavailable);
        await expect(refused).rejects.not.toBeInstanceOf(RecordConflict);
      });
    });

    describe('at once', () => {
      test('of many inserts of one key, exactly one is taken', async () => {
        const outcomes = await together(MANY, (node, n) =>
          node.write(insertAccount(`a${n}`, { email_key: 'one@example.com' })),
        );
        const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
        expect(refused).toHaveLength(MANY - 1);
        for (const { reason } of refused) expect(reason).toBeInstanceOf(RecordConflict);
      });

      test('of many updates that name the old value, exactly one changes the row', async () => {
        await here.write(insertAccount('a', { updated_at: 1 }));
        const outcomes = await together(MANY, (node, n) =>
          node.write(
            node.queries
              .updateTable('account')
              .set({ updated_at: 100 + n })
              .where('id', '=', 'a')
              .where('updated_at', '=', 1),
          ),
        );
        const changed = outcomes.map((outcome) =>
          outcome.status === 'fulfilled' ? outcome.value[0]?.rowsAffected : outcome.reason,
        );
        expect(changed.filter((rows) => rows === 1)).toHaveLength(1);
        expect(changed.filter((rows) => rows === 0)).toHaveLength(MANY - 1);
      });

      test('many writes of both nodes are all there', async () => {
        const outcomes = await together(rounds(100, 1000), (node, n) =>
          node.write(insertAccount(`a${n}`)),
        );
        expect(outcomes.filter((outcome) => outcome.status === 'rejected')).toEqual([]);
        const rows = await here.all(here.queries.selectFrom('account').select('id'));
        expect(rows).toHaveLength(outcomes.length);
      });

      test('nobody sees half a batch', async () => {
        await here.write(
          insertAccount('a', { updated_at: 0 }),
          insertAccount('b', { updated_at: 0 }),
        );
        const sum = there.queries
          .selectFrom('account')
          .select(({ fn }) => [fn.min('updated_at').as('min'), fn.max('updated_at').as('max')]);
        const writer = { isDone: false };
        const writing = (async () => {
          for (let n = 1; n <= 50; n += 1) await here.write(touch('a', n), touch('b', n));
          writer.isDone = true;
        })();
        while (!writer.isDone) {
          const seen = await there.first(sum);
          expect(seen?.min).toBe(seen?.max);
        }
        await writing;
      });

      test('batches that touch the same rows in opposite order all get through', async () => {
        await here.write(insertAccount('a'), insertAccount('b'));
        const outcomes = await together(rounds(8, 24), (node, n) =>
          n % 2 === 0
            ? node.write(touch('a', n), touch('b', n))
            : node.write(touch('b', n), touch('a', n)),
        );
        expect(outcomes.filter((outcome) => outcome.status === 'rejected')).toEqual([]);
      });
    });

    describe('a handle', () => {
      test('is in health', async () => {
        const health = await here.health();
        expect(health.ok).toBe(true);
        expect(health.remarks.every((remark) => typeof remark === 'string')).toBe(true);
      });

      test('that is closed answers nothing more, and disturbs no other', async () => {
        await here.write(insertAccount('a'));
        await here.close();
        await here.close();
        await expect(here.first(findAccount('a'))).rejects.toThrow(RecordsUnavailable);
        await expect(here.write(touch('a', 1))).rejects.toThrow(RecordsUnavailable);
        expect((await here.health()).ok).toBe(false);
        expect(await there.first(findAccount('a'))).toBeDefined();
      });

      test('finds what earlier handles left', async () => {
        await here.write(insertAccount('a'));
        await Promise.all([here.close(), there.close()]);
        here = await engine.open();
        await here.migrate();
        expect(await here.first(findAccount('a'))).toEqual(account('a'));
      });
    });
  });
}

function account(id: string): AccountTable {
  return {
    id,
    username: null,
    username_key: null,
    email: `${id}@example.com`,
    email_key: `${id}@example.com`,
    email_verified: 0,
    phone: null,
    password_hash: null,
    claims: '{}',
    attributes: '{}',
    owner: 0,
    disabled_at: null,
    created_at: 1_800_000_000,
    updated_at: 1_800_000_000,
    source: 'cli',
    expires_at: null,
    expiry_told_at: null,
    locked_at: null,
    password_change: null,
    terms_version: null,
    terms_accepted_at: null,
  };
}
