import { createAudit } from '../../../src/audit/create-audit.ts';
import { auditConfig } from '../../../src/audit/config.ts';
import { revocationConfig } from '../../../src/revocation/config.ts';
import { createRevocation } from '../../../src/revocation/create-revocation.ts';
import { randomId } from '../../../src/runtime/random.ts';
import { openEmbedded } from '../../../src/storage/embedded/open-embedded.ts';
import { logger, type Site } from '../revocation/fixture.ts';
import type { Clock } from '../../../src/runtime/clock.ts';

/** Nodes on a file that the caller has, and that another process may have too. */
export function siteOn(file: string, clock: Clock): Pick<Site, 'node'> {
  return {
    async node() {
      const embedded = await openEmbedded({ file, clock, logger });
      const { state, records } = embedded;
      await records.migrate();
      const base = { state, records, clock, logger };
      const audit = createAudit({ ...base, node: randomId(4), settings: auditConfig.parse({}) });
      const settings = revocationConfig.parse({});
      const revocation = await createRevocation({ ...base, audit, settings, namespace: 'test' });
      return {
        state,
        records,
        revocation,
        async close() {
          await revocation.close();
          await audit.close();
          await embedded.close();
        },
      };
    },
  };
}
