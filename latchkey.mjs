#!/usr/bin/env node
// The command. A checkout runs its source; what was installed from npm has only what was made of it.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
/**
 * V8 lets young objects grow to 64 MB before it gathers them, and under load stands still for 15 ms whenever it does.
 * It takes a bound only as it starts (docs/decisions/0033-tokens-overtake-pages.md). In MB, of three such spaces.
 */
const YOUNG_OBJECTS = '--max-semi-space-size=16';
/**
 * How many threads sign: one for each core, which libuv takes from here alone, and is 4 without (docs/performance.md). Two at
 * least, since libuv keeps half of them free of what may wait long, such as a name to be looked up.
 */
const POOL = { UV_THREADPOOL_SIZE: String(Math.max(2, availableParallelism())) };

/** A node starts again as the same process, with these; unless it has a bound, or a channel that would be lost. */
function startAsNode() {
  const { env, argv, execArgv, execPath, channel, execve } = process;
  const isNode = argv[2] === 'start';
  const hasBound = `${execArgv.join(' ')} ${env.NODE_OPTIONS}`.includes('semi-space-size');
  if (!isNode || hasBound || channel || !execve || process.platform === 'win32') return;
  execve(execPath, [execPath, ...execArgv, YOUNG_OBJECTS, ...argv.slice(1)], { ...POOL, ...env });
}

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(`Latchkey needs Node ${NODE_MAJOR_MIN}; this is ${process.version}.\n`);
  process.exitCode = 1;
} else {
  startAsNode();
  // Starts in half the time. Never in the common temporary folder, where another user could lay code for us;
  // where this one cannot be written, there is no cache.
  const cache = fileURLToPath(new URL('./node_modules/.cache/code', import.meta.url));
  module.enableCompileCache(cache);
  // Threads look for it here: it is not theirs by itself.
  // oxlint-disable-next-line node/no-process-env -- not a setting of ours
  process.env.NODE_COMPILE_CACHE ??= cache;
  const source = new URL('./src/main.ts', import.meta.url);
  await import(existsSync(source) ? source.href : new URL('./dist/main.js', import.meta.url).href);
}
