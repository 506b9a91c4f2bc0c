import { afterAll, beforeAll } from 'vitest';
import { openPostgresRecords } from '../../src/storage/postgres/open-postgres-records.ts';
import {
  PATIENT_POSTGRES,
  postgresSettings,
  startPostgres,
  type TestPostgres,
} from '../support/postgres.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';
import { describeRecordsContract, type RecordsEngine } from './records.contract.ts';
import { describeSiteEventsContract } from './site-events.contract.ts';

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startPostgres();
});

afterAll(() => postgres.stop());

describeRecordsContract('PostgreSQL', arrange);
describeSiteEventsContract('PostgreSQL', arrange);

async function arrange(): Promise<RecordsEngine> {
  const settings = postgresSettings(await postgres.createDatabase(), PATIENT_POSTGRES);
  const { logger } = createRecordingLogger();
  return {
    open: () => openPostgresRecords(settings, { logger }),
    close: async () => undefined,
  };
}
