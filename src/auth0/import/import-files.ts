import type { Audit } from '../../audit/audit.ts';
import type { Factors } from '../../factors/factors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Records } from '../../storage/records.ts';
import { createUserMetadata } from '../user-metadata.ts';
import { readExported } from './exported.ts';
import { importExport, type ImportReport, type ImportRooms } from './import-export.ts';

/** The rooms of an installation that an export is carried into. */
interface House extends Omit<ImportRooms, 'metadata' | 'totp'> {
  readonly audit: Pick<Audit, 'record'>;
  readonly clock: Clock;
  readonly factors: Pick<Factors, 'totp'>;
  readonly records: Records;
}

/** Carries what files of one tenant of Auth0's have in them. @throws {ExportUnclear} */
export async function importFiles(
  files: Parameters<typeof readExported>[0],
  house: House,
  options: Parameters<typeof importExport>[2],
): Promise<ImportReport> {
  const exported = readExported(files);
  const rooms = { ...house, metadata: createUserMetadata(house), totp: house.factors.totp };
  return await importExport(exported, rooms, options);
}
