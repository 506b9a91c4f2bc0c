import type { Command } from 'commander';
import { registerImportAuth0, type ImportAuth0, type ImportAuth0Rooms } from './import-auth0.ts';
import {
  registerImportCognito,
  type ImportCognito,
  type ImportCognitoRooms,
} from './import-cognito.ts';

/** Adds `import VENDOR`: what an installation takes over from another system. */
export function registerImportCommands(
  program: Command,
  open: () => Promise<ImportCognitoRooms & ImportAuth0Rooms>,
  {
    importAuth0,
    importCognito,
  }: {
    readonly importAuth0?: ImportAuth0 | undefined;
    readonly importCognito?: ImportCognito | undefined;
  },
): void {
  const imports = program.command('import').description('Takes over what another system exported.');
  if (importAuth0) registerImportAuth0(imports, open, importAuth0);
  if (importCognito) registerImportCognito(imports, open, importCognito);
}
