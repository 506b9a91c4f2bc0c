import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ClientExists } from '../../../src/clients/clients.ts';
import { openPostgresRecords } from '../../../src/storage/postgres/open-postgres-records.ts';
import {
  PATIENT_POSTGRES,
  postgresSettings,
  startPostgres,
  type TestPostgres,
} from '../../support/postgres.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';
import { CLI, openRegistry } from './fixture.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

test('on PostgreSQL, clients are created once, found, changed at the same time, and deleted', async () => {
  const settings = postgresSettings(await postgres.createDatabase(), PATIENT_POSTGRES);
  const records = await openPostgresRecords(settings, createRecordingLogger());
  onTestFinished(() => records.close());
  await records.migrate();
  const clients = await (await openRegistry(records)).open();

  const metadata = { redirect_uris: ['https://app.example.com/callback'] };
  const { client } = await clients.create({ id: 'web', metadata }, CLI);
  await expect(clients.create({ id: 'web', metadata }, CLI)).rejects.toThrow(ClientExists);
  expect(await clients.find('web')).toEqual(client);
  const open = { ...metadata, token_endpoint_auth_method: 'none' };
  await clients.create({ id: 'spa', metadata: open }, CLI);
  expect(await clients.update('spa', { ...open, client_name: 'New' }, CLI)).toMatchObject({
    metadata: { client_name: 'New' },
  });
  const rotated = await Promise.all(
    Array.from({ length: 8 }, () => clients.rotateSecret('web', CLI)),
  );
  const now = await clients.find('web');
  const good = rotated.filter((one) => now && clients.verifySecret(now, one?.secret ?? ''));
  expect(good).toHaveLength(1);
  expect((await clients.list()).map(({ id }) => id)).toEqual(['spa', 'web']);
  expect(await clients.delete('web', CLI)).toBe(true);
  expect(await clients.find('web')).toBeUndefined();
});
