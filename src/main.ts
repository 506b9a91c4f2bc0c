#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { z } from 'zod';
import { humanLogLine, isForPrograms } from './cli/log-line.ts';
import { createProgram, runProgram } from './cli/program.ts';
import { openRooms } from './compose.ts';
import { banner } from './dev/banner.ts';
import { startNode } from './node.ts';
import type { Logger } from './runtime/logger.ts';
import { createPinoLogger } from './runtime/pino-logger.ts';
import { type Settings, settingsSchema } from './settings.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** A bug of ours (`EX_SOFTWARE` of sysexits.h). */
const EXIT_BUG = 70;

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const printError = (text: string): void => void process.stderr.write(`${text}\n`);

/** A node until it is told to stop, or until it can no longer be trusted. */
async function run(settings: Settings): Promise<void> {
  const logger = createPinoLogger({ level: settings.log.level, fields: { version } });
  const stop = new AbortController();
  const told = toldToStop(logger, stop);
  const starting = startNode(settings, { logger, signal: stop.signal });
  const node = await Promise.race([starting, told.then(() => undefined)]);
  if (!node) return;
  if (settings.profile === 'dev') print(banner(settings, node.listening));
  logger.info({ event: 'node.started', issuer: settings.issuer }, 'serving');
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
  startNode: run,
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
