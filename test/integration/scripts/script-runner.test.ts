import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { PrintedLine } from '../../../src/scripts/script-process.ts';
import { openScriptRunner, type ScriptRunner } from '../../../src/scripts/script-runner.ts';

/** What Cognito's triggers run in stands for all: it only calls `handler`. */
const PROGRAM = fileURLToPath(
  new URL('../../../src/cognito/triggers/sandbox/main.ts', import.meta.url),
);

const RUNNER = new URL('../../../src/scripts/script-runner.ts', import.meta.url).href;

let folder: string;
let runner: ScriptRunner | undefined;
let lines: PrintedLine[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-scripts-'));
  lines = [];
});
afterEach(async () => {
  runner?.close();
  await rm(folder, { recursive: true });
});

interface Opening {
  readonly file?: string;
  readonly timeoutMs?: number;
}

/** Runs `code` as the body of a handler. */
async function open(
  code: string,
  { file = 'script.js', timeoutMs = 20_000 }: Opening = {},
): Promise<ScriptRunner> {
  await write(code, file);
  runner = await openScriptRunner({
    program: PROGRAM,
    folder,
    words: [JSON.stringify([['script', file]]), String(timeoutMs)],
    timeoutMs,
    isReloaded: true,
    onLine: (line) => lines.push(line),
  });
  return runner;
}

async function write(code: string, file: string): Promise<void> {
  const head = file.endsWith('.mjs') ? 'export const handler' : 'exports.handler';
  await writeFile(join(folder, file), `${head} = async (event, context) => { ${code} };`);
}

/** One that has ended stays listed until somebody asks for its code: of an orphan, whenever the first process does. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test.each(['script.js', 'script.cjs', 'script.mjs'])('a script is run: %s', async (file) => {
  const { run } = await open('return { twice: event.n * 2 };', { file });
  expect(await run('script', async () => ({ n: 21 }))).toEqual({ twice: 42 });
  expect(await run('another', async () => ({}))).toBeUndefined();
});

test.each([
  ['files', `return String(require('node:fs').readFileSync('/etc/hostname'));`, /restricted/],
  ['processes', `return String(require('node:child_process').execSync('id'));`, /restricted/],
  ['threads', `new (require('node:worker_threads').Worker)('', { eval: true });`, /restricted/],
])('a script has no %s', async (_, code, problem) => {
  const { run } = await open(code);
  await expect(run('script', async () => ({}))).rejects.toThrow(problem);
});

test('a script sees nothing of the environment', async () => {
  const { run } = await open('return Object.keys(process.env);');
  expect(await run('script', async () => ({}))).toEqual([]);
});

test('what it prints is told with its name, and two runs at once do not mix', async () => {
  const { run } = await open(
    `globalThis.later ??= Promise.withResolvers();
     if (event.waits) await globalThis.later.promise; else globalThis.later.resolve();
     console.warn("waits: %s", event.waits);
     return event.waits;`,
  );
  const both = [true, false].map((waits) => run('script', async () => ({ waits })));
  expect(await Promise.all(both)).toEqual([true, false]);
  expect(lines.map(({ name, level, text }) => [name, level, text])).toEqual([
    ['script', 'warn', 'waits: false'],
    ['script', 'warn', 'waits: true'],
  ]);
});

test('code that never ends fails its run, and the next run has a process of its own', async () => {
  const { run } = await open('if (event.forever) for (;;) {} return "fine";', {
    timeoutMs: 1000,
  });
  const stuck = run('script', async () => ({ forever: true }));
  await expect(stuck).rejects.toMatchObject({ how: 'timeout' });
  expect(await run('script', async () => ({}))).toBe('fine');
});

test('code that never ends ends with the node that was killed', async () => {
  await write('console.log(process.pid); setImmediate(() => { for (;;) {} });', 'script.js');
  const options = {
    program: PROGRAM,
    folder,
    words: [JSON.stringify([['script', 'script.js']]), '500'],
    timeoutMs: 60_000,
  };
  const node = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { openScriptRunner } from ${JSON.stringify(RUNNER)};
     const onLine = ({ text }) => process.stdout.write(text);
     const runner = await openScriptRunner({ ...${JSON.stringify(options)}, onLine });
     await runner.run('script', async () => ({}));
     setInterval(() => undefined, 1000);`,
  ]);
  const [printed]: Buffer[] = await once(node.stdout, 'data');
  const pid = Number(printed);
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  expect(isAlive(pid)).toBe(true);
  node.kill('SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test('a script that eats all memory takes itself down, and nothing else', async () => {
  const { run } = await open(
    'const all = []; if (event.eat) for (;;) all.push(new Array(1e6).fill(all.length)); return "fine";',
  );
  await expect(run('script', async () => ({ eat: true }))).rejects.toThrow();
  expect(await run('script', async () => ({}))).toBe('fine');
});

test('a file that was changed counts from the next run on', async () => {
  const { run } = await open('return "before";');
  expect(await run('script', async () => ({}))).toBe('before');
  await write('return "and after";', 'script.js');
  expect(await run('script', async () => ({}))).toBe('and after');
  await writeFile(join(folder, 'script.js'), 'this is no script');
  await expect(run('script', async () => ({}))).rejects.toMatchObject({ how: 'crashed' });
});

test('a folder that is not there is told by its name', async () => {
  const missing = openScriptRunner({
    program: PROGRAM,
    folder: join(folder, 'missing'),
    words: [],
    timeoutMs: 500,
    isReloaded: false,
    onLine: () => undefined,
  });
  await expect(missing).rejects.toThrow('missing of scripts: make it, or correct the setting');
});
