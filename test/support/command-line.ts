import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createProgram, runProgram } from '../../src/cli/program.ts';
import { openRooms, type Rooms } from '../../src/compose.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { settingsSchema, type Settings } from '../../src/settings.ts';
import { createRecordingLogger } from './recording-logger.ts';

/** What a command left: its exit code and what it printed. */
export interface CommandAnswer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** An installation on the embedded engine, in a folder of its own, to which commands are given. */
export interface Installation extends AsyncDisposable {
  readonly folder: string;
  readonly settings: Settings;
  /** Runs one command, as a process of its own would, with `input` on its standard input. */
  latchkey(args: readonly string[], input?: string): Promise<CommandAnswer>;
}

/** Writes the configuration: what `more` says, over a file and keys in the folder. */
export async function makeInstallation(
  more: (folder: string) => object = () => ({}),
): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-commands-'));
  const config = join(folder, 'latchkey.yaml');
  const written = {
    profile: 'dev',
    storage: { embedded: { file: join(folder, 'data', 'store.sqlite') } },
    signingKeys: { folder: join(folder, 'keys') },
    ...more(folder),
  };
  await writeFile(config, JSON.stringify(written));
  return {
    folder,
    settings: await loadConfig(config, settingsSchema, {}),
    latchkey: (args, input = '') => run(['--config', config, ...args], input),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

/** The rooms of a running node, beside which commands open their own. */
export function openQuietRooms(settings: Settings): Promise<Rooms> {
  const { logger } = createRecordingLogger();
  return openRooms(settings, { logger, signal: new AbortController().signal });
}

async function run(args: readonly string[], input: string): Promise<CommandAnswer> {
  const [out, err]: [string[], string[]] = [[], []];
  const output = {
    print: (text: string) => void out.push(text),
    printError: (text: string) => void err.push(text),
  };
  const program = createProgram({
    ...output,
    schema: settingsSchema,
    version: '1.2.3',
    environment: {},
    input: Readable.from([input]),
    openRooms: openQuietRooms,
    startNode: async () => {},
  });
  const code = await runProgram(program, [...args], output);
  return { code, out: out.join('\n'), err: err.join('\n') };
}
