import { installationOf } from '../../config/installation.ts';
import { readExported, type ExportedFile } from './exported.ts';
import { importExport, type ImportHouse, type ImportOptions } from './import-export.ts';
import type { ImportReport } from './report.ts';

/** An installation, as commands open it. */
interface ImportRooms extends Omit<ImportHouse, 'isDev'> {
  readonly settings: ImportHouse['settings'] & Parameters<typeof installationOf>[0];
}

/**
 * `import cognito`: files with what `aws cognito-idp` told of one pool.
 *
 * @throws {ExportUnclear}
 */
export async function importFiles(
  files: readonly ExportedFile[],
  rooms: ImportRooms,
  options: ImportOptions,
): Promise<ImportReport> {
  const { isDev } = installationOf(rooms.settings);
  return await importExport(readExported(files), { ...rooms, isDev }, options);
}
