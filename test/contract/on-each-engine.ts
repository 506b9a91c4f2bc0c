import { afterAll, beforeAll } from 'vitest';
import { openPostgresRecords } from '../../src/storage/postgres/open-postgres-records.ts';
import { createEmbeddedPlace } from '../support/embedded-file.ts';
import {
  PATIENT_POSTGRES,
  postgresSettings,
  startPostgres,
  type TestPostgres,
} from '../support/postgres.ts';
import { createToldLogger } from '../support/told.ts';
import type { MailPlace } from './mail.contract.ts';

/** Holds what is sent to a contract on either engine for records. */
export function onEachEngine(
  describeContract: (name: string, openPlace: () => Promise<MailPlace>) => void,
): void {
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  describeContract('the embedded engine', async () => {
    const place = await createEmbeddedPlace();
    return { open: () => place.open(), close: () => place.close() };
  });

  describeContract('PostgreSQL', async () => {
    const place = await createEmbeddedPlace();
    const url = await postgres.createDatabase();
    const opened: { close(): Promise<void> }[] = [];
    return {
      async open() {
        const logger = createToldLogger();
        const records = await openPostgresRecords(postgresSettings(url, PATIENT_POSTGRES), {
          logger,
        });
        opened.push(records);
        const { state } = await place.open();
        return { records, state };
      },
      async close() {
        for (const records of opened) await records.close();
        await place.close();
      },
    };
  });
}
