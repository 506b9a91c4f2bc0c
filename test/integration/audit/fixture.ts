import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Audit } from '../../../src/audit/audit.ts';
import { auditConfig } from '../../../src/audit/config.ts';
import { createAudit } from '../../../src/audit/create-audit.ts';
import { createPinoLogger } from '../../../src/runtime/pino-logger.ts';
import { openEmbedded } from '../../../src/storage/embedded/open-embedded.ts';
import type { Records } from '../../../src/storage/records.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';

export const logger = createPinoLogger({ level: 'silent', fields: {} });

export interface Ledger {
  readonly records: Records;
  readonly clock: FakeClock;
  /** A node that writes to the same records. */
  audit(node: string, settings?: Parameters<typeof auditConfig.parse>[0]): Audit;
}

/** Records in a file of their own, and nodes that write their audit to them. */
export async function openLedger(): Promise<Ledger> {
  const folder = await mkdtemp(join(tmpdir(), 'lk-audit-'));
  const clock = createFakeClock();
  const engine = await openEmbedded({ file: join(folder, 'data.sqlite'), clock, logger });
  await engine.records.migrate();
  const audits: Audit[] = [];
  onTestFinished(async () => {
    await Promise.all(audits.map((audit) => audit.close()));
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    records: engine.records,
    clock,
    audit(node, settings = {}) {
      const options = { records: engine.records, clock, logger, node };
      const audit = createAudit({ ...options, settings: auditConfig.parse(settings) });
      audits.push(audit);
      return audit;
    },
  };
}
