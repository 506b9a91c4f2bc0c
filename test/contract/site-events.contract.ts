import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/audit/audit.ts';
import { auditConfig } from '../../src/audit/config.ts';
import { createAudit } from '../../src/audit/create-audit.ts';
import { countByDay, countPeople } from '../../src/audit/site-counts.ts';
import { countSiteEvents, siteEvents, type SiteStretch } from '../../src/audit/site-events.ts';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import type { Records } from '../../src/storage/records.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import type { RecordsEngine } from './records.contract.ts';

const DAY = 86_400;

/** Holds what is asked of the audit by origin to one behaviour on every engine. */
export function describeSiteEventsContract(
  name: string,
  arrange: () => Promise<RecordsEngine>,
): void {
  describe(`${name}: events of one origin`, () => {
    let engine: RecordsEngine;
    let records: Records;
    let clock: FakeClock;

    beforeEach(async () => {
      engine = await arrange();
      records = await engine.open();
      await records.migrate();
      clock = createFakeClock();
    });

    afterEach(async () => {
      await records.close();
      await engine.close();
    });

    /** One event a second, the first at the beginning of `clock`. */
    async function happen(
      events: readonly (readonly [string, Partial<AuditEvent>])[],
    ): Promise<void> {
      const { logger } = createRecordingLogger();
      const settings = auditConfig.parse({});
      const nodes = new Map(
        ['a', 'b'].map((node) => [node, createAudit({ records, clock, logger, node, settings })]),
      );
      for (const [node, event] of events) {
        const whole = { type: 'sign_out', origin: { address: '::1', site: 'one' }, ...event };
        await nodes.get(node)?.record(whole as AuditEvent);
        clock.advance(1);
      }
      await Promise.all([...nodes.values()].map((audit) => audit.close()));
    }

    function stretch(more: Partial<SiteStretch> = {}): SiteStretch {
      return {
        site: 'one',
        types: ['sign_out', 'sign_in.succeeded'],
        since: 0,
        before: clock.now() + 1,
        order: 'newest-first',
        limit: 10,
        ...more,
      };
    }

    async function found(more: Partial<SiteStretch> = {}): Promise<readonly string[]> {
      const events = await siteEvents(records, stretch(more));
      return events.map(({ node, number }) => `${node}${number}`);
    }

    const elsewhere = { origin: { address: '::1', site: 'two' } };
    const signedIn = (accountId: string): Partial<AuditEvent> => ({
      type: 'sign_in.succeeded',
      accountId,
      amr: ['pwd'],
    });

    test('are told in order, those of no other one and of no other type', async () => {
      await happen([
        ['a', {}],
        ['b', signedIn('ann')],
        ['a', elsewhere],
        ['a', { origin: { address: '::1' } }],
        ['b', signedIn('ben')],
        ['a', { type: 'consent.refused' }],
        ['a', {}],
      ]);
      expect(await found()).toEqual(['a5', 'b2', 'b1', 'a1']);
      expect(await found({ order: 'oldest-first' })).toEqual(['a1', 'b1', 'b2', 'a5']);
      expect(await found({ types: ['sign_out'] })).toEqual(['a5', 'a1']);
      expect(await found({ types: [] })).toEqual([]);
      expect(await found({ limit: 2, skip: 1 })).toEqual(['b2', 'b1']);
      expect(await found({ accountId: 'ann' })).toEqual(['b1']);
      expect(await found({ accountId: 'ann', site: 'two' })).toEqual([]);
      expect(await verifyAudit(records)).toMatchObject({ ok: true });
    });

    test('go on behind a place in either order, also within one second', async () => {
      await happen([
        ['a', {}],
        ['b', {}],
      ]);
      await records.write(records.queries.updateTable('audit').set({ at: clock.now() }));
      const [first, last] = await siteEvents(records, stretch());
      expect(await found({ behind: first })).toEqual([`${last?.node}${last?.number}`]);
      expect(await found({ behind: last })).toEqual([]);
      expect(await found({ behind: last, order: 'oldest-first' })).toEqual([
        `${first?.node}${first?.number}`,
      ]);
    });

    test('are counted up to a number, by day, and by person', async () => {
      clock.advance(DAY - (clock.now() % DAY));
      const midnight = clock.now();
      await happen([
        ['a', signedIn('ann')],
        ['a', signedIn('ann')],
        ['a', { ...signedIn('cat'), ...elsewhere }],
      ]);
      clock.advance(DAY);
      await happen([['b', signedIn('ben')]]);
      expect(await countSiteEvents(records, stretch(), 10)).toBe(3);
      expect(await countSiteEvents(records, stretch(), 2)).toBe(2);
      const counted = { ...stretch(), type: 'sign_in.succeeded' } as const;
      expect(await countByDay(records, counted)).toEqual(
        new Map([
          [midnight, 2],
          [midnight + DAY, 1],
        ]),
      );
      expect(await countPeople(records, counted)).toBe(2);
    });
  });
}
