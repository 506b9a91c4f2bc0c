#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { z } from 'zod';
import { humanLogLine, isForPrograms } from './cli/log-line.ts';
import { createProgram, runProgram } from './cli/program.ts';
import type { Processes } from './cli/start.ts';
import { openRooms } from './compose.ts';
import { banner } from './dev/banner.ts';

import type { Logger } from './runtime/logger.ts';
import { systemClock } from './runtime/clock.ts';
import { createPinoLogger } from './runtime/pino-logger.ts';
import { type Settings, settingsSchema } from './settings.ts';
import { startNode } from './start-node.ts';
import { leaveWorkers, placeOf, runWorkers, settingsOfWorker, tellServing } from './workers.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** A bug of ours (`EX_SOFTWARE` of sysexits.h). */
const EXIT_BUG = 70;

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const printError = (text: string): void => void process.stderr.write(`${text}\n`);

/**
 * V8 gathers young garbage by several threads, for which the first waits. On the few cores of a node, whose others have
 * work of their own, that takes longer than gathering it alone, and more of the processor (docs/performance.md).
 */
const GATHER_ALONE = '--no-parallel-scavenge';

/** One process, or several behind one socket. */
async function start(settings: Settings, { workers, pin }: Processes): Promise<void> {
  setFlagsFromString(GATHER_ALONE);
  const place = placeOf(process.env, workers);
  if (place !== undefined) {
    await run(settingsOfWorker(settings, place), { worker: String(place.place) });
    leaveWorkers();
  } else if (workers === 1) await run(settings);
  else {
    const logger = createPinoLogger({ level: settings.log.level, fields: { version } });
    const told = toldToStop(logger, new AbortController());
    const options = { workers, pin, environment: process.env, clock: systemClock, logger, told };
    process.exitCode = await runWorkers(settings, options);
  }
}

/** A node until it is told to stop, or until it can no longer be trusted. */
async function run(settings: Settings, fields: { readonly worker?: string } = {}): Promise<void> {
  const logger = createPinoLogger({ level: settings.log.level, fields: { version, ...fields } });
  const stop = new AbortController();
  const told = toldToStop(logger, stop);
  const starting = startNode(settings, { logger, signal: stop.signal });
  const node = await Promise.race([starting, told.then(() => undefined)]);
  if (!node) return;
  if (settings.profile === 'dev') print(banner(settings, node.listening));
  tellServing();
  logger.info({ event: 'node.started', issuer: settings.issuer }, 'serving');
  // Whoever tests an app kills the node, by which what it compiled would be lost: the next one starts in half the time.
  if (settings.profile === 'dev') flushCompileCache();
  await told;
  await node.close();
}

/** Resolves at the first signal or fault; a second signal ends the process where it stands. */
function toldToStop(logger: Logger, stop: AbortController): Promise<void> {
  return new Promise((resolve) => {
    const leave = (): void => {
      stop.abort();
      resolve();
    };
    for (const signal of SIGNALS) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        leave();
      });
    }
    const fail = (error: unknown): void => {
      const cause = error instanceof Error ? error : new Error(String(error));
      logger.error({ event: 'node.fault', error: cause }, 'an unforeseen fault: this node leaves');
      process.exitCode = EXIT_BUG;
      leave();
    };
    process.once('uncaughtException', fail);
    process.once('unhandledRejection', fail);
  });
}

const args = process.argv.slice(2);
const readable = isForPrograms(args) ? (line: string): string => line : humanLogLine;
const program = createProgram({
  schema: settingsSchema,
  version,
  environment: process.env,
  input: process.stdin,
  isTerminal: process.stdout.isTTY,
  print,
  printError,
  isWorker: placeOf(process.env, 1) !== undefined,
  startNode: start,
  importAuth0: async (...given) => {
    const { importFiles } = await import('./auth0/import/import-files.ts');
    return await importFiles(...given);
  },
  importCognito: async (...given) => {
    const { importFiles } = await import('./cognito/import/import-files.ts');
    return await importFiles(...given);
  },
  openRooms: (settings) =>
    openRooms(settings, {
      logger: createPinoLogger({
        level: 'warn',
        fields: {},
        destination: { write: (line) => printError(readable(line.trimEnd())) },
      }),
      signal: new AbortController().signal,
    }),
});
const code = await runProgram(program, args, { printError });
process.exitCode = process.exitCode ?? code;
