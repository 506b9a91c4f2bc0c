#!/usr/bin/env node
// The command. A checkout runs its source; what was installed from npm has only what was made of it.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(`Latchkey needs Node ${NODE_MAJOR_MIN}; this is ${process.version}.\n`);
  process.exitCode = 1;
} else {
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
