import type { Command } from 'commander';
import { registerImportCognito, type ImportCognitoRooms } from './import-cognito.ts';

/** Adds `import VENDOR`: what an installation takes over from another system. */
export function registerImportCommands(
  program: Command,
  open: () => Promise<ImportCognitoRooms>,
): void {
  const imports = program.command('import').description('Takes over what another system exported.');
  registerImportCognito(imports, open);
}
