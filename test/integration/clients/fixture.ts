import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Audit } from '../../../src/audit/audit.ts';
import { auditConfig } from '../../../src/audit/config.ts';
import { createAudit } from '../../../src/audit/create-audit.ts';
import { listAudit } from '../../../src/audit/list-audit.ts';
import type { Clients } from '../../../src/clients/clients.ts';
import { clientsConfig } from '../../../src/clients/config.ts';
import { createClients, type ClientsOptions } from '../../../src/clients/create-clients.ts';
import { createSealer } from '../../../src/runtime/sealing.ts';
import { openEmbedded } from '../../../src/storage/embedded/open-embedded.ts';
import type { Records } from '../../../src/storage/records.ts';
import type { State } from '../../../src/storage/state.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createRecordingLogger, type LogLine } from '../../support/recording-logger.ts';

export const CLI = { by: 'cli', origin: { address: 'cli' } };
export const REGISTRATION = { by: 'registration', origin: { address: '192.0.2.1' } };

export interface Registry {
  readonly records: Records;
  readonly state: State;
  readonly audit: Audit;
  readonly clock: FakeClock;
  readonly lines: LogLine[];
  readonly revoked: string[];
  /** A node over these stores, with its own cache. */
  open(declared?: readonly object[], instead?: Partial<ClientsOptions>): Promise<Clients>;
  events(): Promise<readonly Record<string, unknown>[]>;
}

/**
 * Stores for the clients of one or more nodes: an embedded file of their own, or other records, which are
 * migrated already.
 */
export async function openRegistry(otherRecords?: Records): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'lk-clients-'));
  const clock = createFakeClock();
  const { logger, lines } = createRecordingLogger();
  const engine = await openEmbedded({ file: join(folder, 'data.sqlite'), clock, logger });
  const { state } = engine;
  const records = otherRecords ?? engine.records;
  await engine.records.migrate();
  const settings = auditConfig.parse({});
  const audit = createAudit({ records, clock, logger, node: 'one', settings });
  const sealer = createSealer([Buffer.alloc(32, 7)]);
  const opened: Clients[] = [];
  onTestFinished(async () => {
    await Promise.all(opened.map((clients) => clients.close()));
    await audit.close();
    await engine.close();
    await rm(folder, { recursive: true });
  });
  const revoked: string[] = [];
  return {
    records,
    state,
    audit,
    clock,
    lines,
    revoked,
    async open(declared = [], instead = {}) {
      const clients = await createClients({
        records,
        state,
        audit,
        clock,
        logger,
        sealer,
        declared: clientsConfig.parse(declared),
        profile: 'dev',
        revocation: {
          async revoke(what) {
            if (what.kind === 'client') revoked.push(what.clientId);
            return { number: revoked.length, durableAt: clock.now() };
          },
        },
        ...instead,
      });
      opened.push(clients);
      return clients;
    },
    async events() {
      await audit.flush();
      const listed = await listAudit(records, { limit: 1000 });
      return listed
        .toSorted((left, right) => left.number - right.number)
        .map(({ event }) => ({ ...Object(event) }));
    },
  };
}
