import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { freePort } from '../support/ports.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** npm, and all that it runs, on the Node that runs this. */
const ENVIRONMENT = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  npm_config_prefer_offline: 'true',
  npm_config_update_notifier: 'false',
};
const packed = z.tuple([
  z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }),
]);

let folder: string;
let files: readonly string[];

/** Packs the project and installs the tarball in an empty folder, as anyone would. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-package-'));
  const pack = ['pack', '--json', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: ROOT, env: ENVIRONMENT });
  const [tarball] = packed.parse(JSON.parse(stdout));
  files = tarball.files.map(({ path }) => path);
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const install = ['install', join(folder, tarball.filename), '--no-audit', '--no-fund'];
  await run('npm', install, { cwd: folder, env: ENVIRONMENT });
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(join(ROOT, 'dist'), { recursive: true, force: true });
});

/** Runs the command that was installed. */
function latchkey(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return run(join(folder, 'node_modules/.bin/latchkey'), args, { cwd: folder, env: ENVIRONMENT });
}

test('the tarball has what runs, its types and its pages, and no sources, tests or keys', () => {
  expect(files).toEqual(
    expect.arrayContaining([
      'dist/main.js',
      'dist/compose.d.ts',
      'dist/storage/redis/swap.lua',
      'views/sign-in.liquid',
      'config/schema.json',
      // `latchkey dev` starts by it.
      'config/dev.yaml',
      'latchkey.mjs',
      'testing.mjs',
      'dist/testing/start-latchkey.d.ts',
      'LICENSE',
    ]),
  );
  expect(files.filter((path) => /^(?:src|test|keys|data|bench|\.ci)\//.test(path))).toEqual([]);
});

test('every file beside the code that the code reads is in the tarball', async () => {
  const { stdout } = await run('git', ['ls-files', 'src'], { cwd: ROOT });
  const assets = stdout
    .split('\n')
    .filter((path) => path !== '' && !/\.ts$|README\.md$/.test(path));
  expect(assets).not.toEqual([]);
  expect(files).toEqual(expect.arrayContaining(assets.map((path) => path.replace(/^src/, 'dist'))));
});

test('the installed command tells its version', async () => {
  expect((await latchkey('version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('the installed package starts a provider for a file of node:test', async () => {
  const program = `
    import assert from 'node:assert';
    import { test } from 'node:test';
    import { startLatchkey } from 'latchkey/testing';
    test('a token', async () => {
      await using idp = await startLatchkey();
      const token = await idp.token({ client: 'app', person: 'alice' });
      assert.equal(token.split('.').length, 3);
    });`;
  await writeFile(join(folder, 'app.test.mjs'), program);
  const { stdout } = await run(process.execPath, ['--test', 'app.test.mjs'], {
    cwd: folder,
    env: ENVIRONMENT,
  });
  expect(stdout).toContain('pass 1');
});

test('the installed command checks a configuration', async () => {
  await writeFile(join(folder, 'bad.yaml'), 'isuer: https://id.example.com\n');
  await expect(latchkey('check', '--config', 'bad.yaml')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('bad.yaml:1:1 isuer: unknown setting; did you mean "issuer"?'),
  });
});

test('the installed command starts a node on an empty folder, and stops it in peace', async () => {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const settings = { profile: 'dev', issuer, http: { listen: { port } } };
  await writeFile(join(folder, 'latchkey.yaml'), JSON.stringify(settings));
  const args = ['start', '--config', 'latchkey.yaml'];
  const node = spawn(join(folder, 'node_modules/.bin/latchkey'), args, {
    cwd: folder,
    env: ENVIRONMENT,
  });
  const output: string[] = [];
  for (const stream of [node.stdout, node.stderr]) {
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  }
  const ended = once(node, 'exit');
  try {
    await until(
      async () => (await fetch(`${issuer}/readyz`).catch(() => undefined))?.ok === true,
      output,
    );
    const discovery = await fetch(`${issuer}/.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({ issuer });
    node.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    node.kill('SIGKILL');
  }
});

async function until(isSo: () => Promise<boolean>, output: readonly string[]): Promise<void> {
  const deadline = performance.now() + 100_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it was not ready:\n${output.join('')}`);
    await delay(50);
  }
}
