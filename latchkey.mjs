#!/usr/bin/env node
// The command. A checkout runs its source; what was installed from npm has only what was made of it.
import { existsSync } from 'node:fs';

const NODE_MAJOR_MIN = 24;

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(`Latchkey needs Node ${NODE_MAJOR_MIN}; this is ${process.version}.\n`);
  process.exitCode = 1;
} else {
  const source = new URL('./src/main.ts', import.meta.url);
  await import(existsSync(source) ? source.href : new URL('./dist/main.js', import.meta.url).href);
}
