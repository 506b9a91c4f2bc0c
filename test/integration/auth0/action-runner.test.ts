import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openActionRunner, type ActionRunner } from '../../../src/auth0/actions/runner.ts';
import type { PrintedLine } from '../../../src/scripts/script-process.ts';

const EVENT = { user: { user_id: 'auth0|1', user_metadata: { a: 1 }, app_metadata: {} } };

let folder: string;
let printed: PrintedLine[];
let runner: ActionRunner | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-actions-'));
  printed = [];
  runner = undefined;
});

afterEach(async () => {
  runner?.close();
  await rm(folder, { recursive: true });
});

async function open(
  actions: Readonly<Record<string, string>>,
  options: { readonly timeoutMs?: number; readonly isReloaded?: boolean } = {},
): Promise<ActionRunner> {
  for (const [name, code] of Object.entries(actions)) await writeFile(join(folder, name), code);
  const onLine = (line: PrintedLine): void => void printed.push(line);
  runner = await openActionRunner({
    folder,
    timeoutMs: 10_000,
    isReloaded: false,
    onLine,
    ...options,
  });
  return runner;
}

function onLogin(body: string): string {
  return `exports.onExecutePostLogin = async (event, api) => { ${body} };`;
}

async function signIn(opened: ActionRunner): ReturnType<ActionRunner['run']> {
  return await opened.run('onExecutePostLogin', async () => EVENT);
}

describe('actions of a folder', () => {
  test('run in the order of their names, and each sees the metadata of those before it', async () => {
    const opened = await open({
      '2-second.js': onLogin(
        `api.idToken.setCustomClaim('seen', event.user.user_metadata).accessToken.setCustomClaim('x', [1]);
         event.user.user_metadata = 'lost';`,
      ),
      '1-first.js': onLogin(`api.user.setUserMetadata('b', 2); api.user.setAppMetadata('c', 3);`),
      '3-third.mjs': `export const onExecutePostLogin = async (event, api) => {
        api.accessToken.addScope('more'); api.accessToken.removeScope('less');
        api.idToken.setCustomClaim('app', event.user.app_metadata);
      };`,
      'notes.txt': 'no action',
    });
    expect(await signIn(opened)).toEqual({
      idToken: { seen: { a: 1, b: 2 }, app: { c: 3 } },
      accessToken: { x: [1] },
      addedScopes: ['more'],
      removedScopes: ['less'],
      userMetadata: { b: 2 },
      appMetadata: { c: 3 },
    });
  });

  test('are CommonJS or ES modules, whatever package.json lies there, and may require packages', async () => {
    await mkdir(join(folder, 'node_modules/dep'), { recursive: true });
    await writeFile(join(folder, 'node_modules/dep/index.js'), 'exports.word = "dep";');
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const set = (name: string): string => `api.idToken.setCustomClaim('${name}', dep.word);`;
    const opened = await open({
      'a.js': `const dep = require('dep');\n${onLogin(set('a'))}`,
      'b.cjs': `const dep = require('dep'); module.exports = { ${onLogin(set('b')).slice(8).replace(' =', ':').replace(/;$/u, '')} };`,
      'c.js': `import dep from 'dep';\nexport async function onExecutePostLogin(event, api) { ${set('c')} }`,
    });
    expect(await signIn(opened)).toMatchObject({ idToken: { a: 'dep', b: 'dep', c: 'dep' } });
  });

  test('stop at the first that denies', async () => {
    const opened = await open({
      'a.js': onLogin(`api.user.setAppMetadata('seen', true); api.access.deny('not today');`),
      'b.js': onLogin(`throw new Error('is not reached');`),
    });
    expect(await signIn(opened)).toMatchObject({
      appMetadata: { seen: true },
      denied: { action: 'a', error: 'access_denied', reason: 'not today' },
    });
  });

  test('are not asked for what none of them is for', async () => {
    const opened = await open({ 'a.js': onLogin('') });
    const event = (): Promise<never> => Promise.reject(new Error('nobody needs it'));
    expect(await opened.run('onExecuteCredentialsExchange', event)).toBeUndefined();
  });

  test('print to the log, each under its name', async () => {
    const opened = await open({
      'a.js': onLogin(`console.log('hello %s', 'world', { n: 1 }); console.error('bad');`),
    });
    await signIn(opened);
    expect(printed).toEqual([
      { kind: 'log', name: 'a', level: 'info', text: 'hello world { n: 1 }' },
      { kind: 'log', name: 'a', level: 'error', text: 'bad' },
    ]);
  });

  test('that are changed are loaded again, where that is wished', async () => {
    const opened = await open(
      { 'a.js': onLogin(`api.access.deny('first')`) },
      { isReloaded: true },
    );
    expect(await signIn(opened)).toMatchObject({ denied: { reason: 'first' } });
    await writeFile(join(folder, 'a.js'), onLogin(`api.access.deny('the second')`));
    expect(await signIn(opened)).toMatchObject({ denied: { reason: 'the second' } });
    await writeFile(join(folder, 'a.js'), 'exports.onExecutePostLogin = {{');
    await expect(signIn(opened)).rejects.toMatchObject({
      how: 'crashed',
      message: expect.stringMatching(/a\.js cannot be loaded: [^]*SyntaxError/u),
    });
  });
});

