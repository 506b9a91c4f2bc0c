import { Command, CommanderError } from 'commander';
import type { z } from 'zod';
import type { Environment } from '../config/environment.ts';
import { gatherFacts } from '../config/facts.ts';
import { judgeSafety } from '../config/insecure.ts';
import { loadConfig } from '../config/load-config.ts';
import { privateFilesOf, type FileSettings } from '../config/private-files.ts';
import type { SafetySettings } from '../config/safety.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { MailAdministration } from '../mail/administration.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { KeyAdministration } from '../signing-keys/administration.ts';
import type { Records } from '../storage/records.ts';
import { registerAuditCommands } from './audit.ts';
import { registerCheckCommand, type Checked } from './check.ts';
import { registerClientCommands } from './clients.ts';
import { registerDev, type DevSource } from './dev.ts';
import { registerKeysCommands, type KeyRooms } from './keys.ts';
import { registerGroupCommands } from './groups.ts';
import { registerImportCommands } from './import.ts';
import type { ImportAuth0 } from './import-auth0.ts';
import type { ImportCognito, ImportCognitoRooms } from './import-cognito.ts';
import { registerMailCommands } from './mail.ts';
import { json, plain, type Output } from './output.ts';
import type { PasswordInput } from './password.ts';
import { registerPersonCommands } from './people.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { registerRightsCommand, type RightsRooms } from './rights.ts';
import { registerRoleCommands } from './roles.ts';
import { type Processes, registerStart } from './start.ts';
import { registerRevokeCommands, type RevokeRooms } from './revoke.ts';

/** An expected failure: said by its code. */
const EXIT_FAILED = 1;
/** A bug of ours (`EX_SOFTWARE` of sysexits.h). */
const EXIT_BUG = 70;

/** No configuration was named. */
class NoConfig extends LatchkeyError {
  readonly code = 'ERR_NO_CONFIG';
}

/** The rooms of an installation that commands act on. */
export interface ProgramRooms extends RevokeRooms, RightsRooms, PeopleRooms {
  readonly records: Records;
  readonly sealer: Sealer;
  readonly settings: ImportCognitoRooms['settings'];
  readonly sms: ImportCognitoRooms['sms'];
  readonly resealPools: KeyRooms['resealPools'];
  readonly keyAdministration: KeyAdministration;
  readonly mailAdministration: MailAdministration;
}

/** What the commands get from the process and from the composition root. */
export interface ProgramOptions<Settings extends SafetySettings & FileSettings> extends Output {
  readonly schema: z.ZodType<Settings> & Pick<z.ZodObject, 'shape'>;
  readonly version: string;
  readonly environment: Environment;
  /** Where a password is typed or piped in, or a token. */
  readonly input: PasswordInput;
  /** What is printed is drawn on a terminal, and may be drawn over. */
  readonly isTerminal?: boolean | undefined;
  /** One of several processes of one start, the first of which has told the warnings. */
  readonly isWorker?: boolean | undefined;
  /** Left out: there is no `import auth0`. */
  readonly importAuth0?: ImportAuth0 | undefined;
  /** Left out: there is no `import cognito`. */
  readonly importCognito?: ImportCognito | undefined;
  openRooms(settings: Settings): Promise<ProgramRooms>;
  /** Resolves when the node, or each of several processes that are one each, has stopped. */
  startNode(settings: Settings, processes: Processes): Promise<void>;
}

/** Every command; `runProgram` runs one. */
export function createProgram<Settings extends SafetySettings & FileSettings>(
  options: ProgramOptions<Settings>,
): Command {
  const { print, printError, version, schema, environment } = options;
  const program = new Command('latchkey')
    .description('An OpenID Connect provider whose tokens can be taken back.')
    .option('--config <file>', 'the configuration; left out: the one that LATCHKEY_CONFIG names')
    .version(version, '-V, --version', 'print the version')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => print(text.trimEnd()),
      writeErr: (text) => printError(text.trimEnd()),
    })
    .exitOverride();

  const load = (source?: DevSource): Promise<Settings> => {
    const { path = configPath(program, environment), flags } = source ?? {};
    return loadConfig(path, schema, environment, flags);
  };
  const check = async (source?: DevSource): Promise<Checked & { readonly settings: Settings }> => {
    const settings = await load(source);
    const privateFiles = privateFilesOf(settings);
    const facts = await gatherFacts({ settings, schema, privateFiles, environment });
    return { settings, safety: judgeSafety(settings, facts) };
  };
  const open = async (): Promise<ProgramRooms & Output> => ({
    ...(await options.openRooms(await load())),
    print,
    printError,
  });

  registerStart(program, { ...options, check });
  registerDev(program, { ...options, check });
  registerCheckCommand(program, { schema, output: options, check });
  registerVersion(program, options);
  registerClientCommands(program, open);
  registerRightsCommand(registerPersonCommands(program, open, options.input), open);
  registerGroupCommands(program, open);
  registerRoleCommands(program, open);
  registerKeysCommands(program, async () => {
    const rooms = await open();
    return { ...rooms, administration: rooms.keyAdministration };
  });
  const { input, isTerminal = false } = options;
  registerRevokeCommands(program, open, { input, isTerminal });
  registerImportCommands(program, open, options);
  registerMailCommands(program, open);
  registerAuditCommands(program, open);
  return program;
}

/** Runs one command (`args` without the program's name) and gives the exit code; never throws. */
export async function runProgram(
  program: Command,
  args: readonly string[],
  { printError }: Pick<Output, 'printError'>,
): Promise<number> {
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // It has already said what was wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof LatchkeyError) {
      printError(`${error.code}: ${error.message}`);
      return EXIT_FAILED;
    }
    printError(error instanceof Error ? (error.stack ?? String(error)) : String(error));
    return EXIT_BUG;
  }
}

function configPath(program: Command, environment: Environment): string {
  const { config } = program.opts<{ readonly config?: string }>();
  const path = config ?? environment['LATCHKEY_CONFIG'];
  if (path !== undefined && path !== '') return path;
  throw new NoConfig(
    'no configuration was named: give --config FILE or set LATCHKEY_CONFIG. A file to start from, with every setting, is config/latchkey.example.yaml',
  );
}

function registerVersion(
  program: Command,
  { print, version }: Output & { readonly version: string },
): void {
  program
    .command('version')
    .description('Prints the version.')
    .option('--json', 'print JSON')
    .action((flags: { readonly json?: true }) =>
      print(flags.json ? json({ version }) : plain(version)),
    );
}