describe('an action that goes wrong', () => {
  test.each([
    ['throws', `throw new Error('no database')`, 'Error: no database'],
    ['sets what is no JSON', `api.idToken.setCustomClaim('n', 1n)`, 'BigInt'],
    [
      'redirects',
      `api.redirect.sendUserTo('https://x.example')`,
      'api.redirect.sendUserTo is not there',
    ],
    ['asks for factors', `api.multifactor.enable('any')`, 'api.multifactor.enable is not there'],
    [
      'changes what no token has',
      `api.idToken.setIssuer('x')`,
      'api.idToken.setIssuer is not there',
    ],
  ])('%s: the run fails with its words', async (_, body, words) => {
    const opened = await open({ 'a.js': onLogin(body) });
    await expect(signIn(opened)).rejects.toMatchObject({
      how: 'failed',
      part: 'a',
      detail: expect.stringContaining(words),
    });
  });

  test.each([
    ['waits for ever', 'await new Promise(() => {})'],
    ['computes for ever', 'for (;;);'],
  ])('%s: the run ends in time, and the next has a new process', async (_, body) => {
    const opened = await open(
      {
        'a.js': `let count = 0; ${onLogin(`count += 1; if (event.hangs) { ${body} } api.idToken.setCustomClaim('count', count)`)}`,
      },
      { timeoutMs: 1000 },
    );
    const hanging = opened.run('onExecutePostLogin', async () => ({ hangs: true }));
    await expect(hanging).rejects.toMatchObject({
      how: 'timeout',
      part: 'a',
      message: 'took longer than 1000 ms',
    });
    expect(await signIn(opened)).toMatchObject({ idToken: { count: 1 } });
    expect(await signIn(opened)).toMatchObject({ idToken: { count: 2 } });
  });

  test.each([
    ['ends its process', 'process.exit(3)', /code 3/u],
    ['eats all memory', 'const a = []; for (;;) a.push(new Array(1e6).fill(0.1))', /heap|SIG/u],
  ])('%s: the run fails, and the next has a new process', async (_, body, words) => {
    const opened = await open({ 'a.js': onLogin(`if (event.dies) { ${body} }`) });
    const dying = opened.run('onExecutePostLogin', async () => ({ dies: true }));
    await expect(dying).rejects.toMatchObject({
      how: 'crashed',
      part: 'a',
      message: expect.stringMatching(words),
    });
    expect(await signIn(opened)).toMatchObject({ idToken: {} });
  });

  test('at its start keeps the node from starting', async () => {
    await expect(open({ 'a.js': `throw new Error('no key');` })).rejects.toMatchObject({
      code: 'ERR_BAD_SCRIPTS',
      message: expect.stringContaining('a.js cannot be loaded: Error: no key'),
    });
    const nowhere = openActionRunner({
      folder: join(folder, 'nowhere'),
      timeoutMs: 1000,
      isReloaded: false,
      onLine: () => undefined,
    });
    await expect(nowhere).rejects.toThrow(/there is no folder .*nowhere of scripts/u);
  });
});

test('an action has no environment, no files but its folder, no processes and no threads', async () => {
  const tries = {
    environment: 'Object.keys(process.env).length',
    files: `require('fs').readFileSync('${process.cwd()}/package.json').length`,
    writing: `require('fs').writeFileSync(__filename, '')`,
    processes: `require('child_process').spawnSync('true').status`,
    threads: `new (require('worker_threads').Worker)('', { eval: true })`,
  };
  const lines = Object.entries(tries).map(
    ([name, code]) =>
      `try { api.idToken.setCustomClaim('${name}', ${code} ?? 'done'); } catch (error) { api.idToken.setCustomClaim('${name}', error.code); }`,
  );
  const opened = await open({ 'a.js': onLogin(lines.join('\n')) });
  expect(await signIn(opened)).toMatchObject({
    idToken: {
      environment: 0,
      files: 'ERR_ACCESS_DENIED',
      writing: 'ERR_ACCESS_DENIED',
      processes: 'ERR_ACCESS_DENIED',
      threads: 'ERR_ACCESS_DENIED',
    },
  });
});
